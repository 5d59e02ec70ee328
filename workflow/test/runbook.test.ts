/** Runs, in one folder and on a real server, every command that deploy/RUNBOOK.md shows. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { generateRecording } from "@tenon/ephys";
import { runShown, shownBlocks } from "./support/shown-commands.ts";
import { dropSchemas, makeTestLab, root, type TestLab, testServers } from "./support/test-lab.ts";

const page = readFileSync(join(root, "deploy/RUNBOOK.md"), "utf8");
const server = testServers.filter(({ name }) => name !== "sqlite").find(({ skip }) => skip === false);
const skip =
  server === undefined ? "no server: neither TENON_TEST_MYSQL nor TENON_TEST_MARIADB is set" : false;

describe("deploy/RUNBOOK.md", { skip }, () => {
  let lab: TestLab;
  let env: Record<string, string>;
  const git = (...words: string[]) =>
    execFileSync("git", words, { cwd: env["TENON_HOME"], encoding: "utf8" }).trim();
  const status = () => lab.json<{ steps: { process: string; done: number }[] }>("status");

  before(async () => {
    lab = makeTestLab(server!);
    await generateRecording("tiny", 1, join(lab.folder, "raw"), { durationS: 4 });
    // a checkout with a version to come, as its origin tells
    const [origin, home] = [join(lab.folder, "origin"), join(lab.folder, "home")];
    execFileSync("git", ["clone", "--quiet", "--no-local", "--depth", "1", `file://${root}`, origin]);
    execFileSync("git", ["clone", "--quiet", origin, home]);
    // npm's own settings (registry, cache) are the machine's, not the lab's
    const npm = Object.fromEntries(
      Object.entries(process.env).filter(([name]) =>
        /^(npm_config_|NODE_EXTRA_CA_CERTS$|https?_proxy$)/i.test(name),
      ),
    ) as Record<string, string>;
    env = {
      ...npm,
      npm_config_cache: join(homedir(), ".npm"),
      npm_config_userconfig: join(homedir(), ".npmrc"),
      ...server!.env,
      TENON_HOME: home,
      OLD: "v1",
      NEW: "v2",
    };
    git("tag", "v1");
    const author = ["-c", "user.name=tenon", "-c", "user.email=tenon@localhost"];
    execFileSync("git", [...author, "commit", "--quiet", "--allow-empty", "-m", "the next version"], {
      cwd: origin,
    });
    execFileSync("git", ["tag", "v2"], { cwd: origin });
  });
  after(() => lab.remove());

  const headings = ["Start", "Look", "Back up", "Upgrade", "Roll back", "Restore", "When something stops"];

  it("has the sections that an operator looks for", () => {
    const found = shownBlocks(page).map(({ heading }) => heading);
    assert.deepEqual([...new Set(found)], headings);
  });

  for (const heading of headings)
    it(heading, { timeout: 240_000 }, async () => {
      const counts = heading === "Restore" ? (await status()).steps : [];
      // the loss
      if (heading === "Restore") await dropSchemas(server!, lab.prefix);
      for (const { lines } of shownBlocks(page).filter((block) => block.heading === heading))
        for (const line of lines) runShown(line, lab.folder, env);
      if (heading === "Upgrade") assert.equal(git("describe", "--tags"), "v2");
      if (heading === "Roll back") assert.equal(git("describe", "--tags"), "v1");
      if (heading === "Restore") assert.deepEqual((await status()).steps, counts, "as it was");
    });

  it("leaves nothing paused, nothing failed, and a backup that was rehearsed", async () => {
    const { paused, backup } = await lab.json<{ paused: unknown[]; backup: { rehearsed: unknown } }>(
      "status",
    );
    assert.deepEqual(paused, []);
    assert.notEqual(backup.rehearsed, null);
    assert.deepEqual((await lab.json<{ causes: unknown[] }>("jobs")).causes, []);
  });
});

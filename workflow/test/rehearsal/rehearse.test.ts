/**
 * `tenon rehearse` on every database that is there: short leases, few keys, every fault that the machine allows. `npm run reliability` plays many rounds of the same.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Rehearsal } from "../../src/rehearsal/rehearse.ts";
import { makeTestLab, type TestLab, type TestServer, testServers } from "../support/test-lab.ts";

const small = ["--no-lab", "--workers", "3", "--samples", "24", "--lease", "2"];
/** Each database meets kills; the rest is shared out, so that the suite is short. */
const faults = { sqlite: "calm,kill,clock", mariadb: "kill,network", mysql: "kill,stop,half-network" };

async function inLab(server: TestServer, work: (lab: TestLab) => Promise<void>): Promise<void> {
  const lab = makeTestLab(server);
  try {
    await work(lab);
  } finally {
    await lab.remove();
  }
}

/** Works with a folder on a disk of 8 MB. */
async function onSmallDisk(lab: TestLab, work: (folder: string) => Promise<void>): Promise<void> {
  const disk = join(lab.folder, "small");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
  try {
    await work(disk);
  } finally {
    execFileSync("umount", ["--lazy", disk]);
  }
}

describe("tenon rehearse", { concurrency: true }, () => {
  for (const server of testServers)
    it(`passes on ${server.name}: ${faults[server.name]}`, { skip: server.skip }, () =>
      inLab(server, async (lab) => {
        const rehearsal = await lab.json<Rehearsal>("rehearse", ...small, "--faults", faults[server.name]);
        assert.deepEqual(rehearsal.problems, []);
        assert.equal(rehearsal.ok, true);
        for (const { fault, samples, whole, strikes } of rehearsal.rounds) {
          assert.equal(whole, samples, fault);
          assert.equal(strikes > 0, fault !== "calm", `${fault} struck ${strikes} times`);
        }
        const kills = rehearsal.rounds.find(({ fault }) => fault === "kill")!;
        assert.deepEqual(Object.keys(kills.phases).toSorted(), [
          "committed",
          "compute",
          "computed",
          "fenced",
          "fetch",
          "insert",
        ]);
        // the lab's own schemas were not made, and those of the rehearsal are gone
        const again = await lab.json<Rehearsal>("rehearse", ...small, "--faults", "calm");
        assert.equal(again.ok, true);
        if (server.name === "sqlite") assert.equal(existsSync(join(lab.folder, "tenon.sqlite")), false);
      }),
    );

  it(
    "fills a small disk and empties it again",
    { skip: process.getuid?.() !== 0 && "mounting a tmpfs needs root" },
    () =>
      inLab(testServers[0]!, (lab) =>
        onSmallDisk(lab, async (disk) => {
          const words = ["rehearse", ...small, "--faults", "disk", "--small-disk", disk];
          const { ok, rounds } = await lab.json<Rehearsal>(...words);
          assert.equal(ok, true);
          assert.equal(rounds[0]!.whole, 24);
          assert.ok(rounds[0]!.counts.failed > 0, "no key failed: the disk was not full");
        }),
      ),
  );

  it("signs a certificate, and a changed one is found out", () =>
    inLab(testServers[0]!, async (lab) => {
      await lab.json<Rehearsal>("rehearse", ...small, "--faults", "calm", "--out", "proof");
      const path = join(lab.folder, "proof/certificate.json");
      assert.equal((await lab.tenon("migrate", "verify", "--check", path)).code, 0);
      writeFileSync(path, readFileSync(path, "utf8").replace('"whole": 24', '"whole": 23'));
      assert.equal((await lab.tenon("migrate", "verify", "--check", path)).code, 1);
      const page = readFileSync(join(lab.folder, "proof/certificate.html"), "utf8");
      assert.match(page, /Passed: 24 of 24 keys done exactly once/);
      assert.match(page, /<b>server<\/b>|calm/);
    }));

  it("says what cannot be rehearsed, refuses unknown faults, large disks and folders of others", () =>
    inLab(testServers[0]!, async (lab) => {
      const { notRehearsed } = await lab.json<Rehearsal>(
        "rehearse",
        ...small,
        "--faults",
        "network,server,disk",
      );
      assert.deepEqual(
        notRehearsed.map(({ fault }) => fault),
        ["network", "server", "disk"],
      );
      const unknown = await lab.tenon("rehearse", "--faults", "flood");
      assert.equal(unknown.code, 2);
      assert.match(unknown.err, /there is no fault 'flood'\. The faults are: calm, kill/);
      const large = await lab.tenon("rehearse", ...small, "--faults", "disk", "--small-disk", "/var/tmp");
      assert.equal(large.code, 1);
      assert.match(large.out, /--small-disk .* has \d+ MB: expected at most/);
      const others = await lab.tenon("rehearse", "--out", ".");
      assert.equal(others.code, 2);
      assert.match(others.err, /holds files that no rehearsal made/);
    }));
});

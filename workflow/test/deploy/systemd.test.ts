/** `tenon deploy systemd`: its units, and what systemd-analyze says of them. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { makeTestLab, type TestLab } from "../support/test-lab.ts";

const analyze = spawnSync("systemd-analyze", ["--version"]).status === 0;
const skip = analyze ? false : "no systemd-analyze";

describe("tenon deploy systemd", () => {
  let lab: TestLab;
  let folder: string;
  before(async () => {
    lab = makeTestLab({ name: "mysql", env: {}, skip: false });
    folder = join(lab.folder, "systemd");
    const file = join(lab.folder, "dj_local_conf.json");
    const database = {
      "database.host": "db.lab.example",
      "database.user": "worker",
      "database.password": "a secret",
    };
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...database }));
    chmodSync(file, 0o600);
    const words = ["--user", "root", "--backup-to", "/var/backups", "--copies", "2"];
    const { code, err } = await lab.tenon("deploy", "systemd", ...words);
    assert.equal(code, 0, err);
  });
  after(() => rmSync(lab.folder, { recursive: true, force: true }));
  const units = () => readdirSync(folder).filter((name) => name.startsWith("tenon"));

  it("writes a template for each worker, the target, the backup, and no secret", () => {
    const workers = ["spike-processing-worker", "spike-sorting-worker", "standard-worker"];
    const backup = ["tenon-backup.service", "tenon-backup.timer"];
    const expected = [...backup, ...workers.map((name) => `tenon-${name}@.service`), "tenon.target"];
    assert.deepEqual(units().sort(), expected.sort());
    for (const name of units()) assert.ok(!readFileSync(join(folder, name), "utf8").includes("a secret"));
    assert.match(
      readFileSync(join(folder, "tenon.target"), "utf8"),
      /^Wants=tenon-standard-worker@2\.service$/m,
    );
  });

  it("passes systemd-analyze verify without a word about its units", { skip }, () => {
    const env = { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` };
    const files = units().map((name) => join(folder, name.replace("@.", "@1.")));
    const { stdout, stderr, status } = spawnSync("systemd-analyze", ["verify", ...files], {
      env,
      encoding: "utf8",
    });
    const ours = `${stdout}${stderr}`.split("\n").filter((line) => /tenon/.test(line));
    assert.deepEqual([status, ours], [0, []], `${stdout}${stderr}`);
  });

  it("has an exposure of 3.0 or less of 10 by systemd-analyze security", { skip }, () => {
    for (const name of units().filter((unit) => unit.endsWith(".service"))) {
      const words = ["security", "--offline=true", "--no-pager", join(folder, name.replace("@.", "@1."))];
      const text = execFileSync("systemd-analyze", words, { encoding: "utf8" });
      const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(text)?.[1]);
      assert.ok(exposure <= 3, `${name}: ${text}`);
    }
  });
});

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import {
  beginAttempt,
  dropAttempt,
  explain,
  publishAttempt,
  ResultsError,
  sweepAttempts,
} from "../../src/populate/attempt-folder.ts";

const top = mkdtempSync(join(tmpdir(), "tenon-attempt-"));
after(() => rmSync(top, { recursive: true }));
let count = 0;
const place = () => {
  const folder = join(top, `${count++}`);
  mkdirSync(folder);
  return folder;
};

async function written(parent: string, token: string, text: string) {
  const attempt = await beginAttempt(parent, "sorting", token);
  writeFileSync(join(attempt.folder, "spikes"), text);
  return attempt;
}

describe("an attempt's folder", () => {
  it("is not seen under its name until it is published", async () => {
    const parent = place();
    const attempt = await written(parent, "7", "a");
    assert.ok(!existsSync(join(parent, "sorting")));
    await publishAttempt(attempt);
    assert.equal(readFileSync(join(parent, "sorting/spikes"), "utf8"), "a");
    assert.deepEqual(readdirSync(parent), ["sorting"]);
  });

  it("may be published again", async () => {
    const parent = place();
    const attempt = await written(parent, "7", "a");
    await publishAttempt(attempt);
    await publishAttempt(attempt);
    assert.deepEqual(readdirSync(parent), ["sorting"]);
  });

  it("takes the place of an older result", async () => {
    const parent = place();
    await publishAttempt(await written(parent, "7", "old"));
    await publishAttempt(await written(parent, "8", "new"));
    assert.equal(readFileSync(join(parent, "sorting/spikes"), "utf8"), "new");
    assert.deepEqual(readdirSync(parent), ["sorting"]);
  });

  it("is gone when dropped", async () => {
    const parent = place();
    await dropAttempt(await written(parent, "7", "a"));
    assert.deepEqual(readdirSync(parent), []);
  });
});

describe("sweepAttempts", () => {
  it("publishes what was committed, deletes what is dead, leaves what runs", async () => {
    const parent = place();
    await written(parent, "1", "committed");
    writeFileSync(join((await beginAttempt(parent, "phy", "2")).folder, "x"), "dead");
    await beginAttempt(parent, "figures", "3");
    const states = { "1": "committed", "2": "dead", "3": "running" } as const;
    const swept = await sweepAttempts(parent, ({ token }) => Promise.resolve(states[token as "1"]));
    assert.deepEqual(swept, { published: [".attempt-sorting-1"], deleted: [".attempt-phy-2"] });
    assert.deepEqual(readdirSync(parent).sort(), [".attempt-figures-3", "sorting"]);
  });

  it("puts the old result back when the process died between the two renames", async () => {
    const parent = place();
    await publishAttempt(await written(parent, "7", "old"));
    renameSync(join(parent, "sorting"), join(parent, ".attempt-sorting-8-old"));
    await sweepAttempts(parent, () => Promise.resolve("dead"));
    assert.equal(readFileSync(join(parent, "sorting/spikes"), "utf8"), "old");
    assert.deepEqual(readdirSync(parent), ["sorting"]);
  });

  it("is quiet about a folder that is not there", async () => {
    assert.deepEqual(await sweepAttempts(join(top, "none"), () => Promise.resolve("dead")), {
      published: [],
      deleted: [],
    });
  });
});

describe("explain", () => {
  it("says what keeps results from being written", async () => {
    writeFileSync(join(top, "file"), "");
    await assert.rejects(
      beginAttempt(join(top, "file", "x"), "sorting", "1"),
      (error: ResultsError) =>
        error instanceof ResultsError && /a part of the path is a file \(ENOTDIR\)/.test(error.message),
    );
    await assert.rejects(
      explain("/x", () => Promise.reject(Object.assign(new Error("no"), { code: "ENOSPC" }))),
      /Cannot write results to \/x: the disk is full/,
    );
  });

  it("names a read-only or full disk", {
    skip: canMount() ? false : "needs root and mount for a small tmpfs",
  }, async () => {
    const small = place();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", small]);
    try {
      const attempt = await beginAttempt(small, "sorting", "1");
      await assert.rejects(
        explain(small, async () => writeFileSync(join(attempt.folder, "big"), new Uint8Array(200_000))),
        /the disk is full/,
      );
      execFileSync("mount", ["-o", "remount,ro", small]);
      await assert.rejects(beginAttempt(small, "phy", "2"), /read-only file system/);
    } finally {
      execFileSync("umount", [small]);
    }
  });
});

function canMount(): boolean {
  const folder = place();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  }
}

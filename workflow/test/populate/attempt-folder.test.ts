import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
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

describe("publishAttempt", () => {
  it("by many at once puts one whole folder in place and leaves nothing beside it", async () => {
    for (let round = 0; round < 20; round++) {
      const parent = place();
      await publishAttempt(await written(parent, "7", "old"));
      const attempt = await written(parent, "8", "new");
      await Promise.all(Array.from({ length: 6 }, () => publishAttempt(attempt)));
      assert.equal(readFileSync(join(parent, "sorting/spikes"), "utf8"), "new");
      assert.deepEqual(readdirSync(parent), ["sorting"]);
    }
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

import assert from "node:assert/strict";
import {
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
import { beginAttempt, publishAttempt, readNote, sealAttempt } from "../../src/populate/attempt-folder.ts";
import { type AttemptState, findAttemptParents, sweepAttempts } from "../../src/populate/sweep-attempts.ts";

const top = mkdtempSync(join(tmpdir(), "tenon-sweep-"));
after(() => rmSync(top, { recursive: true }));
let count = 0;
const place = () => {
  const folder = join(top, `${count++}`);
  mkdirSync(folder);
  return folder;
};

async function written(parent: string, token: string, text: string, options: { sealed: boolean }) {
  const attempt = await beginAttempt(parent, "sorting", token);
  writeFileSync(join(attempt.folder, "spikes"), text);
  if (options.sealed) await sealAttempt(attempt);
  return attempt;
}

const content = (parent: string) => readFileSync(join(parent, "sorting/spikes"), "utf8");
const always = (state: AttemptState) => () => Promise.resolve(state);

describe("sweepAttempts", () => {
  it("publishes what was committed, deletes what is dead, leaves what runs", async () => {
    const parent = place();
    await written(parent, "1", "committed", { sealed: true });
    writeFileSync(join((await beginAttempt(parent, "phy", "2")).folder, "x"), "dead");
    await beginAttempt(parent, "figures", "3");
    const states = { "1": "committed", "2": "dead", "3": "running" } as const;
    const swept = await sweepAttempts(parent, ({ token }) => Promise.resolve(states[token as "1"]));
    assert.deepEqual(swept, {
      published: [".attempt-sorting-1"],
      deleted: [".attempt-phy-2"],
      running: [".attempt-figures-3"],
    });
    assert.deepEqual(readdirSync(parent).sort(), [".attempt-figures-3", "sorting"]);
    assert.equal((await readNote(join(parent, "sorting")))?.token, "1");
  });

  it("deletes the half-written folder of a worker whose key another one has done", async () => {
    const parent = place();
    await written(parent, "7", "half", { sealed: false });
    await publishAttempt(await written(parent, "8", "whole", { sealed: true }));
    await sweepAttempts(parent, always("committed"));
    assert.equal(content(parent), "whole");
    assert.deepEqual(readdirSync(parent), ["sorting"]);
  });

  it("publishes the last of several whole attempts at one key", async () => {
    const parent = place();
    for (const token of ["99", "1000", "101"]) await written(parent, token, token, { sealed: true });
    const { published } = await sweepAttempts(parent, always("committed"));
    assert.deepEqual(published, [".attempt-sorting-1000"]);
    assert.equal(content(parent), "1000");
    assert.deepEqual(readdirSync(parent), ["sorting"]);
  });

  it("puts the old result back when the process died between the two renames", async () => {
    const parent = place();
    await publishAttempt(await written(parent, "7", "old", { sealed: true }));
    renameSync(join(parent, "sorting"), join(parent, ".attempt-sorting-8-0a1b2c3d-old"));
    await sweepAttempts(parent, always("dead"));
    assert.equal(content(parent), "old");
    assert.deepEqual(readdirSync(parent), ["sorting"]);
  });

  it("may be done by several workers at once", async () => {
    for (let round = 0; round < 20; round++) {
      const parent = place();
      await publishAttempt(await written(parent, "7", "old", { sealed: true }));
      await written(parent, "8", "new", { sealed: true });
      await written(parent, "9", "half", { sealed: false });
      await Promise.all(Array.from({ length: 5 }, () => sweepAttempts(parent, always("committed"))));
      assert.equal(content(parent), "new");
      assert.deepEqual(readdirSync(parent), ["sorting"]);
    }
  });

  it("asks with the name and the age when the process died before it wrote whose the folder is", async () => {
    const parent = place();
    mkdirSync(join(parent, ".attempt-phy-17"));
    const asked: unknown[] = [];
    await sweepAttempts(parent, (note, ageS) => {
      asked.push(note);
      assert.ok(ageS >= 0 && ageS < 60);
      return Promise.resolve("running");
    });
    assert.deepEqual(asked, [{ name: "phy", token: "17" }]);
  });

  it("is quiet about a folder that is not there", async () => {
    assert.deepEqual(await sweepAttempts(join(top, "none"), always("dead")), {
      published: [],
      deleted: [],
      running: [],
    });
  });
});

describe("findAttemptParents", () => {
  it("finds attempts at any depth, and looks neither into stores nor into attempts", async () => {
    const root = place();
    await beginAttempt(join(root, "a/probe_0/tenon_0"), "phy", "1");
    await beginAttempt(join(root, "a/probe_0/tenon_0/.attempt-phy-1/inner"), "x", "2");
    await beginAttempt(join(root, "store"), "y", "3");
    assert.deepEqual(await findAttemptParents(root, new Set([join(root, "store")])), [
      join(root, "a/probe_0/tenon_0"),
    ]);
  });
});

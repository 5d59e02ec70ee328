/** The judge of a round: it must see every loss and every double that a fault could leave. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { connect } from "@tenon/datajoint";
import { attemptPrefix } from "../../src/populate/attempt-folder.ts";
import { judge } from "../../src/rehearsal/judge.ts";
import { bindTables, type RehearsalTables } from "../../src/rehearsal/tables.ts";
import { contentOf } from "../../src/rehearsal/worker-process.ts";

const bytes = 500;

interface Scene {
  readonly tables: RehearsalTables;
  readonly processed: string;
}

/** Two samples, both done once and whole. */
async function withScene(look: (scene: Scene) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-judge-"));
  try {
    await using connection = await connect({ kind: "sqlite", path: join(folder, "judge.sqlite") });
    const tables = await bindTables(connection, "judged", "legacy");
    const processed = join(folder, "processed");
    await mkdir(processed);
    const values = [1, 2].map((id) => ({ sample_id: id, value: 100 + id }));
    await tables.Sample.insert(values);
    for (const { sample_id, value } of values) await addResult({ tables, processed }, sample_id, value ** 2);
    await look({ tables, processed });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function addResult(
  { tables, processed }: Scene,
  id: number,
  square: number,
  attempt = "7",
  digits = `${square}`,
): Promise<void> {
  const row = { sample_id: id, attempt };
  await tables.Result.insert([{ ...row, square, worker: `worker ${attempt}` }], { allowDirectInsert: true });
  await tables.Digit.insert(
    [...digits].map((digit, place) => ({ ...row, place, digit: Number(digit) })),
    {
      allowDirectInsert: true,
    },
  );
  await addFiles(processed, id, attempt);
}

async function addFiles(processed: string, id: number, token: string, content = contentOf(id, bytes)) {
  const folder = join(processed, `sample_${id}`, "result");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "attempt.json"), JSON.stringify({ token }));
  await writeFile(join(folder, "result.txt"), content);
}

const verdictOf = ({ tables, processed }: Scene) => judge(tables, undefined, processed, bytes);

describe("the judge of a round", () => {
  it("finds nothing in a whole round", () =>
    withScene(async (scene) => {
      assert.deepEqual(await verdictOf(scene), { whole: 2, problems: [] });
    }));

  it("finds a sample that nobody did", () =>
    withScene(async (scene) => {
      await scene.tables.Sample.insert([{ sample_id: 3, value: 5 }]);
      const { whole, problems } = await verdictOf(scene);
      assert.equal(whole, 2);
      assert.deepEqual(problems, ["sample 3 was not done"]);
    }));

  it("finds a sample that two attempts did, though both are right", () =>
    withScene(async (scene) => {
      await addResult(scene, 2, 102 ** 2, "8");
      const { whole, problems } = await verdictOf(scene);
      assert.equal(whole, 1);
      assert.match(problems.join("\n"), /^sample 2 was done 2 times \(worker 7, worker 8\)$/);
    }));

  it("finds a wrong number and a part table that is not whole", () =>
    withScene(async (scene) => {
      for (const [id, square, digits] of [
        [3, 26, "26"],
        [4, 36, "3"],
      ] as const) {
        await scene.tables.Sample.insert([{ sample_id: id, value: id + 2 }]);
        await addResult(scene, id, square, "7", digits);
      }
      const { whole, problems } = await verdictOf(scene);
      assert.equal(whole, 2);
      assert.deepEqual(problems, [
        "sample 3: expected 25, got 26",
        "sample 4: its part table holds '3', expected '36'",
      ]);
    }));

  it("finds files of another attempt, half files, no files, and folders left behind", () =>
    withScene(async (scene) => {
      await addFiles(scene.processed, 1, "9");
      await addFiles(scene.processed, 2, "7", contentOf(2, bytes).slice(0, 100));
      await scene.tables.Sample.insert([{ sample_id: 3, value: 5 }]);
      await addResult(scene, 3, 25);
      await rm(join(scene.processed, "sample_3"), { recursive: true });
      await mkdir(join(scene.processed, "sample_1", `${attemptPrefix}result-8`));
      const { whole, problems } = await verdictOf(scene);
      assert.equal(whole, 0);
      assert.equal(problems.length, 4);
      assert.equal(problems[0], "sample 1: the rows are of attempt 7, the files of 9");
      assert.equal(problems[1], "sample 2: its file is not whole");
      assert.match(problems[2]!, /^sample 3: its files cannot be read: ENOENT/);
      assert.match(problems[3]!, /^left behind: sample_1\//);
    }));
});

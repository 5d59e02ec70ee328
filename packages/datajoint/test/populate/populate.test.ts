/**
 * @module
 * What populate does with table classes, with and without reservation: who computes what, what becomes of errors, what may be inserted
 * where.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DataJointError, RefusedError } from "../../src/errors.ts";
import { freeJobs, ignoreJobs, readJobs } from "../../src/jobs/inspect.ts";
import { Leases } from "../../src/jobs/leases.ts";
import type { PopulateOptions } from "../../src/populate/options.ts";
import type { Populatable } from "../../src/populate/populatable.ts";
import { populate, progress } from "../../src/populate/populate.ts";
import { findQueue } from "../../src/populate/table-queue.ts";
import { Schema } from "../../src/schema/schema.ts";
import { describeDialects, type TestDatabase } from "../support/dialects.ts";
import { Squares } from "./support/squares.ts";

for (const generation of ["legacy", "current"] as const) {
  describeDialects(
    `populate, ${generation} schema`,
    (database) => {
      describe("without reservation", () => common(database, generation, () => ({})));
      describe("with reservation", () => {
        let leases: Leases;
        before(async () => {
          leases = await Leases.open(database.settings);
        });
        after(() => leases.close());
        const options = () => ({ reserve: true, leases });
        common(database, generation, options);
        reserved(database, generation, options);
      });
    },
    generation === "legacy" ? {} : { skip: { sqlite: "SQLite has one shape of queue" } },
  );
}

/** Rows of the table of jobs that are not free. */
async function jobsOf(table: Populatable) {
  const queue = await findQueue(table);
  return queue === undefined ? [] : (await readJobs(queue)).filter(({ status }) => status !== "pending");
}

function common(
  database: TestDatabase,
  generation: "legacy" | "current",
  reservation: () => PopulateOptions,
): void {
  const squares = new Squares(database, generation);
  const setUp = (count: number) => squares.begin(count);

  it("computes what is missing, with parts, and nothing twice", async () => {
    const { Squared, Digit, calls, ids, kinds, onEvent } = await setUp(3);
    assert.deepEqual(await progress(Squared), { remaining: 3, total: 3 });
    assert.deepEqual(await populate(Squared, { ...reservation(), onEvent }), { successCount: 3, errors: [] });
    assert.deepEqual(await ids(), [1, 2, 3]);
    assert.deepEqual(
      (await Squared.fetch({ orderBy: ["given_id"] })).map((row) => Number(row.square)),
      [100, 121, 144],
    );
    assert.equal(await Digit.count(), 9);
    assert.deepEqual(kinds(), Array.from({ length: 3 }, () => ["started", "done"]).flat());
    assert.deepEqual(await populate(Squared, reservation()), { successCount: 0, errors: [] });
    assert.equal(calls.length, 3);
    assert.deepEqual(await progress(Squared), { remaining: 0, total: 3 });
    assert.equal((await findQueue(Squared)) !== undefined, reservation().reserve === true);
    assert.deepEqual(await jobsOf(Squared), []);
  });

  it("throws the error of make, or collects it and goes on", async () => {
    const { Squared, atCompute, ids, kinds, onEvent } = await setUp(3);
    atCompute((id) => {
      if (id === 2) throw new RangeError("two is too many");
    });
    await assert.rejects(
      populate(Squared, { ...reservation(), restrictions: [{ given_id: 2 }] }),
      RangeError,
    );
    const queue = await findQueue(Squared);
    if (queue !== undefined) await freeJobs(queue, "error");
    const { successCount, errors } = await populate(Squared, {
      ...reservation(),
      suppressErrors: true,
      onEvent,
    });
    assert.equal(successCount, 2);
    assert.deepEqual(
      errors.map(({ key, message }) => [key.given_id, message]),
      [[2, "RangeError: two is too many"]],
    );
    assert.ok(errors[0]!.error instanceof RangeError);
    assert.deepEqual(await ids(), [1, 3]);
    assert.equal(kinds().filter((kind) => kind === "failed").length, 1);
  });

  it("calls make at most maxCalls times", async () => {
    const { Squared, calls } = await setUp(5);
    assert.equal((await populate(Squared, { ...reservation(), maxCalls: 2 })).successCount, 2);
    assert.equal(calls.length, 2);
    assert.deepEqual(await progress(Squared), { remaining: 3, total: 5 });
    assert.deepEqual(await jobsOf(Squared), []);
  });

  it("computes only what the restrictions leave", async () => {
    const { Given, Squared, ids } = await setUp(6);
    const restrictions = ["given_id > 2", Given.restrict("value IN (11, 13, 15)")];
    assert.deepEqual(await progress(Squared, restrictions), { remaining: 2, total: 2 });
    assert.equal((await populate(Squared, { ...reservation(), restrictions })).successCount, 2);
    assert.deepEqual(await ids(), [4, 6]);
  });

  it("refuses the insert when what was fetched has changed meanwhile", async () => {
    const { Given, Squared, Digit, atCompute } = await setUp(1);
    atCompute((id) => Given.update1({ given_id: id, value: 77 }));
    const { successCount, errors } = await populate(Squared, { ...reservation(), suppressErrors: true });
    assert.equal(successCount, 0);
    assert.match(errors[0]!.message, /Referential integrity failed! .*Squared.* has changed/);
    assert.equal(await Squared.count(), 0);
    assert.equal(await Digit.count(), 0);
  });

  it("inserts nothing when the insert part fails in its middle", async () => {
    const { Squared, Digit } = await setUp(1);
    const { make } = Squared;
    Squared.makes({
      ...make!,
      insert: async (key, square: unknown, context) => {
        await make!.insert(key, square, context);
        throw new TypeError("after the rows");
      },
    });
    const { errors } = await populate(Squared, { ...reservation(), suppressErrors: true });
    assert.deepEqual(
      errors.map(({ message }) => message),
      ["TypeError: after the rows"],
    );
    assert.equal(await Squared.count(), 0);
    assert.equal(await Digit.count(), 0);
  });

  it("lets make insert into its table and its parts, and nothing else into them", async () => {
    const { Given, Squared, Digit } = await setUp(1);
    await assert.rejects(Squared.insert([{ given_id: 1, square: 1 }]), RefusedError);
    await assert.rejects(Digit.insert([{ given_id: 1, place: 0, digit: 1 }]), RefusedError);
    let refused: unknown;
    Squared.makes({
      fetch: () => 0,
      // outside of the insert part
      compute: () => Digit.insert([{ given_id: 1, place: 0, digit: 1 }]).catch((error) => (refused = error)),
      insert: async (key) => {
        await Squared.insert([{ ...key, square: 4n }]);
        await Digit.insert([{ ...key, place: 0, digit: 4 }]);
      },
    });
    await populate(Squared, reservation());
    assert.ok(refused instanceof RefusedError);
    assert.equal(await Digit.count(), 1);
    assert.equal(await Given.count(), 1);
  });

  it("passes over a key whose rows someone else has inserted meanwhile", async () => {
    const { Squared, Digit, atCompute, kinds, onEvent } = await setUp(1);
    atCompute((id) => Squared.insert([{ given_id: id, square: 5n }], { allowDirectInsert: true }));
    assert.deepEqual(await populate(Squared, { ...reservation(), onEvent }), { successCount: 0, errors: [] });
    assert.deepEqual(kinds(), ["started", "skipped"]);
    assert.equal(await Digit.count(), 0);
    assert.deepEqual(await jobsOf(Squared), []);
  });

  it("ends when it is told to: `signal` interrupts the key at work, `finish` lets it finish", async () => {
    const { Squared, atCompute, calls, kinds, onEvent } = await setUp(40);
    const ending = new AbortController();
    atCompute((_id, signal) => {
      if (calls.length < 3) return;
      ending.abort();
      signal.throwIfAborted();
    });
    assert.equal(
      (await populate(Squared, { ...reservation(), signal: ending.signal, onEvent })).successCount,
      2,
    );
    assert.deepEqual(kinds().slice(-2), ["started", "released"]);
    // keys that were claimed in a batch and not begun are free too
    assert.deepEqual(await jobsOf(Squared), []);
    const finishing = new AbortController();
    atCompute(() => finishing.abort());
    assert.equal(
      (await populate(Squared, { ...reservation(), finish: finishing.signal, onEvent })).successCount,
      1,
    );
    assert.deepEqual(kinds().slice(-2), ["started", "done"]);
    assert.deepEqual(await jobsOf(Squared), []);
    atCompute(() => undefined);
    assert.equal((await populate(Squared, reservation())).successCount, 37);
  });

  it("computes a key once that is only a part of the table's primary key", async () => {
    const schema = new Schema();
    class Given extends schema.manual(`
  given_id : int
`) {}
    class Piece extends schema.computed(
      `
  -> Given
  piece : int
`,
      { Given },
    ) {}
    let calls = 0;
    Piece.makes({
      fetch: (key) => key,
      compute: () => void calls++,
      insert: ({ given_id }) => Piece.insert([1, 2, 3].map((piece) => ({ given_id, piece }))),
    });
    const name = await database.createSchema("part");
    await schema.activate(database.connection, name, { Given, Piece }, { generation });
    await Given.insert([{ given_id: 1 }, { given_id: 2 }]);
    assert.equal((await populate(Piece, reservation())).successCount, 2);
    assert.equal((await populate(Piece, reservation())).successCount, 0);
    assert.deepEqual([calls, await Piece.count()], [2, 6]);
  });

  it("says what it needs", async () => {
    const { Given, Squared } = await setUp(1);
    await assert.rejects(populate(Given, reservation()), /Given cannot be populated: .*makes/);
    await assert.rejects(
      database.connection.transaction(() => populate(Squared, reservation())),
      /Squared cannot be populated inside a transaction/,
    );
    Squared.makes({ fetch: () => ({ f: () => 1 }), compute: () => 0, insert: () => undefined });
    await assert.rejects(
      populate(Squared, reservation()),
      (error) => error instanceof DataJointError && /fetch's result\.f is a function/.test(error.message),
    );
  });
}

function reserved(
  database: TestDatabase,
  generation: "legacy" | "current",
  reservation: () => PopulateOptions,
): void {
  const squares = new Squares(database, generation);
  const setUp = (count: number) => squares.begin(count);

  it("records an error with its stack in the job's row, and leaves the key alone until a person frees it", async () => {
    const { Squared, atCompute, calls, ids } = await setUp(3);
    atCompute(function broken(id) {
      if (id === 2) throw new RangeError(`two is too many ${"é".repeat(3000)}`);
    });
    await populate(Squared, { ...reservation(), suppressErrors: true });
    const queue = (await findQueue(Squared))!;
    const [job, ...more] = await readJobs(queue, "error");
    assert.deepEqual(more, []);
    assert.deepEqual({ ...job!.key }, { given_id: 2 });
    assert.equal([...job!.message].length, 2047);
    assert.match(job!.message, /^RangeError: two is too many é+\.\.\.truncated$/);
    assert.match(job!.stack, /^RangeError: two is too many é+\n {4}at broken \(.*populate\.test\.ts/);
    assert.deepEqual([job!.pid, job!.isLate], [process.pid, false]);
    assert.equal((await populate(Squared, reservation())).successCount, 0);
    assert.equal(calls.length, 3);
    assert.equal(await freeJobs(queue, "error", [{ given_id: 1 }]), 0);
    assert.equal(await ignoreJobs(queue, [{ given_id: 1 }]), 0);
    assert.equal(await ignoreJobs(queue, [job!.key]), 1);
    assert.deepEqual(
      (await readJobs(queue, "ignore")).map(({ key, message }) => [key, message]),
      [[job!.key, job!.message]],
    );
    atCompute(() => undefined);
    assert.equal((await populate(Squared, reservation())).successCount, 0, "set aside");
    assert.equal(await freeJobs(queue, "error", [job!.key]), 0);
    assert.equal(await freeJobs(queue, "ignore", [job!.key]), 1);
    assert.equal((await populate(Squared, reservation())).successCount, 1);
    assert.deepEqual(await ids(), [1, 2, 3]);
    assert.deepEqual(await jobsOf(Squared), []);
  });

  it("two workers in one process share the keys", async () => {
    const { Squared, calls } = await setUp(60);
    const results = await Promise.all([
      populate(Squared, { reserve: true }),
      populate(Squared, { reserve: true }),
    ]);
    assert.equal(results[0]!.successCount + results[1]!.successCount, 60);
    assert.deepEqual(
      calls.toSorted((a, b) => a - b),
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
  });

  it("loses a key whose reservation a person removes: nothing is stored", async () => {
    const { Squared, atCompute, kinds, onEvent } = await setUp(1);
    atCompute(async () => {
      const queue = (await findQueue(Squared))!;
      await database.connection.run({ text: `DELETE FROM ${queue.words.jobs}`, parameters: [] });
    });
    assert.equal((await populate(Squared, { ...reservation(), onEvent, maxCalls: 1 })).successCount, 0);
    assert.deepEqual(kinds(), ["started", "lost"]);
    assert.equal(await Squared.count(), 0);
  });

  it("shows who works on what", async () => {
    const { Squared, atCompute } = await setUp(1);
    let seen: Awaited<ReturnType<typeof jobsOf>> = [];
    atCompute(async () => {
      seen = await jobsOf(Squared);
    });
    await populate(Squared, reservation());
    assert.deepEqual(
      seen.map(({ key, status, pid, isLate }) => ({ key: { ...key }, status, pid, isLate })),
      [{ key: { given_id: 1 }, status: "reserved", pid: process.pid, isLate: false }],
    );
  });

  it("refuses times by which a live worker would look dead", async () => {
    await assert.rejects(Leases.open(database.settings, { leaseS: 15 }), /beatS is 10 s and leaseS 15 s/);
    await assert.rejects(
      Leases.open(database.settings, { graceS: -1 }),
      /graceS is a number of seconds above 0/,
    );
  });
}

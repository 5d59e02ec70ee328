/**
 * @module
 * What one call of populate does about the leases of others: it waits for late ones and takes them over, and does not wait for live ones.
 */
import assert from "node:assert/strict";
import { before, beforeEach, it } from "node:test";
import { claim } from "../../src/jobs/claim.ts";
import { declareJobs } from "../../src/jobs/jobs-table.ts";
import { type JobQueue, makeQueue } from "../../src/jobs/queue.ts";
import { addPending } from "../../src/jobs/refresh.ts";
import type { PopulateEvent } from "../../src/populate/events.ts";
import { populate } from "../../src/populate/populate.ts";
import { queueShape } from "../../src/populate/table-queue.ts";
import { describeDialects, type TestDatabase } from "../support/dialects.ts";
import {
  createTables,
  type Fixture,
  type Generation,
  insertItems,
  jobRows,
  keyOf,
  moveExpiry,
  quick,
  resultHeading,
  resultTable,
  rowsOf,
  squares,
} from "./support/fixture.ts";

for (const generation of ["legacy", "current"] as const) {
  describeDialects(`late leases, ${generation} queue`, (database) => suite(database, generation), {
    skip: generation === "legacy" ? { sqlite: "SQLite has the current shape only" } : {},
  });
}

function suite(database: TestDatabase, generation: Generation): void {
  let own: Fixture;
  let queue: JobQueue;
  let events: PopulateEvent[];
  before(async () => {
    own = { connection: database.connection, schema: await database.createSchema("late"), generation };
    await createTables(own);
    await insertItems(own, 2);
    queue = makeQueue({
      connection: own.connection,
      shape: queueShape(own),
      timing: quick,
      schema: own.schema,
      target: "__result",
      key: resultHeading.attributes.filter((attribute) => attribute.inKey),
    });
    await declareJobs(queue);
  });
  beforeEach(async () => {
    events = [];
    for (const table of [queue.words.jobs, queue.words.target])
      await database.connection.run({ text: `DELETE FROM ${table}`, parameters: [] });
    if (queue.shape === "current") await addPending(queue, [keyOf(1), keyOf(2)]);
    // of a worker that will never beat
    await claim(queue, [keyOf(1)]);
  });
  const work = () =>
    populate(resultTable(own, squares(own, "b")), {
      reserve: true,
      timing: quick,
      onEvent: (event) => events.push(event),
    });
  const endsOf = (id: number) =>
    events.flatMap((event) => ("key" in event && event.key.id === id ? [event.kind] : []));

  it("a lease that is late is waited for and taken over in the same call", async () => {
    await moveExpiry(queue, -10);
    const startMs = performance.now();
    assert.equal((await work()).successCount, 2);
    assert.ok(performance.now() - startMs >= quick.graceS * 1000);
    assert.ok(events.some((event) => event.kind === "waiting" && /lease is late/.test(event.reason)));
    assert.ok(events.some((event) => event.kind === "started" && event.isTakeover));
    assert.deepEqual(endsOf(1), ["started", "done"]);
    assert.deepEqual(await jobRows(own), []);
  });

  it("a lease that is alive is not waited for", async () => {
    await moveExpiry(queue, 60);
    assert.equal((await work()).successCount, 1);
    assert.deepEqual(endsOf(1), []);
    assert.deepEqual(
      (await rowsOf(own, "__result")).map((row) => row.id),
      [2],
    );
    assert.deepEqual(
      (await jobRows(own)).map((row) => row.status),
      ["reserved"],
    );
  });

  it("a late key whose rows are there already is ended without being computed", async () => {
    await moveExpiry(queue, -10);
    await database.connection.run({
      text: `INSERT INTO ${queue.words.target} VALUES (1, 'c1', '2024-01-31', 0, 'dead')`,
      parameters: [],
    });
    assert.equal((await work()).successCount, 1);
    assert.deepEqual(endsOf(1), ["started", "skipped"]);
    assert.deepEqual(
      (await rowsOf(own, "__result")).map((row) => row.worker),
      ["dead", "b"],
    );
    assert.deepEqual(await jobRows(own), []);
  });
}

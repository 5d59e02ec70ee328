/**
 * @module
 * The heart of a worker: a main thread that is busy for two leases keeps its key, and a worker whose beat thread has died says so and
 * claims no more (contract: leases.md 11, test 4).
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DataJointError } from "../../src/errors.ts";
import { Leases } from "../../src/jobs/leases.ts";
import type { PopulateEvent } from "../../src/populate/events.ts";
import { populate } from "../../src/populate/populate.ts";
import { describeDialects, type TestDatabase } from "../support/dialects.ts";
import {
  createTables,
  type Fixture,
  type Generation,
  insertItems,
  jobRows,
  quick,
  resultTable,
  rowsOf,
  squares,
} from "./support/fixture.ts";
import { WorkerProcess } from "./support/worker-process.ts";

for (const generation of ["legacy", "current"] as const) {
  describeDialects(`heartbeat, ${generation} queue`, (database) => suite(database, generation), {
    skip: generation === "legacy" ? { sqlite: "SQLite has the current shape only" } : {},
  });
}

function suite(database: TestDatabase, generation: Generation): void {
  describe("of workers", { concurrency: true }, () => tests(database, generation));
}

function tests(database: TestDatabase, generation: Generation): void {
  const setUp = async (count: number): Promise<Fixture> => {
    const own = {
      connection: database.connection,
      schema: await database.createSchema("heart"),
      generation,
    };
    await createTables(own);
    await insertItems(own, count);
    return own;
  };

  it("a main thread that is busy for two leases keeps its key", async (t) => {
    const own = await setUp(1);
    const busyMs = 2 * (quick.leaseS + quick.graceS) * 1000;
    const busy = new WorkerProcess(
      {
        settings: database.settings,
        schema: own.schema,
        generation,
        timing: quick,
        name: "busy",
        busyMs,
      },
      t,
    );
    await busy.line(({ part }) => part === "compute", "its computation");
    const events: PopulateEvent[] = [];
    await using leases = await Leases.open(database.settings, quick);
    const startMs = performance.now();
    while (!busy.lines.some(({ kind }) => kind === "ended")) {
      await populate(resultTable(own, squares(own, "other")), {
        reserve: true,
        leases,
        onEvent: (event) => events.push(event),
      });
      await sleep(200);
    }
    assert.ok(performance.now() - startMs > 2 * quick.leaseS * 1000);
    assert.deepEqual(
      events.filter(({ kind }) => kind !== "waiting"),
      [],
    );
    await busy.ended();
    assert.deepEqual(
      (await rowsOf(own, "__result")).map((row) => row.worker),
      ["busy"],
    );
    assert.ok(busy.lines.some(({ kind }) => kind === "done"));
  });

  it("a worker in an insert transaction that lasts longer than its lease keeps its key", {
    skip: database.isSqlite && "one transaction keeps every other writer waiting",
  }, async () => {
    const own = await setUp(1);
    const timing = { ...quick, idleTransactionS: 60 };
    const inside = Promise.withResolvers<void>();
    let isOver = false;
    const slow = populate(
      resultTable(
        own,
        squares(own, "slow", async (part) => {
          if (part !== "insert") return;
          inside.resolve();
          await sleep(2 * (quick.leaseS + quick.graceS) * 1000);
        }),
      ),
      { reserve: true, timing },
    ).finally(() => {
      isOver = true;
      inside.resolve();
    });
    await inside.promise;
    const connection = await database.open();
    const near = { ...own, connection };
    await using leases = await Leases.open(database.settings, quick);
    let others = 0;
    while (!isOver) {
      const { successCount } = await populate(resultTable(near, squares(near, "other")), {
        reserve: true,
        leases,
      });
      others += successCount;
      await sleep(200);
    }
    assert.equal((await slow).successCount, 1);
    assert.equal(others, 0);
    assert.deepEqual(
      (await rowsOf(own, "__result")).map((row) => row.worker),
      ["slow"],
    );
  });

  it("a worker whose beat thread has died finishes its key, gives the others back, and claims no more", async () => {
    const own = await setUp(3);
    const events: PopulateEvent[] = [];
    await using leases = await Leases.open(database.settings, quick);
    const make = squares(own, "worker", async (part) => {
      if (part === "compute") await leases.beater.stopThread();
    });
    await assert.rejects(
      populate(resultTable(own, make), { reserve: true, leases, onEvent: (event) => events.push(event) }),
      (error: Error) => {
        assert.ok(error instanceof DataJointError);
        assert.match(error.message, /thread that renews this worker's leases has died .*claims no more jobs/);
        return true;
      },
    );
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ["started", "beaterDied", "done"],
    );
    assert.equal((await rowsOf(own, "__result")).length, 1);
    assert.deepEqual(
      (await jobRows(own)).filter(({ status }) => status === "reserved"),
      [],
    );
    await assert.rejects(populate(resultTable(own, make), { reserve: true, leases }), /has died/);
    assert.equal((await rowsOf(own, "__result")).length, 1);
  });

  it("SIGTERM gives the key at work back at once", async (t) => {
    const own = await setUp(2);
    const worker = new WorkerProcess(
      {
        settings: database.settings,
        schema: own.schema,
        generation,
        timing: {},
        name: "ended",
        lanes: [{ id: 1, hangIn: "compute" }],
      },
      t,
    );
    await worker.line(({ part }) => part === "compute", "its computation");
    worker.signal("SIGTERM");
    await worker.line(({ kind }) => kind === "told to end", "SIGTERM");
    worker.goOn();
    await worker.ended();
    assert.ok(worker.lines.some(({ kind }) => kind === "released"));
    // its lease would last for 40 s
    const { successCount } = await populate(resultTable(own, squares(own, "other")), { reserve: true });
    assert.equal(successCount, 2);
    assert.deepEqual(await jobRows(own), []);
  });
}

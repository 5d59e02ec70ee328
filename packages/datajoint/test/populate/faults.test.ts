/**
 * @module
 * Worker processes that are killed (SIGKILL) or stopped (SIGSTOP) at every step of an attempt: each key is done once by another worker, in
 * the time that the leases promise, and a worker that wakes after it was taken over inserts nothing (contract: leases.md 11, test 3).
 */
import assert from "node:assert/strict";
import { before, describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
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
import type { Lane, Phase, WorkerOrder } from "./support/worker.ts";
import { WorkerProcess } from "./support/worker-process.ts";

type Started = Extract<PopulateEvent, { kind: "started" }> & { readonly atMs: number };

/** Those that may hang at once in one process; a transaction of SQLite keeps all other writers waiting, so it comes last and alone. */
const outside: readonly Phase[] = ["begun", "fetch", "compute", "computed", "committed"];
/** Lease, the rounding of `~jobs` to seconds, grace, two polls; and twice as much again for a busy machine. */
const TAKEOVER_MS = 3 * (quick.leaseS + 1 + quick.graceS + 2 * quick.pollS) * 1000;

for (const generation of ["legacy", "current"] as const) {
  describeDialects(
    `workers killed or stopped, ${generation} queue`,
    (database) => suite(database, generation),
    {
      skip: generation === "legacy" ? { sqlite: "SQLite has the current shape only" } : {},
    },
  );
}

function suite(database: TestDatabase, generation: Generation): void {
  let fixture: Fixture;
  const inside: readonly Phase[][] = database.isSqlite ? [["fenced"], ["insert"]] : [["fenced", "insert"]];
  before(() => {
    fixture = { connection: database.connection, schema: "", generation };
  });

  const setUp = async (count: number): Promise<Fixture> => {
    const own = { ...fixture, schema: await database.createSchema("faults") };
    await createTables(own);
    await insertItems(own, count);
    return own;
  };
  const start = (own: Fixture, lanes: readonly Lane[], t: TestContext): WorkerProcess => {
    const order: WorkerOrder = {
      settings: database.settings,
      schema: own.schema,
      generation,
      timing: quick,
      name: "victim",
      lanes,
    };
    return new WorkerProcess(order, t);
  };

  describe("taken over", { concurrency: true }, () => {
    it("kill -9 at every step: another worker does what was not committed, each key once and in time", async (t) => {
      const groups = database.isSqlite
        ? inside.map((phases, i) => (i === 0 ? [...outside, ...phases] : phases))
        : [[...outside, ...inside.flat()]];
      const phases = groups.flat();
      const own = await setUp(phases.length);
      let killedMs = 0;
      for (const group of groups) {
        const victim = start(
          own,
          group.map((phase) => ({ id: phases.indexOf(phase) + 1, hangIn: phase })),
          t,
        );
        await victim.line(({ kind }) => kind === "ready", "its place in every phase");
        await victim.kill();
        killedMs = performance.now();
      }
      const rescuer = await rescue(own, phases.length);
      const rows = await rowsOf(own, "__result");
      assert.deepEqual(
        rows.map((row) => [row.id, row.square, row.worker]),
        phases.map((phase, i) => [i + 1, (i * 10) ** 2, phase === "committed" ? "victim" : "rescuer"]),
      );
      assert.deepEqual(await jobRows(own), []);
      for (const [i, phase] of phases.entries()) {
        const started = rescuer.filter(({ key }) => key.id === i + 1);
        assert.equal(started.length, phase === "committed" ? 0 : 1, phase);
        // what was never claimed is free; what was claimed is taken over
        if (started.length > 0) assert.equal(started[0]!.isTakeover, phase !== "begun", phase);
        assert.ok(
          started.every(({ atMs }) => atMs - killedMs < TAKEOVER_MS),
          phase,
        );
      }
    });

    it("SIGSTOP at every step: taken over, and the zombie that wakes has lost its keys and inserts nothing", async (t) => {
      const phases = database.isSqlite ? outside : [...outside, ...inside.flat()];
      const own = await setUp(phases.length);
      const zombie = start(
        own,
        phases.map((phase, i) => ({ id: i + 1, hangIn: phase })),
        t,
      );
      await zombie.line(({ kind }) => kind === "ready", "its place in every phase");
      zombie.signal("SIGSTOP");
      const stoppedMs = performance.now();
      const rescuer = await rescue(own, phases.length);
      const taken = rescuer.filter(({ isTakeover }) => isTakeover);
      assert.equal(taken.length, phases.length - 2);
      assert.ok(taken.every(({ atMs }) => atMs - stoppedMs < TAKEOVER_MS));
      const before = await rowsOf(own, "__result");
      zombie.goOn();
      zombie.signal("SIGCONT");
      await zombie.ended();
      assert.deepEqual(await rowsOf(own, "__result"), before);
      for (const [i, phase] of phases.entries()) {
        const ends = zombie.lines.filter(
          ({ kind, key }) => key?.id === i + 1 && /^(done|skipped|failed|lost|released)$/.test(kind ?? ""),
        );
        const expected = phase === "begun" ? [] : [phase === "committed" ? "done" : "lost"];
        assert.deepEqual(
          ends.map(({ kind }) => kind),
          expected,
          phase,
        );
      }
      assert.deepEqual(
        before.map((row) => row.worker),
        phases.map((phase) => (phase === "committed" ? "victim" : "rescuer")),
      );
      assert.deepEqual(await jobRows(own), []);
    });
  });

  it("a worker that is stopped inside its insert transaction keeps its key until it goes on", {
    skip: !database.isSqlite && "a server ends the idle transaction; see the test above",
  }, async (t) => {
    const own = await setUp(2);
    const stopped = start(own, [{ id: 1, hangIn: "insert" }], t);
    await stopped.line(({ kind }) => kind === "ready", "its place before COMMIT");
    stopped.signal("SIGSTOP");
    const events: PopulateEvent[] = [];
    const other = await database.open();
    const waiting = populate(
      resultTable({ ...own, connection: other }, squares({ ...own, connection: other }, "b")),
      {
        reserve: true,
        timing: quick,
        onEvent: (event) => events.push(event),
      },
    );
    await sleep((quick.leaseS + quick.graceS + 1) * 1000);
    assert.deepEqual(events, []);
    stopped.goOn();
    stopped.signal("SIGCONT");
    await stopped.ended();
    await waiting;
    assert.deepEqual(
      (await rowsOf(own, "__result")).map((row) => [row.id, row.worker]),
      [
        [1, "victim"],
        [2, "b"],
      ],
    );
    assert.ok(stopped.lines.some(({ kind }) => kind === "done"));
  });

  /** Populates until all keys are done; returns what it started. */
  async function rescue(own: Fixture, count: number): Promise<readonly Started[]> {
    const started: Started[] = [];
    await using leases = await Leases.open(database.settings, quick);
    const deadlineMs = performance.now() + 2 * TAKEOVER_MS;
    while ((await rowsOf(own, "__result")).length < count) {
      assert.ok(
        performance.now() < deadlineMs,
        `not all keys are done: ${JSON.stringify(await rowsOf(own, "__result"))}`,
      );
      await populate(resultTable(own, squares(own, "rescuer")), {
        reserve: true,
        leases,
        onEvent: (event) => {
          if (event.kind === "started") started.push({ ...event, atMs: performance.now() });
        },
      });
      await sleep(100);
    }
    return started;
  }
}

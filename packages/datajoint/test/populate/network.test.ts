/**
 * @module
 * A network that fails between a worker and its server: for longer than a lease, and at the COMMIT (contract: leases.md 11, test 5). Its
 * results are stored once, and what it says of them is true.
 */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { MysqlSettings } from "../../src/connection/connection.ts";
import { Leases } from "../../src/jobs/leases.ts";
import type { PopulateEvent } from "../../src/populate/events.ts";
import type { PopulateOptions } from "../../src/populate/options.ts";
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
import { type CommitLoss, TcpProxy } from "./support/tcp-proxy.ts";

/** Longer than lease, rounding, grace and polls, and than the beat thread waits for an answer. */
const DARK_MS = 6500;

for (const generation of ["legacy", "current"] as const) {
  describeDialects(
    `network, ${generation} queue`,
    (database) => describe("failing", { concurrency: true }, () => tests(database, generation)),
    { skip: { sqlite: "SQLite has no network" } },
  );
}

/** A worker behind a proxy, and what it says. */
interface Behind {
  readonly proxy: TcpProxy;
  readonly own: Fixture;
  readonly far: Fixture;
  readonly kinds: () => readonly string[];
  readonly onEvent: (event: PopulateEvent) => void;
}

function tests(database: TestDatabase, generation: Generation): void {
  const setUp = async (t: TestContext): Promise<Behind> => {
    const settings = database.settings as MysqlSettings;
    const proxy = await TcpProxy.start(settings.host, settings.port ?? 3306);
    t.after(() => proxy.close());
    const own = { connection: database.connection, schema: await database.createSchema("net"), generation };
    await createTables(own);
    await insertItems(own, 1);
    const far = { ...own, connection: await database.open({ host: "127.0.0.1", port: proxy.port }) };
    const events: PopulateEvent[] = [];
    const kinds = () => events.map(({ kind }) => kind).filter((kind) => kind !== "waiting");
    return { proxy, own, far, kinds, onEvent: (event) => events.push(event) };
  };
  const options: PopulateOptions = { reserve: true, timing: quick, suppressErrors: true };
  const onlyWorker = async (own: Fixture) => (await rowsOf(own, "__result")).map((row) => row.worker);

  /** Another worker, near the server, until the key is done. */
  const near = async (own: Fixture): Promise<void> => {
    await using leases = await Leases.open(database.settings, quick);
    while ((await rowsOf(own, "__result")).length === 0) {
      await populate(resultTable(own, squares(own, "near")), { ...options, leases });
      await sleep(100);
    }
  };

  it("a worker alone that cannot reach the server for longer than its lease goes on, and its result is stored", async (t) => {
    const { proxy, own, far, kinds, onEvent } = await setUp(t);
    const make = squares(far, "far", async (part) => {
      if (part !== "compute") return;
      proxy.goDark();
      await sleep(DARK_MS);
      proxy.goLight();
      await sleep(2000 * quick.beatS);
    });
    const { successCount } = await populate(resultTable(far, make), { ...options, onEvent });
    assert.equal(successCount, 1);
    assert.deepEqual(kinds(), ["started", "databaseAway", "databaseBack", "done"]);
    assert.deepEqual(await onlyWorker(own), ["far"]);
    assert.deepEqual(await jobRows(own), []);
  });

  it("with another worker about it is taken over, told so, and stores nothing", async (t) => {
    const { proxy, own, far, kinds, onEvent } = await setUp(t);
    const make = squares(far, "far", async (part) => {
      if (part !== "compute") return;
      proxy.goDark();
      await near(own);
      proxy.goLight();
      await sleep(4000 * quick.beatS);
    });
    const { successCount, errors } = await populate(resultTable(far, make), { ...options, onEvent });
    assert.equal(successCount, 0);
    assert.deepEqual(errors, []);
    assert.equal(
      kinds()
        .filter((kind) => !kind.startsWith("database"))
        .at(-1),
      "lost",
    );
    assert.deepEqual(await onlyWorker(own), ["near"]);
    assert.deepEqual(await jobRows(own), []);
  });

  for (const when of ["before it arrived", "after it arrived"] satisfies CommitLoss[]) {
    for (const reserve of [true, false]) {
      it(`a connection lost at the COMMIT ${when}: stored once and reported as done (${reserve ? "reserved" : "not reserved"})`, async (t) => {
        const { proxy, own, far, kinds, onEvent } = await setUp(t);
        let inserts = 0;
        let published = 0;
        const make = squares(far, "far", async (part) => {
          if (part !== "insert") return;
          inserts++;
          if (inserts === 1) proxy.loseCommit(when);
        });
        const { successCount } = await populate(resultTable(far, make), {
          ...options,
          reserve,
          onEvent,
          afterCommit: () => {
            published++;
          },
        });
        assert.equal(successCount, 1);
        assert.deepEqual(kinds(), ["started", "done"]);
        assert.equal(inserts, when === "before it arrived" ? 2 : 1);
        assert.equal(published, 1);
        assert.deepEqual(await onlyWorker(own), ["far"]);
        assert.equal((await rowsOf(own, "calls")).length, 1);
        if (reserve) assert.deepEqual(await jobRows(own), []);
      });
    }
  }

  it("a COMMIT that never arrived, with another worker's rows there when the server is back, is lost", async (t) => {
    const { proxy, own, far, kinds, onEvent } = await setUp(t);
    let nearby: Promise<void> | undefined;
    let published = 0;
    const make = squares(far, "far", async (part) => {
      if (part !== "insert" || nearby !== undefined) return;
      proxy.loseCommit("before it arrived", () => {
        proxy.goDark();
        nearby = near(own).finally(() => proxy.goLight());
      });
    });
    const { successCount } = await populate(resultTable(far, make), {
      ...options,
      onEvent,
      afterCommit: () => {
        published++;
      },
    });
    await nearby;
    assert.equal(successCount, 0);
    // what the beat thread says of the database comes when it comes
    assert.equal(
      kinds()
        .filter((kind) => !kind.startsWith("database"))
        .at(-1),
      "lost",
    );
    assert.equal(published, 0);
    assert.deepEqual(await onlyWorker(own), ["near"]);
  });

  it("an insert part in which nothing happens for too long is an error of the key, not a loop without end", {
    skip: generation === "current" && "the same on both queues, and long",
  }, async (t) => {
    const { own, far, kinds, onEvent } = await setUp(t);
    let inserts = 0;
    const make = squares(far, "far", async (part) => {
      if (part !== "insert") return;
      inserts++;
      await sleep(1500);
    });
    const timing = { ...quick, leaseS: 10, idleTransactionS: 1 };
    const { errors } = await populate(resultTable(far, make), { ...options, timing, onEvent });
    assert.match(
      errors[0]!.message,
      /lost 5 times inside the insert part of __result\. .* belongs into compute/,
    );
    assert.equal(inserts, 5);
    assert.deepEqual(kinds(), ["started", "failed"]);
    assert.deepEqual(await onlyWorker(own), []);
    assert.deepEqual(
      (await jobRows(own)).map((row) => row.status),
      ["error"],
    );
  });
}

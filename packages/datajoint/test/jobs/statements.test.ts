/**
 * @module
 * Each statement of the protocol by itself, on each database, for both shapes of the table of jobs: who wins, who loses, and what the
 * row says afterwards (contract: leases.md 4, test 1).
 */
import assert from "node:assert/strict";
import { before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { unpack } from "../../src/blob/decode.ts";
import { DateTime } from "../../src/blob/python-values.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { LeaseLostError } from "../../src/errors.ts";
import { beatStatement } from "../../src/jobs/beat.ts";
import { type Claim, claim } from "../../src/jobs/claim.ts";
import { cutMessage, fail } from "../../src/jobs/fail.ts";
import { fence } from "../../src/jobs/fence.ts";
import { giveBack } from "../../src/jobs/give-back.ts";
import { readJobs, withErrors } from "../../src/jobs/inspect.ts";
import { declareJobs } from "../../src/jobs/jobs-table.ts";
import { keyHash } from "../../src/jobs/key-hash.ts";
import { LateWatch, listLate } from "../../src/jobs/late.ts";
import { listFree } from "../../src/jobs/list.ts";
import { type JobQueue, LEAST_TOKEN, makeQueue, sql } from "../../src/jobs/queue.ts";
import { addPending } from "../../src/jobs/refresh.ts";
import { takeOver } from "../../src/jobs/takeover.ts";
import { retry } from "../../src/populate/retry.ts";
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
} from "../populate/support/fixture.ts";
import { describeDialects, type TestDatabase } from "../support/dialects.ts";

const keys = Array.from({ length: 20 }, (_, i) => keyOf(i + 1));

for (const generation of ["legacy", "current"] as const) {
  describeDialects(`statements of a ${generation} queue`, (database) => statements(database, generation), {
    skip: generation === "legacy" ? { sqlite: "SQLite has the current shape only" } : {},
  });
}

function statements(database: TestDatabase, generation: Generation): void {
  let fixture: Fixture;
  let queue: JobQueue;
  const queueOn = (connection: Connection, timing = quick) => {
    const key = resultHeading.attributes.filter((attribute) => attribute.inKey);
    return makeQueue({
      connection,
      shape: generation,
      timing,
      schema: fixture.schema,
      target: "__result",
      key,
    });
  };
  before(async () => {
    fixture = { connection: database.connection, schema: await database.createSchema("jobs"), generation };
    await createTables(fixture);
    await insertItems(fixture, 20);
    queue = queueOn(database.connection);
    await declareJobs(queue);
    await declareJobs(queue);
  });
  /** An empty queue, with these keys free. */
  const reset = async (free = keys) => {
    await queue.connection.run(sql(`DELETE FROM ${queue.words.jobs}`));
    if (generation === "current") assert.equal(await addPending(queue, free), free.length);
  };

  it("one key is won once, with a token of 2^40 and more that the row has", async () => {
    await reset();
    const [won, ...more] = await claim(queue, [keys[0]!]);
    assert.deepEqual(more, []);
    assert.ok(won!.token >= LEAST_TOKEN && won!.token < 2n ** 63n);
    assert.deepEqual(await claim(queue, [keys[0]!]), []);
    const held = (await jobRows(fixture)).filter((row) => row.status === "reserved");
    assert.equal(held.length, 1);
    assert.equal(BigInt(held[0]!.connection_id as number | bigint), won!.token);
    assert.equal(held[0]!.pid, process.pid);
    if (generation === "legacy") {
      assert.equal(held[0]!.key_hash, keyHash(keys[0]!, queue.key));
      assert.deepEqual(
        unpack(held[0]!.key as Uint8Array, { exact: true }),
        new Map<string, unknown>([
          ["id", 1],
          ["code", "c1"],
          ["day", new DateTime("2024-01-31")],
        ]),
      );
    }
  });

  for (const level of database.isSqlite ? ["the only level"] : ["READ-COMMITTED", "REPEATABLE-READ"]) {
    const open = async () =>
      queueOn(await database.open(database.isSqlite ? {} : { variables: isolation(database, level) }));

    it(`a batch is won in part when others hold some of it (${level})`, async () => {
      await reset();
      const [mine, other] = [await open(), await open()];
      const first = await claim(other, [keys[3]!, keys[1]!]);
      assert.deepEqual(
        first.map((won) => won.key.id),
        [4, 2],
      );
      const second = await claim(mine, keys.slice(0, 5));
      assert.deepEqual(
        second.map((won) => won.key.id),
        [1, 3, 5],
      );
      assert.deepEqual(await claim(other, keys.slice(0, 5)), []);
      const rows = (await jobRows(fixture)).filter((row) => row.status === "reserved");
      const tokens = [...first, ...second].map((won) => won.token).sort((a, b) => (a < b ? -1 : 1));
      assert.deepEqual(
        rows.map((row) => BigInt(row.connection_id as number | bigint)),
        tokens,
      );
    });

    it(`200 claims on 25 connections win each key once, one by one and in batches (${level})`, async () => {
      await reset();
      const queues = await Promise.all(Array.from({ length: 25 }, open));
      const claimAll = async (own: JobQueue, n: number): Promise<readonly Claim[]> => {
        const wins: Claim[] = [];
        for (let i = 0; i < 8; i++) {
          const from = (n * 7 + i * 3) % 20;
          // a worker never asks for what it holds
          const wanted = keys
            .slice(from, from + (n % 3 === 0 ? 4 : 1))
            .filter((key) => wins.every((won) => won.key !== key));
          wins.push(...(await repeated(() => claim(own, wanted))));
        }
        return wins;
      };
      const wins = (await Promise.all(queues.map(claimAll))).flat();
      assert.deepEqual(
        wins.map((won) => won.key.id as number).sort((a, b) => a - b),
        keys.map((key) => key.id),
      );
      const held = (await jobRows(fixture)).filter((row) => row.status === "reserved");
      assert.deepEqual(
        held.map((row) => BigInt(row.connection_id as number | bigint)),
        wins.map((won) => won.token).sort((a, b) => (a < b ? -1 : 1)),
      );
    });
  }

  it("a key that was computed since it was listed is not claimed", {
    skip: generation === "current" && "the list of `~~table` finds it, and removes its row",
  }, async () => {
    await reset();
    await queue.connection.run(
      sql(`INSERT INTO ${queue.words.target} VALUES (?,?,?,?,?)`, 1, "c1", "2024-01-31", 0, "python"),
    );
    const won = await claim(queue, keys.slice(0, 3));
    assert.deepEqual(
      won.map(({ key }) => key.id),
      [2, 3],
    );
    assert.deepEqual(await claim(queue, [keys[0]!]), []);
    await queue.connection.run(sql(`DELETE FROM ${queue.words.target}`));
  });

  it("where a table has queues of both generations, a key is reserved in both or not at all", {
    skip: database.isSqlite && "SQLite has the current shape only",
  }, async () => {
    const schema = await database.createSchema("both");
    const shapes = ["legacy", "current"] as const;
    const [legacy, current] = shapes.map((shape) => makeQueue({ ...queue, shape, schema }));
    const [mine, other] = generation === "legacy" ? [legacy!, current!] : [current!, legacy!];
    await createTables({ ...fixture, schema });
    assert.equal((await declareJobs(other)).twin, undefined);
    const both = await declareJobs(mine);
    assert.equal(both.twin?.jobs, other.jobs);
    await addPending(current!, keys.slice(0, 3));
    // taken in the other queue alone, as a worker of that generation does
    const [taken] = await claim(other, keys.slice(0, 1));
    assert.ok(taken !== undefined);
    const claims = await claim(both, keys.slice(0, 3));
    assert.deepEqual(
      claims.map(({ key }) => key),
      keys.slice(1, 3),
    );
    for (const one of [legacy!, current!])
      assert.equal((await readJobs(one, "reserved")).length, one.jobs === other.jobs ? 3 : 2, one.jobs);
    assert.equal(await giveBack(both, claims[0]!), true);
    for (const one of [legacy!, current!])
      assert.equal((await readJobs(one, "reserved")).length, one.jobs === other.jobs ? 2 : 1, one.jobs);
    // a failure in either queue is one of the table, and not of another table in the same `~jobs`
    const stranger = makeQueue({ ...legacy!, target: "__stranger" });
    assert.deepEqual(await withErrors([both, stranger]), []);
    assert.equal(await fail(other, taken, "E: no", ""), true);
    assert.deepEqual(await withErrors([stranger, both]), [both]);
  });

  it("workers that begin together declare the queue once", async () => {
    const schema = await database.createSchema("first");
    await createTables({ ...fixture, schema });
    const connections = await Promise.all([1, 2, 3, 4].map(() => database.open()));
    const queues = connections.map((connection) => makeQueue({ ...queue, connection, schema }));
    await Promise.all(queues.map((each) => declareJobs(each)));
    if (generation === "current") await addPending(queues[0]!, keys.slice(0, 1));
    assert.equal((await claim(queues[3]!, keys.slice(0, 1))).length, 1);
  });

  it("tokens of a key grow, over giving back too", async () => {
    await reset();
    let last = 0n;
    for (let i = 0; i < 4; i++) {
      const [won] = await claim(queue, [keys[0]!]);
      assert.ok(won!.token > last, `${won!.token} after ${last}`);
      last = won!.token;
      assert.equal(await giveBack(queue, won!), true);
      assert.equal(await giveBack(queue, won!), false);
    }
  });

  it("a beat moves the expiry of its own row only, and finds nothing once the row is another's", async () => {
    await reset();
    const [won] = await claim(queue, [keys[0]!]);
    const expiryOf = async () =>
      String(
        (await jobRows(fixture)).find((row) => row.status === "reserved")![
          generation === "legacy" ? "timestamp" : "reserved_time"
        ],
      );
    await moveExpiry(queue, -1);
    const first = await expiryOf();
    assert.equal((await queue.connection.run(beatStatement(queue, won!))).affectedRows, 1);
    assert.ok((await expiryOf()) > first);
    const stranger: Claim = { key: keys[0]!, token: won!.token + 1n };
    assert.equal((await queue.connection.run(beatStatement(queue, stranger))).affectedRows, 0);
  });

  it("a late lease is taken over only with the token and expiry that were seen, and its old holder's fence is refused", async () => {
    await reset();
    const brief = queueOn(database.connection, { ...quick, graceS: 0.5 });
    const [old] = await claim(brief, [keys[6]!]);
    assert.deepEqual(await listLate(brief), []);
    await moveExpiry(queue, -5);
    const [late, ...more] = await listLate(brief);
    assert.deepEqual(more, []);
    assert.deepEqual({ ...late!.key }, keys[6]);
    assert.equal(late!.token, old!.token);
    const watch = new LateWatch();
    assert.deepEqual(watch.look(brief, [late!], 0), []);
    assert.deepEqual(watch.look(brief, [late!], 499), []);
    assert.deepEqual(watch.look(brief, [late!], 500), [late]);
    // an answer that came a whole outage after its question is the first look, when it came
    const slow = new LateWatch();
    assert.deepEqual(slow.look(brief, [late!], 0, 90_000), []);
    assert.deepEqual(slow.look(brief, [late!], 90_100), []);
    assert.deepEqual(slow.look(brief, [late!], 90_500), [late]);
    // a beat between look and takeover: nothing is taken
    await queue.connection.run(beatStatement(brief, old!));
    assert.equal(await takeOver(brief, late!), undefined);
    await moveExpiry(queue, -7);
    const [again] = await listLate(brief);
    assert.notEqual(again!.expiry, late!.expiry);
    const taken = await takeOver(brief, again!);
    assert.ok(taken!.token > old!.token);
    assert.equal(await takeOver(brief, again!), undefined);
    await assert.rejects(
      database.connection.transaction(() => fence(queue, old!)),
      LeaseLostError,
    );
    assert.equal(await fail(queue, old!, "late", "stack"), false);
    await database.connection.transaction(() => fence(queue, taken!));
    assert.equal(
      (await jobRows(fixture)).some((row) => row.status === "reserved"),
      false,
    );
  });

  it("a lease that ends more than ten minutes ahead was written before the clock was set back: it is late", async () => {
    await reset();
    await claim(queue, [keys[0]!]);
    await moveExpiry(queue, 500);
    assert.deepEqual(await listLate(queue), []);
    await moveExpiry(queue, 200);
    assert.equal((await listLate(queue)).length, 1);
  });

  it("a fence that is rolled back leaves the lease as it was", async () => {
    await reset();
    const [won] = await claim(queue, [keys[0]!]);
    await assert.rejects(
      database.connection.transaction(async () => {
        await fence(queue, won!);
        throw new Error("the insert failed");
      }),
      /the insert failed/,
    );
    assert.equal((await queue.connection.run(beatStatement(queue, won!))).affectedRows, 1);
  });

  it("a failure is recorded once, cut as Python cuts it, with the stack packed", async () => {
    await reset();
    const [won] = await claim(queue, [keys[0]!]);
    const message = `ValueError: ${"é".repeat(3000)}`;
    assert.equal(await fail(queue, won!, message, "at a\nat b"), true);
    const [row] = (await jobRows(fixture)).filter((each) => each.status === "error");
    assert.equal(row!.error_message, cutMessage(message));
    assert.equal([...String(row!.error_message)].length, 2047);
    assert.ok(String(row!.error_message).endsWith("...truncated"));
    assert.equal(unpack(row!.error_stack as Uint8Array), "at a\nat b");
    assert.equal(await fail(queue, won!, "again", ""), false);
    assert.deepEqual(await claim(queue, [keys[0]!]), []);
    await assert.rejects(
      database.connection.transaction(() => fence(queue, won!)),
      LeaseLostError,
    );
  });

  it("what is free is listed without what is held, failed or computed", async () => {
    await reset(keys.slice(0, 4));
    const todo = async (limit: number) => keys.slice(0, 4).slice(0, limit);
    await claim(queue, [keys[0]!]);
    const [failed] = await claim(queue, [keys[1]!]);
    await fail(queue, failed!, "no", "");
    const free = await listFree(queue, { todo, wanted: 1 });
    assert.deepEqual(free.map((key) => key.id).sort(), [3, 4]);
    if (generation !== "current") return;
    await queue.connection.run(
      sql(`INSERT INTO ${queue.words.target} VALUES (?,?,?,?,?)`, 3, "c3", "2024-01-31", 0, "python"),
    );
    assert.deepEqual(
      (await listFree(queue, { todo, wanted: 1 })).map((key) => key.id),
      [4],
    );
    assert.equal(
      (await jobRows(fixture)).some((row) => row.id === 3),
      false,
    );
    await queue.connection.run(sql(`DELETE FROM ${queue.words.target}`));
  });

  it("the fence decides at every isolation level", {
    skip: database.isSqlite && "SQLite has one writer",
  }, async () => {
    for (const level of ["READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE"]) {
      await reset();
      const [old] = await claim(queue, [keys[0]!]);
      const other = await database.open();
      const variables = isolation(database, level);
      // taken over by another session before the fence: refused
      await queue.connection.run(
        sql(`UPDATE ${queue.words.jobs} SET connection_id=connection_id+1 WHERE status='reserved'`),
      );
      await assert.rejects(
        other.transaction(() => fence(queueOn(other), old!), { variables }),
        LeaseLostError,
        level,
      );
      // beaten by another session before the fence: accepted
      const mine = { key: old!.key, token: old!.token + 1n };
      await queue.connection.run(beatStatement(queue, mine));
      await other.transaction(() => fence(queueOn(other), mine), { variables });
    }
  });

  it("a takeover that meets an open fence waits for its commit and takes nothing", {
    skip: database.isSqlite && "SQLite has one writer",
  }, async () => {
    await reset();
    const [won] = await claim(queue, [keys[0]!]);
    await moveExpiry(queue, -5);
    const [late] = await listLate(queue);
    const other = await database.open();
    const otherQueue = queueOn(other);
    let taking: Promise<Claim | undefined> | undefined;
    await database.connection.transaction(async () => {
      await fence(queue, won!);
      taking = takeOver(otherQueue, late!);
      await sleep(300);
    });
    assert.equal(await taking, undefined);
  });
}

/** The session variable of the isolation level, which the two servers name differently. */
function isolation(database: TestDatabase, level: string): Record<string, string> {
  return { [database.name === "mariadb" ? "tx_isolation" : "transaction_isolation"]: level };
}

/** Deadlocks of two claims are repeated, as populate does. */
async function repeated<T>(work: () => Promise<T>): Promise<T> {
  return retry(work, { signal: new AbortController().signal });
}

/**
 * @module
 * The beat thread: it renews what is held, stops at what is dropped, tells what is lost, and one lease's trouble is not another's.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Beater, type BeaterEvent } from "../../src/jobs/beater.ts";
import { claim } from "../../src/jobs/claim.ts";
import { Leases } from "../../src/jobs/leases.ts";
import type { JobQueue } from "../../src/jobs/queue.ts";
import { addPending } from "../../src/jobs/refresh.ts";
import { monotonicMs } from "../../src/jobs/timing.ts";
import {
  createTables,
  insertItems,
  jobRows,
  keyOf,
  moveExpiry,
  quick,
  resultHeading,
} from "../populate/support/fixture.ts";
import { describeDialects } from "../support/dialects.ts";

/** The beats of a few rounds, on a busy machine. */
const ROUNDS_MS = 3000 * quick.beatS;

describeDialects("the beat thread", (database) => {
  it("renews what is held, and says what was lost or cannot be renewed", async () => {
    await using leases = await Leases.open(database.settings, quick);
    const events: BeaterEvent[] = [];
    leases.beater.onEvent((event) => events.push(event));
    const open = async (name: string) => {
      const fixture = {
        connection: database.connection,
        schema: await database.createSchema(name),
        generation: "current" as const,
      };
      await createTables(fixture);
      await insertItems(fixture, 3);
      const { queue } = await leases.queue({
        schema: fixture.schema,
        target: "__result",
        shape: "current",
        key: resultHeading.attributes.filter((attribute) => attribute.inKey),
      });
      await addPending(queue, [1, 2, 3].map(keyOf));
      const held = [];
      for (const id of [1, 2, 3]) {
        const [won] = await claim(queue, [keyOf(id)]);
        held.push(leases.beater.hold(queue, won!, monotonicMs()));
      }
      const expiries = async () => {
        const rows = (await jobRows(fixture)).map((row) => [row.id, String(row.reserved_time)] as const);
        return new Map(rows);
      };
      return { queue, held, expiries };
    };
    const [broken, sound] = [await open("broken"), await open("sound")];
    const run = (queue: JobQueue, text: string) =>
      database.connection.run({ text: text.replace("JOBS", queue.words.jobs), parameters: [] });
    // the first leases of each round cannot be renewed: their table is gone
    await run(broken.queue, "DROP TABLE JOBS");
    await run(sound.queue, "DELETE FROM JOBS WHERE id=1");
    sound.held[1]!.drop();
    await sleep(ROUNDS_MS);
    await moveExpiry(sound.queue, -1);
    const before = await sound.expiries();
    const beatMs = sound.held[2]!.lastBeatMs;
    await sleep(ROUNDS_MS);
    const after = await sound.expiries();
    assert.equal(sound.held[0]!.signal.aborted, true);
    assert.match(String(sound.held[0]!.signal.reason), /LeaseLostError.*its reservation was removed/);
    assert.equal(after.get(2), before.get(2));
    assert.equal(sound.held[1]!.signal.aborted, false);
    assert.ok(after.get(3)! > before.get(3)!, `${after.get(3)} after ${before.get(3)}`);
    assert.ok(sound.held[2]!.lastBeatMs > beatMs);
    // unreachable is not lost
    assert.ok(broken.held.every(({ signal }) => !signal.aborted));
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ["databaseAway"],
    );
  });

  it("starts its thread with the first lease, lets it end without one, and starts another", async () => {
    const fixture = {
      connection: database.connection,
      schema: await database.createSchema("resting"),
      generation: "current" as const,
    };
    await createTables(fixture);
    await insertItems(fixture, 1);
    await using leases = await Leases.open(database.settings, quick);
    const { queue } = await leases.queue({
      schema: fixture.schema,
      target: "__result",
      shape: "current",
      key: resultHeading.attributes.filter((attribute) => attribute.inKey),
    });
    await addPending(queue, [keyOf(1)]);
    assert.equal(leases.beater.isRunning, false);
    const beater = new Beater(database.settings, quick.beatS, 100);
    try {
      const [won] = await claim(queue, [keyOf(1)]);
      const renewed = async () => {
        await beater.ready();
        const sinceMs = monotonicMs();
        const held = beater.hold(queue, won!, sinceMs);
        await sleep(ROUNDS_MS);
        assert.ok(held.lastBeatMs > sinceMs);
        // as long as it is held, it does not rest
        assert.equal(beater.isRunning, true);
        held.drop();
      };
      await renewed();
      await sleep(500);
      assert.equal(beater.isRunning, false);
      await renewed();
    } finally {
      await beater.close();
    }
  });
});

/**
 * @module
 * Tenon's workers and datajoint-python's, of either generation and of both, on one table: each key is computed by one of them, and no key
 * begins at Python while Tenon holds it (contract: leases.md 8 and 11, test 7). Among themselves workers of 0.14 and of 2.x compute the
 * same keys now and then (race R2), which is not ours to prevent.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import { readJobs } from "../../src/jobs/inspect.ts";
import { Leases } from "../../src/jobs/leases.ts";
import { queuesOf } from "../../src/jobs/twin.ts";
import { findQueue } from "../../src/populate/table-queue.ts";
import { quick } from "../populate/support/fixture.ts";
import { describeDialects } from "../support/dialects.ts";
import { FleetWorker, fleetTables } from "./support/fleet.ts";
import { missingPython, type PythonGeneration, PythonProcess } from "./support/python-process.ts";

const KEYS = 60;
const fleets: readonly {
  readonly schema: "legacy" | "current";
  readonly python: readonly PythonGeneration[];
}[] = [
  { schema: "legacy", python: ["0.14", "0.14"] },
  { schema: "current", python: ["2", "2"] },
  { schema: "legacy", python: ["0.14", "0.14", "2", "2"] },
];

describeDialects(
  "a mixed fleet",
  (database) => {
    for (const { schema: generation, python } of fleets) {
      const names = [...new Set(python)].map((version) => `datajoint-python ${version}`).join(" and ");
      it(`two Tenon workers and ${python.length} of ${names} do ${KEYS} keys: none begins at Python while Tenon holds it`, {
        skip: missingPython(python),
      }, async (t) => {
        const { schema, Item, Task } = fleetTables();
        const name = await database.createSchema("fleet");
        await schema.activate(database.connection, name, { Item, Task }, { generation });
        await Item.insert(Array.from({ length: KEYS }, (_, i) => ({ item: i + 1 })));
        const peers = python.map(
          (version, i) => new PythonProcess(version, database, [name, `python${i}`, "work", "0.03"], t),
        );
        const ready = await Promise.all(peers.map((peer) => peer.line("ready")));
        await using leases = await Leases.open(database.settings, quick);
        const own = [1, 2].map(() => FleetWorker.start(database.connection, name, leases, 30));
        const workers = await Promise.all(own);
        for (const peer of peers) peer.goOn();
        await Promise.all([...workers.map((worker) => worker.run()), ...peers.map((peer) => peer.ended())]);

        const rows = await Task.fetch();
        assert.deepEqual(
          rows.map(({ item }) => item).sort((a, b) => a - b),
          Array.from({ length: KEYS }, (_, i) => i + 1),
        );
        const starts = peers.flatMap(({ lines }) => lines.filter(({ kind }) => kind === "start"));
        const holds = workers.flatMap((worker) => worker.holds);
        const met = starts.filter(({ item, at }) =>
          holds.some((hold) => hold.item === item && at >= hold.fromS && at <= hold.toS),
        );
        assert.deepEqual(met, []);
        const held = new Set(holds.map(({ item }) => item));
        assert.deepEqual(
          starts.filter(({ item }) => held.has(item!)),
          [],
          "computed by Tenon and by Python",
        );
        assert.equal(held.size, holds.length);
        const ends = workers.flatMap(({ events }) => events.map(({ kind }) => kind));
        assert.deepEqual(
          ends.filter((kind) => kind === "lost" || kind === "failed"),
          [],
        );
        const queue = (await findQueue(Task))!;
        assert.equal(queuesOf(queue).length, new Set(python).size);
        // errors of Python workers that met each other (R2) stay until a person clears them
        const left = (await readJobs(queue)).filter(({ status }) => status === "reserved");
        assert.deepEqual(left, []);
        const twice = starts.length - new Set(starts.map(({ item }) => item)).size;
        if (new Set(python).size === 1) assert.equal(twice, 0);
        t.diagnostic(
          `${ready.map(({ version }) => version).join(", ")}: ${held.size} keys by Tenon, ${KEYS - held.size} by Python, ${twice} by two Python workers`,
        );
        assert.ok(held.size > 0 && held.size < KEYS, "all took part");
      });
    }
  },
  { skip: { sqlite: "datajoint-python has no SQLite" } },
);

/**
 * @module
 * The promise as users meet it: with the default times, the key of a worker that was killed is another worker's within 65 s (contract:
 * leases.md 6). On SQLite only, since it is a minute of waiting; the short times of populate/faults.test.ts cover the servers.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Leases } from "../../src/jobs/leases.ts";
import { defaultTiming } from "../../src/jobs/timing.ts";
import { populate } from "../../src/populate/populate.ts";
import { createTables, insertItems, resultTable, rowsOf, squares } from "../populate/support/fixture.ts";
import { WorkerProcess } from "../populate/support/worker-process.ts";
import { describeDialects } from "../support/dialects.ts";

const elsewhere = "a minute of waiting; populate/faults.test.ts has it with short leases";

describeDialects(
  "takeover with the default times",
  (database) => {
    it("takes 45 to 65 s after kill -9", async (t) => {
      const own = {
        connection: database.connection,
        schema: await database.createSchema("time"),
        generation: "current" as const,
      };
      await createTables(own);
      await insertItems(own, 1);
      const victim = new WorkerProcess(
        {
          settings: database.settings,
          schema: own.schema,
          generation: own.generation,
          timing: {},
          name: "victim",
          lanes: [{ id: 1, hangIn: "compute" }],
        },
        t,
      );
      await victim.line(({ kind }) => kind === "ready", "its computation");
      await victim.kill();
      const killedMs = performance.now();
      let takenMs: number | undefined;
      await using leases = await Leases.open(database.settings);
      while ((await rowsOf(own, "__result")).length === 0) {
        await populate(resultTable(own, squares(own, "rescuer")), {
          reserve: true,
          leases,
          onEvent: (event) => {
            if (event.kind === "started" && event.isTakeover) takenMs = performance.now();
          },
        });
        // as a worker between two cycles
        await sleep(defaultTiming.pollS * 1000);
      }
      const seconds = (takenMs! - killedMs) / 1000;
      assert.ok(seconds > 44 && seconds <= 65, `taken over after ${seconds.toFixed(1)} s`);
      t.diagnostic(`taken over after ${seconds.toFixed(1)} s`);
    });
  },
  { skip: { mariadb: elsewhere, mysql: elsewhere } },
);

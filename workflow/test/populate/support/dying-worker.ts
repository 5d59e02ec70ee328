/**
 * @module
 * A worker that kills itself with SIGKILL in a given phase of its first job:
 *
 *     node dying-worker.ts PHASE
 *
 * It is the real worker on the real steps; only the parts of one table's make, and the publishing of files, are preceded by a kill.
 */
import type { PopulateTable } from "@tenon/datajoint";
import { makeProgress } from "../../../src/cli/progress.ts";
import { PreProcessing } from "../../../src/pipeline/ephys-sorter.ts";
import { Lab } from "../../../src/populate/lab.ts";
import { table } from "../../../src/populate/process.ts";
import { startWorker } from "../../../src/populate/start-worker.ts";
import { loadSettings } from "../../../src/settings/settings.ts";

export const phases = ["fetch", "compute", "computed", "insert", "inserted", "committed"] as const;
export type Phase = (typeof phases)[number];

function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
}

/** The table, whose make dies in a phase. What it delegates to is asked for late: the table is bound after this. */
function dyingIn(phase: Phase, target: PopulateTable): PopulateTable {
  return {
    get connection() {
      return target.connection;
    },
    get schema() {
      return target.schema;
    },
    get table() {
      return target.table;
    },
    get heading() {
      return target.heading;
    },
    get generation() {
      return target.generation;
    },
    get className() {
      return target.className;
    },
    keySource: () => target.keySource(),
    get make() {
      const make = target.make!;
      return {
        fetch: async (key: Parameters<typeof make.fetch>[0]) => {
          const fetched = await make.fetch(key);
          return phase === "fetch" ? die() : fetched;
        },
        compute: async (...words: Parameters<typeof make.compute>) => {
          const [key, fetched, context] = words;
          const computed = await make.compute(key, fetched, {
            ...context,
            // progress comes in the middle of the computation, with the attempt's folder begun
            progress: (...said) => {
              context.progress(...said);
              if (phase === "compute") void die();
            },
          });
          return phase === "computed" ? die() : computed;
        },
        insert: async (...words: Parameters<typeof make.insert>) => {
          if (phase === "insert") await die();
          await make.insert(...words);
          if (phase === "inserted") await die();
        },
      };
    },
  };
}

if (import.meta.main) {
  const phase = process.argv[2] as Phase;
  if (phase === "committed") Lab.prototype.publish = die;
  const never = new AbortController().signal;
  const progress = makeProgress(process.stderr);
  await startWorker(
    "dying_worker",
    { summary: "", steps: [table("ephys_sorter.PreProcessing", dyingIn(phase, PreProcessing))] },
    loadSettings({ folder: process.cwd() }),
    {
      once: true,
      verbose: true,
      signal: never,
      giveBack: never,
      log: (line) => progress.line(line),
      progress,
      version: "test",
    },
  );
}

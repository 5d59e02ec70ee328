/**
 * @module
 * `tenon demo`: a lab in a folder. Generates a recording with known truth, registers it, lets the three workers do their steps as
 * separate processes, and says how many of the true units are in the database.
 */
import { join, resolve } from "node:path";
import { type Connection, connect } from "@tenon/datajoint";
import { generateRecording, type SuiteName } from "@tenon/ephys";
import { addParamset } from "../../ingest/paramsets.ts";
import { planRegistration, register } from "../../ingest/register-session.ts";
import { openLab } from "../../populate/open-lab.ts";
import type { ProgressSink } from "../../populate/worker-output.ts";
import type { Settings } from "../../settings/settings.ts";
import { type Command, type Context, wholeNumber } from "../command.ts";
import { makeDemoFolder } from "../demo/folder.ts";
import { dropEarlier, prefix } from "../demo/schemas.ts";
import { demoSubject, summariseDemo, summaryText } from "../demo/summary.ts";
import { runWorkers } from "../demo/workers.ts";
import { makeProgress } from "../progress.ts";
import { suiteName } from "./generate.ts";

const defaultSuite = "poly64";

export const demo: Command = {
  summary: "a lab in a folder: generated recording, three workers, sorted units, report",
  usage: "[--in DIR] [--suite NAME] [--seed N]",
  details: `
Leaves DIR/raw, DIR/processed, the configuration DIR/dj_local_conf.json and the database (DIR/tenon.sqlite; with DJ_HOST, DJ_USER and DJ_PASS
set, schemas ${prefix}* on that server, those of an earlier demo dropped). Every worker is a process of its own. Afterwards, in DIR: tenon
status, tenon jobs. JSON: {dir, trueUnits, detectableUnits, wellDetected, unitsInDatabase, figures: [paths], report, phy, seconds}.`,
  options: {
    in: {
      type: "string",
      value: "DIR",
      help: "folder of the lab, default demo; one that holds nothing but an earlier demo is made anew",
    },
    suite: {
      type: "string",
      value: "NAME",
      help: `generated recording, default ${defaultSuite}; see tenon generate --help`,
    },
    seed: { type: "string", value: "N", help: "whole number, default 1" },
  },
  words: [0, 0],
  async run(args, context) {
    const started = performance.now();
    const dir = resolve(context.folder, (args.options["in"] as string | undefined) ?? "demo");
    const suite = suiteName((args.options["suite"] as string | undefined) ?? defaultSuite);
    const seed = wholeNumber(args, "seed") ?? 1;
    const progress = makeProgress(context.err);
    const env = demoEnvironment(context.env);
    const name = `${suite}_seed${seed}`;
    const { settings, release } = await makeDemoFolder(dir, `${name}_g0`, env);
    let result: Awaited<ReturnType<typeof summariseDemo>>;
    try {
      await using connection = await connect(settings.database);
      await dropEarlier(connection, settings.prefix);
      const { recordingPath, truthPath } = await record(dir, suite, seed, name, progress, context.signal);
      await openLab(connection, settings);
      await registerDemo(connection, settings, recordingPath);
      await runWorkers(dir, { env, signal: context.signal }, settings, progress);
      result = await summariseDemo(settings, truthPath);
    } finally {
      await release();
    }
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const summary = { dir, ...result, seconds };
    context.out.write(context.json ? `${JSON.stringify(summary)}\n` : summaryText(summary));
    return 0;
  },
};

/** The environment without what would lead the demo out of its folder, or into the schemas of a real pipeline. */
function demoEnvironment(env: Context["env"]): Context["env"] {
  const {
    RAW_ROOT_DATA_DIR: _raw,
    PROCESSED_ROOT_DATA_DIR: _processed,
    TENON_DATABASE: _database,
    WORKER_MAX_IDLED_CYCLE: _idle,
    DATABASE_PREFIX: given,
    ...rest
  } = env;
  // several demos on one server need several names
  return given?.startsWith(prefix) === true ? { ...rest, DATABASE_PREFIX: given } : rest;
}

async function record(
  dir: string,
  suite: SuiteName,
  seed: number,
  name: string,
  progress: ProgressSink,
  signal: AbortSignal,
): Promise<{ recordingPath: string; truthPath: string }> {
  const what = `record ${suite}, seed ${seed}`;
  const made = await generateRecording(suite, seed, join(dir, "raw"), {
    name,
    progress: (done, total) => progress.update(what, done, total),
    signal,
  });
  progress.finish(what, `${made.units.length} true units`);
  return { recordingPath: resolve(made.binPath, "../.."), truthPath: made.truthPath };
}

async function registerDemo(connection: Connection, settings: Settings, path: string): Promise<void> {
  const plan = await planRegistration({
    path,
    rawRoots: settings.rawRoots,
    subject: demoSubject,
    sex: "U",
    birthDate: "2026-01-01",
  });
  await register(connection, plan);
  await addParamset(connection, { method: "tenon", description: "built-in sorter, defaults", params: {} });
}

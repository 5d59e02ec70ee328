/**
 * @module
 * `tenon demo`: a lab in a folder. Generates a recording with known truth, registers it, lets the three workers do their steps as
 * separate processes, and says how many of the true units are in the database.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Connection, connect, virtualSchema } from "@tenon/datajoint";
import { generateRecording, type SuiteName } from "@tenon/ephys";
import { addParamset } from "../../ingest/paramsets.ts";
import { planRegistration, register } from "../../ingest/register-session.ts";
import { modules } from "../../pipeline/activate.ts";
import { openLab } from "../../populate/open-lab.ts";
import type { ProgressSink } from "../../populate/worker-output.ts";
import { loadSettings, type Settings } from "../../settings/settings.ts";
import { type Command, type Context, UsageError, wholeNumber } from "../command.ts";
import { demoSubject, summariseDemo, summaryText } from "../demo/summary.ts";
import { runWorkers } from "../demo/workers.ts";
import { makeProgress } from "../progress.ts";
import { suiteName } from "./generate.ts";

const defaultSuite = "poly64";
const marker = "demo.json";
const prefix = "demo_";

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
      help: "folder of the lab, default demo; one that an earlier demo made is made anew",
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
    const settings = await makeLab(dir, env);
    await using connection = await connect(settings.database);
    await dropEarlier(connection, settings);
    const { recordingPath, truthPath } = await record(dir, suite, seed, progress, context.signal);
    await openLab(connection, settings);
    await registerDemo(connection, settings, recordingPath);
    await runWorkers(dir, { env, signal: context.signal }, settings, progress);

    const result = await summariseDemo(settings, truthPath);
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

/** Makes the folder and its configuration; refuses a folder that holds anything but an earlier demo. */
async function makeLab(dir: string, env: Context["env"]): Promise<Settings> {
  if (existsSync(dir)) {
    const names = await readdir(dir);
    if (names.length > 0 && !names.includes(marker))
      throw new UsageError(`${dir} holds files that no demo made. Give an empty or new folder with --in.`);
    for (const name of names) await rm(join(dir, name), { recursive: true });
  }
  await mkdir(join(dir, "raw"), { recursive: true });
  await mkdir(join(dir, "processed"));
  await writeFile(join(dir, marker), `${JSON.stringify({ madeBy: "tenon demo" })}\n`);
  const custom = {
    "database.prefix": prefix,
    raw_root_data_dir: "raw",
    processed_root_data_dir: "processed",
  };
  const stores = { "datajoint-blob": { protocol: "file", location: "processed/datajoint-blob" } };
  const file = join(dir, "dj_local_conf.json");
  await writeFile(file, `${JSON.stringify({ custom, stores }, null, 2)}\n`);
  return loadSettings({ file, env });
}

/** Drops the schemas that an earlier demo left on a server; a file's are gone with the file.
 * @throws UsageError when they hold anything that no demo made */
async function dropEarlier(connection: Connection, settings: Settings): Promise<void> {
  const { catalogue, ddl } = connection.dialect;
  const there = new Set(await catalogue.schemas(connection));
  const subjectSchema = `${settings.prefix}subject`;
  if (there.has(subjectSchema)) {
    const { Subject } = await virtualSchema(connection, subjectSchema);
    const others = (await Subject?.subtract({ subject: demoSubject }).column("subject")) ?? [];
    if (others.length > 0)
      throw new UsageError(
        `The schemas ${settings.prefix}* in ${connection.name} hold subjects that no demo made (${others.slice(0, 3).join(", ")}), so they are not dropped. Set DATABASE_PREFIX to another name that begins with ${prefix}, or drop them yourself.`,
      );
  }
  // children first: foreign keys lead from the later modules to the earlier ones
  for (const module of Object.keys(modules).reverse()) {
    const schema = `${settings.prefix}${module}`;
    if (!there.has(schema)) continue;
    const tables = await catalogue.tables(connection, schema);
    for (const statement of ddl.dropSchema(schema, tables)) await connection.run(statement);
  }
}

async function record(
  dir: string,
  suite: SuiteName,
  seed: number,
  progress: ProgressSink,
  signal: AbortSignal,
): Promise<{ recordingPath: string; truthPath: string }> {
  const what = `record ${suite}, seed ${seed}`;
  const made = await generateRecording(suite, seed, join(dir, "raw"), {
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

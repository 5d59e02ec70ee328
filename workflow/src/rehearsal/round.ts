/**
 * @module
 * One round of a rehearsal: samples, a crew that computes them, one fault, and the verdict.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, findQueue } from "@tenon/datajoint";
import { Random } from "@tenon/ephys";
import type { Settings } from "../settings/settings.ts";
import { Crew, type CrewCounts } from "./crew.ts";
import { judge } from "./judge.ts";
import type { Fault, Means, Stage } from "./stage.ts";
import { bindTables } from "./tables.ts";
import { Wire } from "./wire.ts";
import { tlsKeys, workerEnvironment } from "./worker-database.ts";

export interface RoundOptions {
  readonly settings: Settings;
  readonly connection: Connection;
  readonly means: Means;
  /** Folder of the rehearsal. */
  readonly folder: string;
  /** Schema of the rehearsal's own tables. */
  readonly schema: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly leaseS: number;
  readonly workers: number;
  readonly samples: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Round {
  readonly fault: string;
  readonly seed: number;
  readonly samples: number;
  /** Done exactly once, with the files of the same attempt. */
  readonly whole: number;
  /** How often the fault struck. */
  readonly strikes: number;
  readonly counts: CrewCounts;
  /** In which phases of an attempt workers were killed or stopped, and how often. */
  readonly phases: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** What workers said of their troubles, for the reader of a failed round. */
  readonly said: readonly string[];
  readonly problems: readonly string[];
}

/** What one key takes, as a share of a lease: a round lasts a few leases. */
const computeShare = 0.1;
const fileBytes = 20_000;

/** Plays one round. The tables are emptied first; nothing is left running. */
export async function playRound(fault: Fault, options: RoundOptions): Promise<Round> {
  const { connection, means, settings, leaseS, samples, seed } = options;
  const startMs = performance.now();
  const tables = await bindTables(connection, options.schema, settings.generation);
  await emptyTables(connection, tables);
  await tables.Sample.insert(
    Array.from({ length: samples }, (_, i) => ({ sample_id: i + 1, value: i + 100 })),
  );
  const processedRoot =
    fault.name === "disk" ? join(means.smallDisk!, "processed") : join(options.folder, "processed");
  await rm(processedRoot, { recursive: true, force: true });
  await mkdir(processedRoot, { recursive: true });
  const config = await writeConfiguration(options, processedRoot);

  const { database } = settings;
  using wire =
    fault.behindWire === undefined || database.kind !== "mysql"
      ? undefined
      : await Wire.lay(database.via ?? database);
  const chance = new Random(seed);
  let started = 0;
  const crew = new Crew({
    size: options.workers,
    order: {
      config,
      schema: options.schema,
      generation: settings.generation,
      computeMs: 1000 * computeShare * leaseS,
      fileBytes,
    },
    env: (place) =>
      workerEnvironment(
        database,
        options.env,
        fault.behindWire === "half" && place >= options.workers / 2 ? undefined : wire,
      ),
    plan: (place) => fault.plan?.({ nth: started++, place, seed, chance: () => chance.uniform() }),
    stoppedMs: 1000 * (1.6 * leaseS + 4),
  });
  const limitS = 60 + 20 * leaseS + samples;
  let done = 0;
  let isOver = false;
  const stage: Stage = {
    crew,
    wire,
    connection,
    queue: () => findQueue(tables.Result),
    processedRoot,
    leaseS,
    isOver: () => isOver,
    pause: async (seconds) => {
      const end = performance.now() + seconds * 1000;
      while (!isOver && performance.now() < end)
        await sleep(Math.min(50, Math.max(1, end - performance.now())));
    },
    untilDone: async (share) => {
      while (!isOver && done < share * samples) await sleep(30);
    },
  };
  const problems: string[] = [];
  const striking = (fault.strike?.(stage, means) ?? Promise.resolve(undefined)).catch((error: unknown) => {
    problems.push(`the fault could not be played: ${(error as Error).message}`);
    return 0;
  });
  try {
    for (;;) {
      options.signal.throwIfAborted();
      done = await countDone(tables, connection);
      options.onProgress?.(done, samples);
      if (done >= samples) break;
      if (crew.failure !== undefined) problems.push(crew.failure);
      const seconds = (performance.now() - startMs) / 1000;
      if (seconds > limitS)
        problems.push(`not finished after ${Math.round(seconds)} s: ${done} of ${samples} done`);
      if (problems.length > 0) break;
      await sleep(100);
    }
    // workers that stand still wake up and must find that their keys are gone
    if (crew.counts.stopped > 0) await waitForWoken(crew, 1000 * (2 * leaseS + 8));
  } finally {
    isOver = true;
    await striking;
    wire?.mend();
    await crew.end();
  }
  const strikes = (await striking) ?? crew.counts.killed + crew.counts.stopped;
  if (problems.length === 0 && strikes === 0 && (fault.strike ?? fault.plan) !== undefined)
    problems.push("everything was done before the fault could strike: give more --samples");
  const verdict = await judge(tables, await findQueue(tables.Result), processedRoot, fileBytes);
  return {
    fault: fault.name,
    seed,
    samples,
    whole: verdict.whole,
    strikes,
    counts: { ...crew.counts },
    phases: Object.fromEntries(crew.phases),
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
    said: [...crew.said].slice(0, 20),
    problems: [...problems, ...verdict.problems],
  };
}

/** Zombies say how they ended, each within a moment of being continued. */
async function waitForWoken(crew: Crew, atMostMs: number): Promise<void> {
  const deadline = performance.now() + atMostMs;
  const ends = () => crew.counts.done + crew.counts.lost + crew.counts.failed + crew.counts.killed;
  while (performance.now() < deadline && ends() < crew.counts.started) await sleep(100);
}

/** How many samples have a row; the server may be away, which is the fault. */
async function countDone(
  { Result }: Awaited<ReturnType<typeof bindTables>>,
  connection: Connection,
): Promise<number> {
  try {
    return new Set(await Result.column("sample_id")).size;
  } catch (error) {
    if (connection.settings.kind === "sqlite") throw error;
    await sleep(500);
    return 0;
  }
}

async function emptyTables(
  connection: Connection,
  { Sample, Result }: Awaited<ReturnType<typeof bindTables>>,
): Promise<void> {
  await Sample.delete();
  const queue = await findQueue(Result);
  if (queue !== undefined) await connection.run({ text: `DELETE FROM ${queue.words.jobs}`, parameters: [] });
}

/** The configuration of the workers, without a password: that is in their environment. */
async function writeConfiguration(
  { folder, leaseS, settings }: RoundOptions,
  processedRoot: string,
): Promise<string> {
  const path = join(folder, "dj_local_conf.json");
  const custom = {
    "database.prefix": settings.prefix,
    raw_root_data_dir: join(folder, "raw"),
    processed_root_data_dir: processedRoot,
    generation: settings.generation,
    lease_seconds: leaseS,
  };
  await writeFile(path, `${JSON.stringify({ ...tlsKeys(settings.database), custom })}\n`, { mode: 0o600 });
  return path;
}

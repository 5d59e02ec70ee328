/**
 * @module
 * The history of runs: every attempt at a key as it ended, with its duration. Written in the background, read by `tenon history`.
 */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { deleteFrom, type PopulateEvent } from "@tenon/datajoint";
import { Run } from "../pipeline/operation.ts";
import { again, isThere } from "./operation-tables.ts";
import { utc } from "./utc.ts";

export type Outcome = "done" | "failed" | "lost" | "released";

export interface EndedRun {
  readonly process: string;
  readonly key: Readonly<Record<string, unknown>>;
  readonly outcome: Outcome;
  readonly durationS: number;
  /** "" when it is done. */
  readonly message: string;
}

export interface RunRow extends EndedRun {
  /** UTC. */
  readonly started: string;
  readonly worker: string;
  readonly host: string;
  readonly pid: number;
}

export interface RunFilter {
  /** Only these steps. */
  readonly steps?: readonly string[] | undefined;
  readonly outcome?: Outcome | undefined;
  /** Only runs that began after this time, ms since 1970. */
  readonly sinceMs?: number | undefined;
  /** The newest so many. */
  readonly limit?: number | undefined;
}

/** Characters of a key or message that are kept. */
const longestText = 2047;
const keptDays = 366;
/** Rows that wait at most, and how long, ms. */
const mostWaiting = 200;
const waitMs = 1000;

/** What one worker writes. Trouble with the history is told and hurts no work. */
export class RunRecorder {
  readonly #worker: string;
  readonly #user: string;
  readonly #log: (line: string) => void;
  #waiting: (ReturnType<typeof rowOf> & { worker_name: string; user: string })[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #told = false;
  #cleanedMs = Number.NEGATIVE_INFINITY;

  constructor(worker: string, user: string, log: (line: string) => void) {
    this.#worker = worker;
    this.#user = user;
    this.#log = log;
  }

  /** Writes the runs that end, of all events of a step. */
  hear(step: string, event: PopulateEvent): void {
    const { kind } = event;
    if (kind === "done" || kind === "released")
      this.#add({ process: step, key: event.key, outcome: kind, durationS: event.durationS, message: "" });
    else if (kind === "failed" || kind === "lost") {
      const { key, durationS, message } = event;
      this.#add({ process: step, key, outcome: kind, durationS, message });
    }
  }

  #add(run: EndedRun): void {
    this.#waiting.push({ ...rowOf(run), worker_name: this.#worker, user: this.#user });
    if (this.#waiting.length >= mostWaiting) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), waitMs).unref();
  }

  /** Deletes runs of more than a year ago, once an hour. */
  async cleanUp(nowMs: number = performance.now()): Promise<void> {
    if (nowMs - this.#cleanedMs < 3_600_000) return;
    this.#cleanedMs = nowMs;
    const oldest = utc(Date.now() - keptDays * 86_400_000);
    await again(() => deleteFrom(Run.restrict(`started < '${oldest}'`)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#write();
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rows = this.#waiting;
    if (rows.length === 0) return;
    this.#waiting = [];
    this.#writing = this.#writing
      .then(() => again(() => Run.insert(rows, { skipDuplicates: true })))
      .then(
        () => {
          this.#told = false;
        },
        (error: unknown) => {
          if (!this.#told)
            this.#log(`${rows.length} runs are missing in the history: ${(error as Error).message}`);
          this.#told = true;
        },
      );
  }
}

function rowOf({ process: step, key, outcome, durationS, message }: EndedRun) {
  const text = JSON.stringify(key, (_, value) => (typeof value === "bigint" ? String(value) : value));
  return {
    started: startedOf(durationS),
    process: step,
    key_hash: createHash("md5").update(text).digest("hex"),
    key: text.slice(0, longestText),
    outcome,
    duration: durationS,
    message: [...message].slice(0, longestText).join(""),
    host: hostname(),
    pid: process.pid,
  };
}

/** When a run of so many seconds that ends now began, UTC to the microsecond. */
function startedOf(durationS: number): string {
  const micros = Math.round((Date.now() - durationS * 1000) * 1000);
  return `${utc(Math.floor(micros / 1000))}${`${micros % 1000}`.padStart(3, "0")}`;
}

/** Runs that ended, the newest first. */
export async function readRuns(filter: RunFilter = {}): Promise<readonly RunRow[]> {
  if (!isThere(Run)) return [];
  const rows = await again(() =>
    Run.restrict(filter.outcome === undefined ? {} : { outcome: filter.outcome })
      .restrict(filter.steps === undefined ? {} : filter.steps.map((process) => ({ process })))
      .restrict(filter.sinceMs === undefined ? {} : `started >= '${utc(filter.sinceMs)}'`)
      .fetch({ orderBy: ["started DESC"], ...(filter.limit === undefined ? {} : { limit: filter.limit }) }),
  );
  return rows.map((row) => ({
    started: String(row.started),
    process: String(row.process),
    key: keyOf(String(row.key)),
    outcome: row.outcome as Outcome,
    durationS: Number(row.duration),
    message: String(row.message),
    worker: String(row.worker_name),
    host: String(row.host),
    pid: Number(row.pid),
  }));
}

function keyOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // a key that was too long for its column
    return { key: text };
  }
}

/**
 * @module
 * What a worker writes of itself into schema `workerlog`, for people and for datajoint-python's utilities: its registration, a row for
 * every process it begins, errors that are in no table of jobs (pipeline contract 2.12, 6.2 to 6.4).
 *
 * What a newcomer would get wrong: times in this schema are UTC, those in the tables of jobs are the server's.
 */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { type Connection, deleteFrom, LostConnectionError, type PopulateTable } from "@tenon/datajoint";
import { dictToUuid, type PythonValue } from "../ingest/dict-to-uuid.ts";
import { again } from "../operations/operation-tables.ts";
import { utc, utcNow } from "../operations/utc.ts";
import { ErrorLog, RegisteredWorker, RegisteredWorkerProcess, WorkerLog } from "../pipeline/worker-log.ts";
import { keySourceSql } from "./key-source-sql.ts";
import type { StepDefinition, WorkerDefinition } from "./process.ts";

/** Rows of the logs are kept for so many days, and looked through once in so many hours. */
const keptDays = 30;
const lookEveryH = 1;
/** Processes that begin within this time are one statement. */
const togetherMs = 200;
/** Rows that wait for a server that is away. */
const mostKept = 1000;
/** Characters of a message or key in the error log. */
const longestText = 2047;

export interface LoggedError {
  readonly process: string;
  /** The key that failed; undefined for a step that is a function. */
  readonly key?: Readonly<Record<string, unknown>> | undefined;
  /** As the table of jobs knows the key. */
  readonly keyHash?: string | undefined;
  /** `ClassName: message`. */
  readonly message: string;
  readonly stack: string;
}

export class WorkerJournal implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #worker: string;
  /** The database's user and this host, as rows name it; "" on SQLite. */
  readonly user: string;
  #begun: ({ process: string; process_timestamp: string; worker_name: string } & ReturnType<
    WorkerJournal["who"]
  >)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #lastLookMs = Number.NEGATIVE_INFINITY;

  constructor(connection: Connection, worker: string) {
    this.#connection = connection;
    this.#worker = worker;
    const { settings } = connection;
    this.user = settings.kind === "sqlite" ? "" : `${settings.user}@${hostname()}`;
  }

  /** Registers the worker with its processes; one that is registered as it is already is left alone. */
  async register(definition: WorkerDefinition, kwargs: Readonly<Record<string, PythonValue>>): Promise<void> {
    const worker_name = this.#worker;
    const entries = definition.steps.map((step, process_index) => entryOf(worker_name, step, process_index));
    const uuids = entries.map((entry) => dictToUuid(entry));
    const config = Object.fromEntries(uuids.map((uuid, index) => [`${index}`, uuid]));
    const worker_config_uuid = dictToUuid(config, true);
    const same = RegisteredWorker.restrict({ worker_name, worker_config_uuid });
    if (await same.exists()) return;
    await again(() => this.#replace(worker_config_uuid, kwargs, entries, uuids));
  }

  #replace(
    worker_config_uuid: string,
    kwargs: Readonly<Record<string, PythonValue>>,
    entries: readonly ReturnType<typeof entryOf>[],
    uuids: readonly string[],
  ): Promise<void> {
    const worker_name = this.#worker;
    return this.#connection.transaction(async () => {
      await deleteFrom(RegisteredWorker.restrict({ worker_name }));
      // of two workers of one name that begin at the same time, one inserts
      const row = {
        worker_name,
        registration_time: utcNow(),
        worker_kwargs: { worker_name, ...kwargs },
        worker_config_uuid,
      };
      await RegisteredWorker.insert([row], { skipDuplicates: true });
      await RegisteredWorkerProcess.insert(
        entries.map((entry, index) => ({ ...entry, process_config_uuid: uuids[index]! })),
        { skipDuplicates: true },
      );
    });
  }

  /** Says that a process is about to run. Written a moment later, together with those that begin in that moment.
   *  @throws what hindered the last writing, until one goes well */
  async begin(process_: string): Promise<void> {
    this.#begun.push({
      process: process_,
      process_timestamp: utcNow(),
      worker_name: this.#worker,
      ...this.who(),
    });
    this.#timer ??= setTimeout(() => void this.settle(), togetherMs);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Writes what has begun and is not written yet. */
  settle(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.settle();
  }

  /** Never throws. */
  async #write(): Promise<void> {
    const rows = this.#begun;
    this.#begun = [];
    if (rows.length === 0) return;
    try {
      await again(async () => void (await WorkerLog.insert(rows, { skipDuplicates: true })));
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error as Error;
      // a server that is away gets them when it is back
      if (error instanceof LostConnectionError) this.#begun = [...rows, ...this.#begun].slice(-mostKept);
    }
  }

  /** Keeps an error; a later one of the same key takes its place. */
  async error({ process: process_, key, keyHash, message, stack }: LoggedError): Promise<void> {
    const error_timestamp = utcNow();
    const shownKey = key ?? { error_time: error_timestamp };
    const key_hash = keyHash ?? createHash("md5").update(error_timestamp).digest("hex");
    const row = {
      process: process_,
      key_hash,
      error_timestamp,
      key: JSON.stringify(shownKey).slice(0, longestText),
      error_message: [...message].slice(0, longestText).join(""),
      error_stack: stack,
      ...this.who(),
    };
    await again(() => ErrorLog.insert([row], { replace: true }));
  }

  /** Deletes rows older than 30 days, once an hour. */
  async cleanUp(nowMs: number = performance.now()): Promise<void> {
    if (nowMs - this.#lastLookMs < lookEveryH * 3_600_000) return;
    this.#lastLookMs = nowMs;
    const oldest = utc(Date.now() - keptDays * 86_400_000);
    await again(() => deleteFrom(WorkerLog.restrict(`process_timestamp < '${oldest}'`)));
    await again(() => deleteFrom(ErrorLog.restrict(`error_timestamp < '${oldest}'`)));
  }

  /** As rows name it. */
  who() {
    return { host: hostname(), user: this.user, pid: process.pid };
  }
}

/** What is registered of a process, and hashed as Python does. */
function entryOf(worker_name: string, step: StepDefinition, process_index: number) {
  const table: PopulateTable | undefined = step.kind === "table" ? step.table : undefined;
  const kwargs: Record<string, PythonValue> =
    step.kind === "table"
      ? { display_progress: true, reserve_jobs: true, suppress_errors: true, ...maxCalls(step.options) }
      : {};
  return {
    worker_name,
    process: step.process,
    process_index,
    full_table_name: table === undefined ? "" : `\`${table.schema}\`.\`${table.table}\``,
    key_source_sql: table === undefined ? null : keySourceSql(table),
    process_kwargs: kwargs,
  };
}

function maxCalls({ maxCalls: most }: { readonly maxCalls?: number }): Record<string, PythonValue> {
  return most === undefined ? {} : { max_calls: most };
}

/**
 * @module
 * What a worker process needs to hold leases, opened once and used for all its tables: a connection for the queues, and the beater.
 */
import { type Connection, type ConnectionSettings, connect } from "../connection/connection.ts";
import { Beater } from "./beater.ts";
import { Briefly } from "./briefly.ts";
import { type PythonTiming, PythonWatch } from "./dead-python.ts";
import { declareJobs, withTwin } from "./jobs-table.ts";
import { LateWatch } from "./late.ts";
import { type JobQueue, makeQueue, sql } from "./queue.ts";
import { checkTiming, defaultTiming, type LeaseTiming, monotonicMs } from "./timing.ts";
import { queuesOf } from "./twin.ts";

/** A queue of this process, and what all calls of populate on its table share. */
export interface OpenQueue {
  readonly queue: JobQueue;
  readonly watch: LateWatch;
  /** Runs one look-and-claim at a time: which keys of a batch were won is told by the session, which two calls may share. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Texts of the keys that this process holds, whichever call has them: none of them is asked for. */
  readonly held: Set<string>;
}

/** Between two looks at what changes seldom. */
const LOOK_MS = 60_000;
/** How long it is believed that no job is reserved, and which tables a schema has; short beside every lease. */
const BRIEFLY_MS = 1000;

export interface LeasesOptions {
  /** Whether reservations of dead Python workers are freed: by the rule of dead-python.ts, or `false` for never. Default: by the rule. */
  readonly releaseDeadPython?: boolean | Partial<PythonTiming> | undefined;
}

export class Leases {
  readonly timing: LeaseTiming;
  readonly beater: Beater;
  readonly #connection: Connection;
  /** What is known of Python's reservations; undefined when they are left alone. */
  readonly python: PythonWatch | undefined;
  readonly #queues = new Map<string, OpenQueue & { readonly lookedMs: number }>();
  readonly #pythonLooks = new Map<string, number>();
  readonly #reserved = new Briefly<boolean>(BRIEFLY_MS);
  readonly #tables = new Briefly<readonly string[]>(BRIEFLY_MS);

  private constructor(
    connection: Connection,
    beater: Beater,
    timing: LeaseTiming,
    { releaseDeadPython = true }: LeasesOptions,
  ) {
    if (releaseDeadPython !== false)
      this.python = new PythonWatch(releaseDeadPython === true ? {} : releaseDeadPython);
    this.#connection = connection;
    this.beater = beater;
    this.timing = timing;
  }

  /**
   * Opens the queue's connection. The beat thread starts with the first claim.
   *
   * @throws AccessError, LostConnectionError, SettingsError as `connect`
   */
  static async open(
    settings: ConnectionSettings,
    timing: Partial<LeaseTiming> = {},
    options: LeasesOptions = {},
  ): Promise<Leases> {
    const all = { ...defaultTiming, ...timing };
    checkTiming(all);
    const own = queueSettings(settings, all);
    return new Leases(await connect(own), new Beater(own, all.beatS), all, options);
  }

  /** The queue of a table, declared when it is not there, and the memory of its late leases. Workers of the other generation may bring
   *  theirs at any time, so that is looked for again once a minute. */
  async queue(target: Pick<JobQueue, "schema" | "target" | "shape" | "key">): Promise<OpenQueue> {
    const name = `${target.schema}.${target.target}`;
    const known = this.#queues.get(name);
    if (known !== undefined && monotonicMs() - known.lookedMs < LOOK_MS) return known;
    const plain = makeQueue({ ...target, connection: this.#connection, timing: this.timing });
    const queue = known === undefined ? await declareJobs(plain) : await this.#lookAgain(plain);
    // two calls may have declared it at the same time
    const old = this.#queues.get(name);
    const made = {
      queue,
      watch: old?.watch ?? new LateWatch(),
      alone: old?.alone ?? oneAtATime(),
      held: old?.held ?? new Set<string>(),
      lookedMs: monotonicMs(),
    };
    this.#queues.set(name, made);
    return made;
  }

  /** A queue that was declared, with the twin that it may have by now. */
  async #lookAgain(plain: JobQueue): Promise<JobQueue> {
    const { connection, schema } = plain;
    const tables = await this.#tables.ask(schema, () =>
      connection.dialect.catalogue.tables(connection, schema),
    );
    return withTwin(plain, tables).queue;
  }

  /** Whether it is time to look for dead Python workers in a queue; remembers that it was asked. */
  isPythonDue(queue: JobQueue): boolean {
    if (this.python === undefined) return false;
    const name = `${queue.schema}.${queue.target}`;
    const lookMs = Math.min(LOOK_MS, (this.python.timing.betweenLooksS * 1000) / 2);
    if (monotonicMs() - (this.#pythonLooks.get(name) ?? Number.NEGATIVE_INFINITY) < lookMs) return false;
    this.#pythonLooks.set(name, monotonicMs());
    return true;
  }

  /** Whether any job is reserved in the job tables of a queue, of this table or, in `~jobs`, of another: if not, no lease is late and no Python
   *  worker dead. One answer is good for all tables of a schema for a second, which matters to workers that have nothing to do. */
  async hasReserved(queue: JobQueue): Promise<boolean> {
    const answers = await Promise.all(queuesOf(queue).map((one) => this.#hasReserved(one)));
    return answers.includes(true);
  }

  #hasReserved({ words, connection }: JobQueue): Promise<boolean> {
    return this.#reserved.ask(words.jobs, async () => {
      const { rows } = await connection.run(
        sql(`SELECT EXISTS (SELECT 1 FROM ${words.jobs} WHERE status='reserved') AS n`),
      );
      return Number(rows[0]!.n) > 0;
    });
  }

  async close(): Promise<void> {
    await this.beater.close();
    await this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function oneAtATime(): OpenQueue["alone"] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    // what fails is told to its caller, and the next one goes on
    last = next.catch(() => undefined);
    return next;
  };
}

/** Queue and beat connections wait for no lock longer than 2 s, and the server ends what has been silent, so that a worker that is stopped
 *  leaves no sessions behind. */
function queueSettings(settings: ConnectionSettings, timing: LeaseTiming): ConnectionSettings {
  // a file has no server whose sessions could stay behind
  if (!("host" in settings)) return settings;
  const variables = {
    ...settings.variables,
    innodb_lock_wait_timeout: 2,
    wait_timeout: Math.max(1, Math.ceil(timing.idleTransactionS)),
  };
  return { ...settings, variables, maxSessions: Math.min(settings.maxSessions ?? 4, 4) };
}

/**
 * @module
 * What a worker process needs to hold leases, opened once and used for all its tables: a connection for the queues, and the beater.
 */
import { type Connection, type ConnectionSettings, connect } from "../connection/connection.ts";
import { Beater } from "./beater.ts";
import { declareJobs } from "./jobs-table.ts";
import { LateWatch } from "./late.ts";
import { type JobQueue, makeQueue } from "./queue.ts";
import { defaultTiming, type LeaseTiming } from "./timing.ts";

export class Leases {
  readonly timing: LeaseTiming;
  readonly beater: Beater;
  readonly #connection: Connection;
  readonly #queues = new Map<string, { readonly queue: JobQueue; readonly watch: LateWatch }>();

  private constructor(connection: Connection, beater: Beater, timing: LeaseTiming) {
    this.#connection = connection;
    this.beater = beater;
    this.timing = timing;
  }

  /**
   * Opens the queue's connection and starts the beat thread.
   *
   * @throws AccessError, LostConnectionError, SettingsError as `connect`
   */
  static async open(settings: ConnectionSettings, timing: Partial<LeaseTiming> = {}): Promise<Leases> {
    const all = { ...defaultTiming, ...timing };
    const own = queueSettings(settings, all);
    return new Leases(await connect(own), new Beater(own, all.beatS), all);
  }

  /** The queue of a table, declared when it is not there, and the memory of its late leases. */
  async queue(
    target: Pick<JobQueue, "schema" | "target" | "shape" | "key">,
  ): Promise<{ readonly queue: JobQueue; readonly watch: LateWatch }> {
    const name = `${target.schema}.${target.target}`;
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const queue = makeQueue({ ...target, connection: this.#connection, timing: this.timing });
    await declareJobs(queue);
    const made = { queue, watch: new LateWatch() };
    this.#queues.set(name, made);
    return made;
  }

  async close(): Promise<void> {
    await this.beater.close();
    await this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Queue and beat connections wait for no lock longer than 2 s, and the server ends what has been silent: a statement into a dead
 *  network path then fails instead of waiting for ever. */
function queueSettings(settings: ConnectionSettings, timing: LeaseTiming): ConnectionSettings {
  if (settings.kind === "sqlite") return settings;
  const variables = {
    ...settings.variables,
    innodb_lock_wait_timeout: 2,
    wait_timeout: Math.max(1, Math.ceil(timing.idleTransactionS)),
  };
  return { ...settings, variables, maxSessions: Math.min(settings.maxSessions ?? 4, 4) };
}

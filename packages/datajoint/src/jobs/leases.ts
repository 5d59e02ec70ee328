/**
 * @module
 * What a worker process needs to hold leases, opened once and used for all its tables: a connection for the queues, and the beater.
 */
import { type Connection, type ConnectionSettings, connect } from "../connection/connection.ts";
import { Beater } from "./beater.ts";
import { declareJobs } from "./jobs-table.ts";
import { LateWatch } from "./late.ts";
import { type JobQueue, makeQueue } from "./queue.ts";
import { checkTiming, defaultTiming, type LeaseTiming } from "./timing.ts";

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
   * @throws AccessError, LostConnectionError, SettingsError as `connect`; DataJointError when the thread could not be started
   */
  static async open(settings: ConnectionSettings, timing: Partial<LeaseTiming> = {}): Promise<Leases> {
    const all = { ...defaultTiming, ...timing };
    checkTiming(all);
    const own = queueSettings(settings, all);
    const connection = await connect(own);
    const beater = new Beater(own, all.beatS);
    try {
      await beater.ready();
    } catch (error) {
      await connection.close();
      throw error;
    }
    return new Leases(connection, beater, all);
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

/**
 * @module
 * Open sessions, kept for the next statement.
 *
 * A session idle for more than 20 s is never used again (leases.md 5): the server, a proxy or a laptop's sleep may have ended it, and
 * inside a transaction that would show too late. mysql2's own pool promises less, hence this one.
 */
import type { Connection as Mysql2Connection } from "mysql2/promise";
import { LostConnectionError } from "../../errors.ts";
import { within } from "./session-state.ts";

const maxIdleMs = 20_000;
const maxWaitMs = 60_000;
/** For the answer to a polite end, which a cut network never brings. */
const goodbyeMs = 2000;

interface Pooled {
  readonly session: Mysql2Connection;
  /** Session variables that were set; sessions with different ones are not interchangeable. */
  readonly tag: string;
  lastUsedMs: number;
  isDead: boolean;
}

interface Waiter {
  readonly wake: () => void;
}

export class Pool {
  readonly #open: (tag: string) => Promise<Mysql2Connection>;
  readonly #max: number;
  readonly #where: string;
  readonly #idle: Pooled[] = [];
  readonly #waiting: Waiter[] = [];
  /** Sessions handed out or being opened. */
  #busy = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(open: (tag: string) => Promise<Mysql2Connection>, max: number, where: string) {
    this.#open = open;
    this.#max = max;
    this.#where = where;
  }

  /** Hands out a session, opening one if none is idle and fewer than the maximum are open; else waits for one.
   *  @param tag  session variables that it must have, as JSON; "" for none
   *  @param suits  whether a session with other ones serves as well */
  async acquire(tag = "", suits: (tag: string) => boolean = () => false): Promise<Pooled> {
    const deadline = Date.now() + maxWaitMs;
    for (;;) {
      if (this.#isClosed) throw new LostConnectionError(`The connection to ${this.#where} is closed.`);
      this.#dropStale();
      const index = this.#idle.findLastIndex((pooled) => pooled.tag === tag || suits(pooled.tag));
      if (index >= 0) {
        this.#busy++;
        return this.#idle.splice(index, 1)[0]!;
      }
      if (this.#busy + this.#idle.length < this.#max) break;
      const stranger = this.#idle.shift();
      if (stranger !== undefined) {
        // an idle session with other variables makes room
        end(stranger);
        break;
      }
      if (!(await this.#turn(deadline - Date.now()))) {
        throw new LostConnectionError(
          `All ${this.#max} sessions with ${this.#where} were busy for ${maxWaitMs / 1000} s. Are streams left open, or transactions waiting for each other?`,
        );
      }
    }
    this.#busy++;
    try {
      const session = await this.#open(tag);
      const pooled: Pooled = { session, tag, lastUsedMs: Date.now(), isDead: false };
      const raw = session as unknown as { on(event: string, listener: () => void): void };
      raw.on("error", () => {
        pooled.isDead = true;
      });
      raw.on("end", () => {
        pooled.isDead = true;
      });
      return pooled;
    } catch (error) {
      this.#busy--;
      this.#wakeOne();
      throw error;
    }
  }

  /** Takes a session back. `isDirty`: its state is unknown, so it is closed. */
  release(pooled: Pooled, isDirty = false): void {
    this.#busy--;
    pooled.lastUsedMs = Date.now();
    if (isDirty || pooled.isDead || this.#isClosed) end(pooled);
    else {
      this.#idle.push(pooled);
      this.#sweeper ??= setInterval(() => this.#dropStale(), maxIdleMs / 2).unref();
    }
    this.#wakeOne();
  }

  /** Closes the idle sessions now and the others when they come back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    for (const waiter of this.#waiting.splice(0)) waiter.wake();
    await Promise.all(
      this.#idle.splice(0).map((pooled) =>
        within(goodbyeMs, pooled.session.end()).catch(() => {
          end(pooled);
        }),
      ),
    );
  }

  #dropStale(): void {
    const oldest = Date.now() - maxIdleMs;
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      const pooled = this.#idle[i]!;
      if (pooled.isDead || pooled.lastUsedMs < oldest) {
        this.#idle.splice(i, 1);
        end(pooled);
      }
    }
  }

  #turn(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        wake: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      const timer = setTimeout(
        () => {
          this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
          resolve(false);
        },
        Math.max(0, withinMs),
      );
      this.#waiting.push(waiter);
    });
  }

  #wakeOne(): void {
    this.#waiting.shift()?.wake();
  }
}

export type { Pooled };

function end(pooled: Pooled): void {
  pooled.isDead = true;
  pooled.session.destroy();
  // mysql2 only says goodbye, which nobody may hear; the socket must not keep the process alive
  (pooled.session as unknown as { connection: { stream: { unref(): void } } }).connection.stream.unref();
}

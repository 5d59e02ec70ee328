/**
 * @module
 * Keeps leases alive from a thread of its own (beat-thread.ts), and tells when one is lost or the thread has died.
 */
import { Worker } from "node:worker_threads";
import type { ConnectionSettings } from "../connection/connection.ts";
import { DataJointError, LeaseLostError } from "../errors.ts";
import { beatStatements } from "./beat.ts";
import type { BeatThreadData, FromBeatThread, ToBeatThread } from "./beat-thread.ts";
import type { Claim } from "./claim.ts";
import type { JobQueue } from "./queue.ts";

/** A lease that is being renewed. */
export interface HeldLease {
  readonly claim: Claim;
  /** Aborted, with a LeaseLostError, when the row no longer carries the claim's token. */
  readonly signal: AbortSignal;
  /** When the last renewal that arrived was sent, by monotonicMs(); its claim at first. The lease lasts from then, at least. */
  readonly lastBeatMs: number;
  /** Ends the renewals. Idempotent. */
  drop(): void;
}

interface Held {
  lastBeatMs: number;
  readonly controller: AbortController;
  readonly queue: JobQueue;
}

/** What a beater has to say beside losses. */
export type BeaterEvent =
  | { readonly kind: "databaseAway"; readonly reason: string }
  | { readonly kind: "databaseBack" }
  | { readonly kind: "beaterDied"; readonly reason: string };

export class Beater {
  readonly #thread: Worker;
  readonly #held = new Map<number, Held>();
  readonly #listeners = new Set<(event: BeaterEvent) => void>();
  readonly #ready = Promise.withResolvers<void>();
  #next = 1;
  #isEnding = false;
  #death: DataJointError | undefined;

  /** @param settings  of a connection of its own, opened when the first lease is held */
  constructor(settings: ConnectionSettings, beatS: number) {
    const workerData: BeatThreadData = { settings, beatS };
    this.#thread = new Worker(new URL("./beat-thread.ts", import.meta.url), { workerData, name: "beat" });
    this.#thread.on("message", (message: FromBeatThread) => this.#hear(message));
    this.#thread.on("error", (error) => this.#die(error instanceof Error ? error.message : String(error)));
    this.#thread.on("exit", (code) => {
      if (!this.#isEnding) this.#die(`it ended with code ${code}`);
    });
    // its death is told by those who ask
    this.#ready.promise.catch(() => undefined);
  }

  /** Waits until the thread could beat: a claim before that might be late already when the first beat comes.
   *  @throws DataJointError when the thread died instead */
  async ready(): Promise<void> {
    await this.#ready.promise;
  }

  /** Why the thread has died; undefined while it lives. A worker whose heart has stopped must not claim. */
  get death(): DataJointError | undefined {
    return this.#death;
  }

  /** Ends the thread as a crash would; for tests. */
  async stopThread(): Promise<void> {
    await this.#thread.terminate();
  }

  onEvent(listener: (event: BeaterEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to renew a lease.
   *  @param sinceMs  when the claim was sent, by monotonicMs()
   *  @throws DataJointError when the thread has died */
  hold(queue: JobQueue, claim: Claim, sinceMs: number): HeldLease {
    if (this.#death !== undefined) throw this.#death;
    const id = this.#next++;
    const held: Held = { lastBeatMs: sinceMs, controller: new AbortController(), queue };
    this.#held.set(id, held);
    this.#tell({ kind: "hold", id, statements: beatStatements(queue, claim) });
    return {
      claim,
      signal: held.controller.signal,
      get lastBeatMs() {
        return held.lastBeatMs;
      },
      drop: () => {
        if (this.#held.delete(id)) this.#tell({ kind: "drop", id });
      },
    };
  }

  /** Ends the thread and closes its connection. Leases still held go on until they expire. */
  async close(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#held.clear();
    if (this.#death !== undefined) return;
    const ended = new Promise((resolve) => this.#thread.once("exit", resolve));
    // while we wait for its end it must keep the process alive
    this.#thread.ref();
    this.#tell({ kind: "end" });
    const timer = setTimeout(() => void this.#thread.terminate(), 5000);
    await ended;
    clearTimeout(timer);
  }

  #tell(message: ToBeatThread): void {
    this.#thread.postMessage(message);
  }

  #hear(message: FromBeatThread): void {
    switch (message.kind) {
      case "ready":
        this.#ready.resolve();
        // a program that has nothing else to do may end
        this.#thread.unref();
        return;
      case "beat": {
        const held = this.#held.get(message.id);
        if (held !== undefined) held.lastBeatMs = message.sentMs;
        return;
      }
      case "lost": {
        const held = this.#held.get(message.id);
        this.#held.delete(message.id);
        held?.controller.abort(
          new LeaseLostError(
            `The job of ${held.queue.schema}.${held.queue.target} was taken over while this worker was not heard of, or its reservation was removed. Its result is dropped.`,
          ),
        );
        return;
      }
      case "away":
        this.#say({ kind: "databaseAway", reason: message.reason });
        return;
      case "back":
        this.#say({ kind: "databaseBack" });
        return;
      default: {
        const unknown: never = message;
        throw new DataJointError(`The beat thread said ${JSON.stringify(unknown)}.`);
      }
    }
  }

  #die(reason: string): void {
    if (this.#death !== undefined) return;
    this.#death = new DataJointError(
      `The thread that renews this worker's leases has died (${reason}). The worker claims no more jobs; start it again.`,
    );
    this.#ready.reject(this.#death);
    this.#say({ kind: "beaterDied", reason });
  }

  #say(event: BeaterEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

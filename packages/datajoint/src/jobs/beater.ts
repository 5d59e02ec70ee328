/**
 * @module
 * Keeps leases alive from a thread of its own (beat-thread.ts), and tells when one is lost or the thread has died. The thread is there while
 * there are leases and a minute longer.
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

/** A thread that was started, whether or not it is still the one that takes new leases. */
interface BeatThread {
  readonly worker: Worker;
  readonly ready: Promise<void>;
  /** It was told to end: its exit is no death. */
  isEnding: boolean;
  readonly ended: Promise<void>;
}

/** A thread without leases ends after so long: it has the memory of a second program, and idle workers are many. */
const REST_MS = 60_000;

export class Beater {
  readonly #data: BeatThreadData;
  readonly #restMs: number;
  #thread: BeatThread | undefined;
  /** Those that were told to end and may not have yet. */
  readonly #ending = new Set<BeatThread>();
  readonly #held = new Map<number, Held>();
  readonly #listeners = new Set<(event: BeaterEvent) => void>();
  #rest: NodeJS.Timeout | undefined;
  #next = 1;
  #isClosed = false;
  #death: DataJointError | undefined;

  /** @param settings  of a connection of its own, opened when the first lease is held
   *  @param restMs  how long the thread stays without a lease */
  constructor(settings: ConnectionSettings, beatS: number, restMs: number = REST_MS) {
    this.#data = { settings, beatS };
    this.#restMs = restMs;
  }

  /** Starts the thread, if it does not run, and waits until it could beat: a claim before that might be late already when the first beat comes.
   *  @throws DataJointError when the thread died instead */
  async ready(): Promise<void> {
    this.#refuse();
    // what is claimed now is held in a moment
    this.#restLater();
    await this.#running().ready;
  }

  /** Why the thread has died; undefined while it lives. A worker whose heart has stopped must not claim. */
  get death(): DataJointError | undefined {
    return this.#death;
  }

  /** Ends the thread as a crash would; for tests. */
  async stopThread(): Promise<void> {
    await this.#thread?.worker.terminate();
  }

  /** Whether a thread runs that takes leases. */
  get isRunning(): boolean {
    return this.#thread !== undefined && this.#death === undefined;
  }

  onEvent(listener: (event: BeaterEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to renew a lease.
   *  @param sinceMs  when the claim was sent, by monotonicMs()
   *  @throws DataJointError when the thread has died */
  hold(queue: JobQueue, claim: Claim, sinceMs: number): HeldLease {
    this.#refuse();
    const id = this.#next++;
    const held: Held = { lastBeatMs: sinceMs, controller: new AbortController(), queue };
    this.#held.set(id, held);
    clearTimeout(this.#rest);
    this.#tell({ kind: "hold", id, statements: beatStatements(queue, claim) });
    return {
      claim,
      signal: held.controller.signal,
      get lastBeatMs() {
        return held.lastBeatMs;
      },
      drop: () => {
        if (!this.#held.delete(id)) return;
        this.#tell({ kind: "drop", id });
        if (this.#held.size === 0) this.#restLater();
      },
    };
  }

  /** Ends the thread and closes its connection. Leases still held go on until they expire. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held.clear();
    clearTimeout(this.#rest);
    if (this.#death === undefined) this.#retire();
    await Promise.all([...this.#ending].map((thread) => ended(thread)));
  }

  /** @throws DataJointError when there can be no thread any more */
  #refuse(): void {
    if (this.#death !== undefined) throw this.#death;
    if (this.#isClosed) throw new DataJointError("The leases of this worker are closed; open them again.");
  }

  #running(): BeatThread {
    this.#thread ??= this.#start();
    return this.#thread;
  }

  #start(): BeatThread {
    const worker = new Worker(new URL("./beat-thread.ts", import.meta.url), {
      workerData: this.#data,
      name: "beat",
    });
    const ready = Promise.withResolvers<void>();
    // its death is told by those who ask
    ready.promise.catch(() => undefined);
    const exit = Promise.withResolvers<void>();
    const thread: BeatThread = { worker, ready: ready.promise, isEnding: false, ended: exit.promise };
    const die = (reason: string) => {
      if (!thread.isEnding) ready.reject(this.#die(reason));
    };
    worker.on("message", (message: FromBeatThread) => {
      if (message.kind !== "ready") return this.#hear(message);
      ready.resolve();
      // a program that has nothing else to do may end
      if (!thread.isEnding) worker.unref();
    });
    worker.on("error", (error) => die(error instanceof Error ? error.message : String(error)));
    worker.on("exit", (code) => {
      this.#ending.delete(thread);
      exit.resolve();
      die(`it ended with code ${code}`);
      ready.reject(new DataJointError("The thread that renews leases was told to end before it was ready."));
    });
    return thread;
  }

  /** Ends the thread when it has no lease for long enough. */
  #restLater(): void {
    clearTimeout(this.#rest);
    if (this.#isClosed) return;
    this.#rest = setTimeout(() => {
      if (this.#held.size === 0) this.#retire();
    }, this.#restMs).unref();
  }

  /** Lets the thread end; the next lease gets another. */
  #retire(): void {
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#thread = undefined;
    thread.isEnding = true;
    this.#ending.add(thread);
    thread.worker.postMessage({ kind: "end" } satisfies ToBeatThread);
  }

  #tell(message: ToBeatThread): void {
    this.#running().worker.postMessage(message);
  }

  #hear(message: Exclude<FromBeatThread, { kind: "ready" }>): void {
    switch (message.kind) {
      case "beat": {
        const held = this.#held.get(message.id);
        if (held !== undefined) held.lastBeatMs = message.sentMs;
        return;
      }
      case "lost": {
        const held = this.#held.get(message.id);
        this.#held.delete(message.id);
        if (this.#held.size === 0) this.#restLater();
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

  #die(reason: string): DataJointError {
    if (this.#death === undefined) {
      this.#death = new DataJointError(
        `The thread that renews this worker's leases has died (${reason}). The worker claims no more jobs; start it again.`,
      );
      this.#say({ kind: "beaterDied", reason });
    }
    return this.#death;
  }

  #say(event: BeaterEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** Waits for the end of a thread that was told to, and makes it after 5 s. */
async function ended({ worker, ended: exit }: BeatThread): Promise<void> {
  // while we wait for its end it must keep the process alive
  worker.ref();
  const timer = setTimeout(() => void worker.terminate(), 5000);
  await exit;
  clearTimeout(timer);
}

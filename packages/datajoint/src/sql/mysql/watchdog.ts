/**
 * @module
 * Tells a statement that takes long from one whose connection is dead without having been closed: a cut network, a host that vanished, a
 * firewall that forgot the connection. Nothing is closed then, and TCP alone would wait for a quarter of an hour, or for ever.
 *
 * A statement that has had no byte of an answer for a while is asked about on a connection of its own: the server's process list shows
 * whether it works on it. What a newcomer would get wrong: silence is no proof, since a long query is silent too; and a busy event loop
 * sees everything late, so the verdict is the server's, never the clock's alone.
 */
import type { Socket } from "node:net";
import type { Connection as Mysql2Connection } from "mysql2/promise";
import { LostConnectionError } from "../../errors.ts";

/** When the watchdog begins to ask, and what it takes as an answer. */
export interface WatchdogTiming {
  /** Silence before the server is asked, and between two questions. */
  readonly askAfterMs: number;
  /** How long the server may be out of reach for questions until the statement's connection counts as lost. */
  readonly unreachableMs: number;
  /** How long one question may take. */
  readonly answerMs: number;
}

export const watchdogTiming: WatchdogTiming = { askAfterMs: 15_000, unreachableMs: 30_000, answerMs: 10_000 };

/** What the server's process list says of a session. */
export type SessionState = "working" | "waiting for a statement" | "gone";

/** Asks the server, on a connection of its own. @returns the sessions that it has, by thread id; ends `ended` ones first */
export type Ask = (
  threadIds: readonly number[],
  ended: readonly number[],
) => Promise<ReadonlyMap<number, SessionState>>;

/** The part of mysql2's session that it has and its types lack. */
interface SocketSession {
  readonly connection: { readonly threadId: number; readonly stream: Socket };
}

interface Watched {
  readonly threadId: number;
  readonly stream: Socket;
  readonly onDead: (error: LostConnectionError) => void;
  bytesRead: number;
  quietSinceMs: number;
  /** The server had nothing to do for it at the last question. */
  wasIdle: boolean;
  unreachableSinceMs: number | undefined;
}

export class Watchdog {
  readonly #ask: Ask;
  readonly #where: string;
  readonly #timing: WatchdogTiming;
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;

  constructor(ask: Ask, where: string, timing: WatchdogTiming = watchdogTiming) {
    this.#ask = ask;
    this.#where = where;
    this.#timing = timing;
  }

  /** Waits for what a session was sent. @throws LostConnectionError when the session is dead; it is closed then */
  watch<T>(session: Mysql2Connection, running: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = this.begin(session, reject);
      running.then(resolve, reject).finally(end);
    });
  }

  /** Watches a session until the function that it returns is called.
   *  @param onDead  called at most once, after the session was closed */
  begin(session: Mysql2Connection, onDead: (error: LostConnectionError) => void): () => void {
    const { threadId, stream } = (session as unknown as SocketSession).connection;
    const watched: Watched = {
      threadId,
      stream,
      onDead,
      bytesRead: stream.bytesRead,
      quietSinceMs: performance.now(),
      wasIdle: false,
      unreachableSinceMs: undefined,
    };
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => void this.#look(), this.#timing.askAfterMs / 3).unref();
    return () => this.#watched.delete(watched);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (this.#watched.size === 0) this.close();
    const nowMs = performance.now();
    const quiet = [...this.#watched].filter((watched) => {
      if (watched.stream.bytesRead !== watched.bytesRead) {
        watched.bytesRead = watched.stream.bytesRead;
        watched.quietSinceMs = nowMs;
        watched.wasIdle = false;
        watched.unreachableSinceMs = undefined;
      }
      return nowMs - watched.quietSinceMs >= this.#timing.askAfterMs;
    });
    if (quiet.length === 0 || this.#isAsking) return;
    this.#isAsking = true;
    try {
      const states = await this.#ask(
        quiet.map(({ threadId }) => threadId),
        [],
      );
      await this.#judge(quiet, states);
    } catch (error) {
      this.#outOfReach(quiet, nowMs, error);
    } finally {
      this.#isAsking = false;
    }
  }

  async #judge(quiet: readonly Watched[], states: ReadonlyMap<number, SessionState>): Promise<void> {
    const dead: Watched[] = [];
    const nowMs = performance.now();
    for (const watched of quiet) {
      watched.unreachableSinceMs = undefined;
      const state = states.get(watched.threadId) ?? "gone";
      // an answer that came while the server was asked
      if (watched.stream.bytesRead !== watched.bytesRead) continue;
      if (state === "gone" || (state === "waiting for a statement" && watched.wasIdle)) dead.push(watched);
      watched.wasIdle = state === "waiting for a statement";
      watched.quietSinceMs = nowMs;
    }
    if (dead.length === 0) return;
    // so that a statement that is still under way does nothing when it arrives after all
    await this.#ask(
      [],
      dead.map(({ threadId }) => threadId),
    ).catch(() => undefined);
    for (const watched of dead)
      this.#end(watched, `the server no longer knows of the statement, and no answer to it has come`);
  }

  /** The server cannot be asked: for a while that says nothing of a statement that it may be working on. */
  #outOfReach(quiet: readonly Watched[], askedMs: number, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    for (const watched of quiet) {
      watched.unreachableSinceMs ??= askedMs;
      if (performance.now() - watched.unreachableSinceMs >= this.#timing.unreachableMs)
        this.#end(watched, `no answer came, and the server could not be asked about it (${reason})`);
    }
  }

  #end(watched: Watched, why: string): void {
    if (!this.#watched.delete(watched)) return;
    // not `end`: what waits to be sent must not be sent when the network is back
    if (watched.stream.constructor.name === "Socket") watched.stream.resetAndDestroy();
    else watched.stream.destroy();
    watched.onDead(
      new LostConnectionError(`Lost the connection to ${this.#where} during a statement: ${why}.`),
    );
  }
}

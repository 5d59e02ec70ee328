/**
 * @module
 * The heartbeat's thread: its own event loop and its own connection, so that neither a busy computation nor a busy connection makes a
 * worker look dead. It knows statements, not jobs. Started by beater.ts.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { type Connection, type ConnectionSettings, connect } from "../connection/connection.ts";
import type { Statement } from "../connection/driver.ts";
import { RetryTransactionError } from "../errors.ts";

/** What the thread is started with. */
export interface BeatThreadData {
  readonly settings: ConnectionSettings;
  readonly beatS: number;
}

export type ToBeatThread =
  | { readonly kind: "hold"; readonly id: number; readonly statement: Statement }
  | { readonly kind: "drop"; readonly id: number }
  | { readonly kind: "end" };

export type FromBeatThread =
  | { readonly kind: "beat"; readonly id: number }
  | { readonly kind: "lost"; readonly id: number }
  | { readonly kind: "away"; readonly reason: string }
  | { readonly kind: "back" };

/** A statement that gets no answer in this time went to a connection that is dead without having been closed. */
const ANSWER_MS = 5000;

async function run(data: BeatThreadData, port: NonNullable<typeof parentPort>): Promise<void> {
  const held = new Map<number, Statement>();
  const ending = new AbortController();
  port.on("message", (message: ToBeatThread) => {
    if (message.kind === "hold") held.set(message.id, message.statement);
    else if (message.kind === "drop") held.delete(message.id);
    else ending.abort();
  });
  const tell = (message: FromBeatThread) => port.postMessage(message);
  let connection: Connection | undefined;
  let isAway = false;
  while (!ending.signal.aborted) {
    // twenty leases are renewed one after the other; the next round is counted from the start of this one
    const wait = data.beatS * 1000 * (isAway ? 0.25 : 1);
    await sleep(wait, undefined, { signal: ending.signal }).catch(() => undefined);
    if (ending.signal.aborted) break;
    if (held.size === 0) continue;
    try {
      connection ??= await answered(connect(data.settings));
      for (const [id, statement] of [...held]) {
        const isHeld = await renew(connection, statement);
        // dropped while the statement ran: its end is nobody's business
        if (!held.has(id)) continue;
        if (!isHeld) held.delete(id);
        tell({ kind: isHeld ? "beat" : "lost", id });
      }
      if (isAway) tell({ kind: "back" });
      isAway = false;
    } catch (error) {
      // unreachable is not lost: a lease is lost only when its row says so
      if (!isAway) tell({ kind: "away", reason: error instanceof Error ? error.message : String(error) });
      isAway = true;
      void connection?.close().catch(() => undefined);
      connection = undefined;
    }
  }
  await connection?.close().catch(() => undefined);
  port.close();
}

async function renew(connection: Connection, statement: Statement): Promise<boolean> {
  try {
    return (await answered(connection.run(statement))).affectedRows === 1;
  } catch (error) {
    // locked: its own insert transaction is running, which is as good as a beat
    if (error instanceof RetryTransactionError) return true;
    throw error;
  }
}

async function answered<T>(promise: Promise<T>): Promise<T> {
  const timeout = new AbortController();
  const late = sleep(ANSWER_MS, undefined, { signal: timeout.signal }).then(() => {
    throw new Error(`no answer in ${ANSWER_MS / 1000} s`);
  });
  // what comes after the deadline has nobody to tell
  late.catch(() => undefined);
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timeout.abort();
  }
}

// workerData is what beater.ts passed
if (parentPort !== null) await run(workerData as BeatThreadData, parentPort);

/**
 * @module
 * The heartbeat's thread: its own event loop and its own connection, so that neither a busy computation nor a busy connection makes a
 * worker look dead. It knows statements, not jobs. Started by beater.ts.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { type Connection, type ConnectionSettings, connect } from "../connection/connection.ts";
import type { Statement } from "../connection/driver.ts";
import { DataJointError, LostConnectionError, RetryTransactionError } from "../errors.ts";
import { monotonicMs } from "./timing.ts";

/** What the thread is started with. */
export interface BeatThreadData {
  readonly settings: ConnectionSettings;
  readonly beatS: number;
}

export type ToBeatThread =
  | { readonly kind: "hold"; readonly id: number; readonly statements: readonly Statement[] }
  | { readonly kind: "drop"; readonly id: number }
  | { readonly kind: "end" };

export type FromBeatThread =
  /** It has loaded what it needs. */
  | { readonly kind: "ready" }
  /** Renewed by a statement that was sent then, by monotonicMs(): this message may be read much later, by a busy main thread. */
  | { readonly kind: "beat"; readonly id: number; readonly sentMs: number }
  | { readonly kind: "lost"; readonly id: number }
  | { readonly kind: "away"; readonly reason: string }
  | { readonly kind: "back" };

/** A statement that gets no answer in this time went to a connection that is dead without having been closed. */
const ANSWER_MS = 5000;

async function run(data: BeatThreadData, port: NonNullable<typeof parentPort>): Promise<void> {
  const held = new Map<number, readonly Statement[]>();
  const ending = new AbortController();
  port.on("message", (message: ToBeatThread) => {
    if (message.kind === "hold") held.set(message.id, message.statements);
    else if (message.kind === "drop") held.delete(message.id);
    else ending.abort();
  });
  const tell = (message: FromBeatThread) => port.postMessage(message);
  tell({ kind: "ready" });
  let connection: Connection | undefined;
  let isAway = false;
  const away = (reason: string) => {
    if (!isAway) tell({ kind: "away", reason });
    isAway = true;
  };
  let roundMs = monotonicMs();
  while (!ending.signal.aborted) {
    // many leases are renewed one after the other; the next round is counted from the start of the last one
    const dueMs = roundMs + data.beatS * 1000 * (isAway ? 0.25 : 1);
    await sleep(Math.max(1, dueMs - monotonicMs()), undefined, { signal: ending.signal }).catch(
      () => undefined,
    );
    if (ending.signal.aborted) break;
    roundMs = monotonicMs();
    if (held.size === 0) continue;
    try {
      connection ??= await answered(connect(data.settings), (late) => void late.close());
      const refusals: string[] = [];
      for (const [id, statements] of [...held]) {
        const sentMs = monotonicMs();
        const answer = await renew(connection, statements);
        if (typeof answer !== "string") {
          refusals.push(answer.reason);
          continue;
        }
        // dropped while the statement ran: its end is nobody's business
        if (!held.has(id) || answer === "locked") continue;
        if (answer === "lost") held.delete(id);
        tell(answer === "lost" ? { kind: "lost", id } : { kind: "beat", id, sentMs });
      }
      if (refusals.length > 0) away(refusals[0]!);
      else if (isAway) {
        tell({ kind: "back" });
        isAway = false;
      }
    } catch (error) {
      // unreachable is not lost: a lease is lost only when its row says so
      away(error instanceof Error ? error.message : String(error));
      void connection?.close().catch(() => undefined);
      connection = undefined;
    }
  }
  await connection?.close().catch(() => undefined);
  port.close();
}

/** What a row says of its lease, or why the server refuses the statement. @throws LostConnectionError, NoAnswerError */
async function renew(
  connection: Connection,
  statements: readonly Statement[],
): Promise<"held" | "lost" | "locked" | { readonly reason: string }> {
  try {
    for (const statement of statements)
      if ((await answered(connection.run(statement))).affectedRows !== 1) return "lost";
    return "held";
  } catch (error) {
    // its own insert transaction is running: nobody else can have the row
    if (error instanceof RetryTransactionError) return "locked";
    if (!(error instanceof DataJointError) || error instanceof LostConnectionError) throw error;
    // refused for this row alone, whose table was dropped: the other leases must have their beats
    return { reason: error.message };
  }
}

/** @param onLate  takes what comes after the deadline */
async function answered<T>(promise: Promise<T>, onLate?: (result: T) => void): Promise<T> {
  const timeout = new AbortController();
  const late = sleep(ANSWER_MS, undefined, { signal: timeout.signal }).then(() => {
    promise.then(onLate, () => undefined);
    throw new NoAnswerError(`The database gave no answer in ${ANSWER_MS / 1000} s.`);
  });
  // ended by the answer
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timeout.abort();
  }
}

class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}

// workerData is what beater.ts passed
if (parentPort !== null) await run(workerData as BeatThreadData, parentPort);

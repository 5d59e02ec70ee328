/**
 * @module
 * Asks a server what its sessions do, on a connection opened for the question, and bounds how long a promise may take.
 *
 * An account sees its own sessions in the process list, and may end them, without any privilege.
 */
import { type ConnectionOptions, createConnection, type RowDataPacket } from "mysql2/promise";
import { LostConnectionError } from "../../errors.ts";
import type { Ask, SessionState, WatchdogTiming } from "./watchdog.ts";

/** Makes the watchdog's question for a server. */
export function askServer(options: ConnectionOptions, { answerMs }: WatchdogTiming): Ask {
  return async (threadIds, ended) => {
    const brief = { ...options, connectTimeout: answerMs };
    const session = await within(answerMs, createConnection(brief), (late) => late.destroy());
    try {
      // gone already is as good
      for (const id of ended) await within(answerMs, session.query("KILL ?", [id])).catch(() => undefined);
      if (threadIds.length === 0) return new Map();
      const [rows] = await within(
        answerMs,
        session.query<RowDataPacket[]>(
          "SELECT id, command FROM information_schema.processlist WHERE id IN (?)",
          [threadIds],
        ),
      );
      return new Map(
        rows.map((row): [number, SessionState] => {
          const { id, command } = lowerCased(row);
          return [Number(id), command === "Sleep" ? "waiting for a statement" : "working"];
        }),
      );
    } finally {
      session.destroy();
    }
  };
}

/** MySQL names the columns of its catalogue in capitals, MariaDB as they are asked for. */
function lowerCased(row: RowDataPacket): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]));
}

/** @param onLate  takes what comes after the time
 *  @throws LostConnectionError when `ms` pass without a result */
export async function within<T>(
  ms: number,
  promise: Promise<T>,
  onLate: (late: T) => void = () => undefined,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      promise.then(onLate, () => undefined);
      reject(new LostConnectionError(`No answer from the database server in ${ms / 1000} s.`));
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

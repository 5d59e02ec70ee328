/**
 * @module
 * Which worker processes there are: those that wrote into the worker log lately, and those that hold keys.
 *
 * What a newcomer would get wrong: a worker in a long computation writes no log; its lease, renewed from its own thread, says that it lives.
 */
import { msOfUtc, utc } from "../operations/utc.ts";
import { WorkerLog } from "../pipeline/worker-log.ts";
import { type RunningJob, readRunning } from "./job-causes.ts";

export interface WorkerPresence {
  /** As registered; "" for a holder of keys that is not in the log, such as a Python worker. */
  readonly worker: string;
  readonly host: string;
  readonly pid: number;
  /** The newest row of the log, UTC; "" when there is none. */
  readonly lastSeen: string;
  readonly secondsAgo: number | undefined;
  /** The step that it looked at last. */
  readonly lastProcess: string;
  /** Keys that it holds. */
  readonly running: readonly RunningJob[];
}

/** Worker processes that were seen in the last so many seconds or hold a key, those at work first. */
export async function readPresence(
  withinS: number,
  nowMs: number = Date.now(),
): Promise<readonly WorkerPresence[]> {
  const since = utc(nowMs - withinS * 1000);
  const rows = await WorkerLog.restrict(`process_timestamp >= '${since}'`).fetch({
    orderBy: ["process_timestamp"],
  });
  const newest = new Map(rows.map((row) => [`${row.host} ${row.pid}`, row]));
  const held = Map.groupBy(await readRunning(), ({ host, pid }) => `${host} ${pid}`);
  const found = [...new Set([...newest.keys(), ...held.keys()])].map((id): WorkerPresence => {
    const row = newest.get(id);
    const running = held.get(id) ?? [];
    const lastSeen = row === undefined ? "" : String(row.process_timestamp);
    return {
      worker: String(row?.worker_name ?? ""),
      host: String(row?.host ?? running[0]?.host ?? ""),
      pid: Number(row?.pid ?? running[0]?.pid ?? 0),
      lastSeen,
      secondsAgo: row === undefined ? undefined : Math.max(0, Math.round((nowMs - msOfUtc(lastSeen)) / 1000)),
      lastProcess: String(row?.process ?? ""),
      running,
    };
  });
  return found.sort(
    (a, b) => b.running.length - a.running.length || (a.secondsAgo ?? 0) - (b.secondsAgo ?? 0),
  );
}

/**
 * @module
 * A line of progress per running step: a bar that is redrawn on a terminal, a plain line now and then in a log.
 */

import type { ProgressSink } from "../populate/worker-output.ts";

/** A plain line at most this often for one step, ms. */
const lineEveryMs = 5000;
const barWidth = 24;

/** @param now  the clock, ms; passed in so that tests need not wait */
export function makeProgress(
  err: { write(text: string): unknown; readonly isTTY?: boolean },
  now: () => number = () => performance.now(),
): ProgressSink {
  const starts = new Map<string, number>();
  const shown = new Map<string, number>();
  return {
    update(what, done, total, detail) {
      const time = now();
      if (!starts.has(what)) starts.set(what, time);
      const fraction = total > 0 ? Math.min(1, done / total) : 0;
      const seconds = (time - starts.get(what)!) / 1000;
      const left =
        detail !== undefined
          ? ` ${detail}`
          : fraction > 0.02
            ? `, ${duration((seconds * (1 - fraction)) / fraction)} left`
            : "";
      const percent = `${Math.floor(fraction * 100)}`.padStart(3);
      if (err.isTTY === true) {
        if (time - (shown.get(what) ?? Number.NEGATIVE_INFINITY) < 100 && done < total) return;
        const filled = Math.round(fraction * barWidth);
        err.write(
          `\r\x1b[K${what} [${"#".repeat(filled)}${".".repeat(barWidth - filled)}] ${percent} %${left}`,
        );
      } else {
        // short steps need no line beside their last
        if (time - (shown.get(what) ?? starts.get(what)!) < lineEveryMs) return;
        err.write(`${what}: ${percent} %${left}\n`);
      }
      shown.set(what, time);
    },
    finish(what, note, took) {
      const time = now();
      const seconds = took ?? (time - (starts.get(what) ?? time)) / 1000;
      err.write(`${err.isTTY === true ? "\r\x1b[K" : ""}${what}: ${note ?? "done"} (${duration(seconds)})\n`);
      starts.delete(what);
      shown.delete(what);
    },
    forget(what) {
      if (err.isTTY === true && shown.has(what)) err.write("\r\x1b[K");
      starts.delete(what);
      shown.delete(what);
    },
    line(text) {
      err.write(`${err.isTTY === true ? "\r\x1b[K" : ""}${text}\n`);
    },
  };
}

/** Seconds as people read them: `8.2 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${`${Math.floor(seconds % 60)}`.padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${`${minutes % 60}`.padStart(2, "0")} min`;
}

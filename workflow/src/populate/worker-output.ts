/**
 * @module
 * What a worker tells people while it works: progress of the key at work, a line for what failed, and one for each step that did something;
 * with `verbose` a line for every key.
 */
import type { PopulateEvent } from "@tenon/datajoint";
import type { Step } from "./run-worker.ts";

/** Where progress is shown: a bar on a terminal, or lines in a log. */
export interface ProgressSink {
  /** Shows `done` of `total`; `what` names the step. `detail` says what goes on, and takes the place of the time that is left, which can be
   *  told only where work goes evenly. */
  update(what: string, done: number, total: number, detail?: string): void;
  /** Ends the step's line; with the seconds that it took, where they are known better than from its first update. */
  finish(what: string, note?: string, seconds?: number): void;
  /** Takes the step's bar away and says nothing. */
  forget(what: string): void;
  /** Writes a line of its own, above the bar. */
  line(text: string): void;
}

export interface OutputOptions {
  readonly verbose: boolean;
  readonly log: (line: string) => void;
  readonly progress: ProgressSink;
}

/** Makes the listener of a worker's events. */
export function tellOf({ verbose, log, progress }: OutputOptions) {
  return (process: string, event: PopulateEvent): void => {
    const what = "key" in event ? `${process} ${shownKey(event.key)}` : process;
    switch (event.kind) {
      case "started":
        if (event.isTakeover) log(`${what}: taken over from a worker that ended early`);
        else if (verbose) log(`${what}: started`);
        return;
      case "progress":
        progress.update(what, event.done, event.total);
        return;
      case "done":
        if (verbose) progress.finish(what, undefined, event.durationS);
        else progress.forget(what);
        return;
      case "skipped":
        progress.forget(what);
        if (verbose) log(`${what}: was there already`);
        return;
      case "released":
        progress.forget(what);
        log(`${what}: given back`);
        return;
      case "failed":
        progress.forget(what);
        log(`${what}: failed: ${event.message}`);
        return;
      case "lost":
        progress.forget(what);
        log(`${what}: lost to another worker: ${event.message}`);
        return;
      case "afterCommitFailed":
        log(
          `${what}: its rows are committed, but its files could not be published yet: ${text(event.error)}`,
        );
        return;
      case "waiting":
        if (verbose) log(`${process}: ${event.reason}`);
        return;
      case "pythonReleased":
        log(
          `${what}: released from a Python worker without connection (${event.found.user}, process ${event.found.pid} on ${event.found.host})${event.isKeyPartial ? "; if that worker lives after all, its rows and ours may both be stored" : ""}`,
        );
        return;
      case "databaseAway":
      case "beaterDied":
        log(`${process}: ${event.reason}`);
        return;
      case "databaseBack":
        log(`${process}: the database answers again`);
        return;
      default: {
        const unknown: never = event;
        throw new Error(`Unknown event ${JSON.stringify(unknown)}.`);
      }
    }
  };
}

/** The step, with a line at its end when it did something. */
export function told(step: Step, { verbose, log }: OutputOptions): Step {
  return {
    ...step,
    run: async (context) => {
      const start = performance.now();
      const result = await step.run(context);
      const { successCount: made } = result;
      const seconds = (performance.now() - start) / 1000;
      if (made > 0 && !verbose) log(`${step.process}: ${made} made (${seconds.toFixed(1)} s)`);
      return result;
    },
  };
}

/** A key as people read it: its values, hashes and repeated words left out. */
export function shownKey(key: Readonly<Record<string, unknown>>): string {
  const values = Object.entries(key)
    .filter(([, value]) => !/^[0-9a-f]{8}-[0-9a-f]{4}-/.test(String(value)))
    .map(([name, value]) =>
      typeof value === "string" ? value : `${name.replace(/_(number|idx)$/, "")} ${value}`,
    );
  return values.join(", ");
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

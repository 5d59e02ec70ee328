/**
 * @module
 * The worker's log as JSON, one object a line, for what collects logs: time (UTC), level, worker, host, pid, message; of events of keys also
 * event, process, key, durationS, error.
 */
import { hostname } from "node:os";
import type { PopulateEvent } from "@tenon/datajoint";

type Level = "info" | "warning" | "error";

const levels: Partial<Record<PopulateEvent["kind"], Level>> = {
  failed: "error",
  lost: "warning",
  afterCommitFailed: "error",
  databaseAway: "warning",
  beaterDied: "error",
};

export class StructuredLog {
  readonly #worker: string;
  readonly #out: { write(text: string): unknown };

  constructor(worker: string, out: { write(text: string): unknown }) {
    this.#worker = worker;
    this.#out = out;
  }

  /** A line that is for people. */
  line(message: string): void {
    const level = message.startsWith("warning: ") ? "warning" : "info";
    this.#write(level, { message: message.replace(/^warning: /, "") });
  }

  /** The worker's end. */
  error(message: string): void {
    this.#write("error", { event: "worker stopped", message });
  }

  /** Every event of a key, progress left out. */
  hear(process: string, event: PopulateEvent): void {
    if (event.kind === "progress") return;
    const { kind, ...more } = event;
    const error = "error" in more && more.error instanceof Error ? errorOf(more.error) : undefined;
    this.#write(levels[kind] ?? "info", {
      event: kind,
      process,
      ...("key" in more ? { key: more.key } : {}),
      ...("durationS" in more ? { durationS: more.durationS } : {}),
      ...("isTakeover" in more && more.isTakeover ? { isTakeover: true } : {}),
      ...("message" in more ? { message: more.message } : "reason" in more ? { message: more.reason } : {}),
      ...(error === undefined ? {} : { error }),
    });
  }

  #write(level: Level, fields: Readonly<Record<string, unknown>>): void {
    const { pid } = process;
    const entry = {
      time: new Date().toISOString(),
      level,
      worker: this.#worker,
      host: hostname(),
      pid,
      ...fields,
    };
    this.#out.write(
      `${JSON.stringify(entry, (_, value) => (typeof value === "bigint" ? String(value) : value))}\n`,
    );
  }
}

function errorOf({ name, message, stack }: Error) {
  return { class: name, message, stack: stack ?? "" };
}

/**
 * @module
 * Counts how attempts end, says so, and decides whether the call goes on.
 */
import type { Attempt, Key } from "../table/make.ts";
import type { Outcome } from "./attempt.ts";
import type { Listener } from "./events.ts";
import type { PopulateError, PopulateOptions, PopulateResult } from "./options.ts";

export class Tally {
  readonly #options: Pick<PopulateOptions, "maxCalls" | "suppressErrors">;
  readonly #tell: Listener;
  readonly #errors: PopulateError[] = [];
  #successes = 0;
  #calls = 0;

  constructor(options: Pick<PopulateOptions, "maxCalls" | "suppressErrors">, tell: Listener) {
    this.#options = options;
    this.#tell = tell;
  }

  /** How many more calls of make there may be. */
  get left(): number {
    return (this.#options.maxCalls ?? Number.POSITIVE_INFINITY) - this.#calls;
  }

  get result(): PopulateResult {
    return { successCount: this.#successes, errors: this.#errors };
  }

  /** Takes note of an end. @throws the error of a failed attempt, unless errors are collected */
  end(key: Key, attempt: Attempt, outcome: Outcome, durationS: number): void {
    if (outcome.kind !== "skipped") this.#calls++;
    switch (outcome.kind) {
      case "done":
        this.#successes++;
        this.#tell({ kind: "done", key, attempt, durationS });
        return;
      case "skipped":
      case "released":
        this.#tell({ kind: outcome.kind, key, durationS });
        return;
      case "lost":
        this.#tell({ kind: "lost", key, attempt, durationS, message: outcome.message });
        return;
      case "failed": {
        const { error, message } = outcome;
        this.#tell({ kind: "failed", key, durationS, message, error });
        if (this.#options.suppressErrors !== true) throw error;
        this.#errors.push({ key, message, error });
        return;
      }
      default: {
        const unknown: never = outcome;
        throw new Error(`Unknown outcome ${JSON.stringify(unknown)}.`);
      }
    }
  }
}

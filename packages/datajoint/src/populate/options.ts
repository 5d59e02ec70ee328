/**
 * @module
 * What a call of populate may be told, and what it returns.
 */
import type { Leases } from "../jobs/leases.ts";
import type { LeaseTiming } from "../jobs/timing.ts";
import type { Condition } from "../query/condition.ts";
import type { Key } from "../table/make.ts";
import type { AttemptHooks } from "./attempt.ts";
import type { Listener } from "./events.ts";

export interface PopulateOptions extends AttemptHooks {
  /** Only keys that fulfil all of these; conditions on the key source. */
  readonly restrictions?: readonly Condition[] | undefined;
  /** Most calls of make; keys that turn out to be there already do not count. Default: all. */
  readonly maxCalls?: number | undefined;
  /** Whether other workers are told which keys this one works on, by leases in the table of jobs. Without it two workers may compute the
   *  same key. Default: false. */
  readonly reserve?: boolean | undefined;
  /** Whether errors of make are collected instead of ending the call. Default: false. */
  readonly suppressErrors?: boolean | undefined;
  /** Aborted to end: the key at work is told by its own signal, keys not begun are given back. */
  readonly signal?: AbortSignal | undefined;
  /** Aborted to begin no further key: the one at work is finished, keys not begun are given back. */
  readonly finish?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
  /** Order of keys. With `reserve` they come by priority and at random, whatever this says. Default: "original", the key's order. */
  readonly order?: "original" | "reverse" | "random" | undefined;
  /** With `reserve`: leases that are open already, used and left open. Default: opened for this call. */
  readonly leases?: Leases | undefined;
  /** With `reserve` and without `leases`: other timing than the default. */
  readonly timing?: Partial<LeaseTiming> | undefined;
}

export interface PopulateError {
  readonly key: Key;
  /** `ClassName: message`, as recorded with the job. */
  readonly message: string;
  readonly error: unknown;
}

export interface PopulateResult {
  /** Keys whose rows this call has committed. */
  readonly successCount: number;
  /** Those of make; empty unless `suppressErrors`. */
  readonly errors: readonly PopulateError[];
}

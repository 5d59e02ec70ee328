/**
 * @module
 * When leases begin to be late, and how often workers look. Contract: leases.md 6.
 */
import { SettingsError } from "../errors.ts";

export interface LeaseTiming {
  /** How long a claim lasts without a beat, by the server's clock. Default 40 s. `~jobs` counts whole seconds. */
  readonly leaseS: number;
  /** Time between two beats. Default 10 s, a quarter of the lease; a quarter of itself while the database is away. */
  readonly beatS: number;
  /** Time between the two looks at a late row before it is taken over. Default 15 s: longer than beat and reconnection, so that after an
   *  outage or a step of the clock every live worker has renewed in between. */
  readonly graceS: number;
  /** Longest wait between two looks at an empty queue; half to all of it, at random. Default 5 s. */
  readonly pollS: number;
  /** After how long the server ends an insert transaction in which nothing happens, whose worker was stopped. Default 40 s. */
  readonly idleTransactionS: number;
}

/** Milliseconds of the clock that is never set, the same one in every thread of the process (performance.now() counts from each thread's
 *  own start). */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** @throws SettingsError when a live worker could look dead by these times */
export function checkTiming(timing: LeaseTiming): void {
  for (const [name, value] of Object.entries(timing)) {
    if (!(typeof value === "number" && Number.isFinite(value) && value > 0))
      throw new SettingsError(`${name} is a number of seconds above 0, not ${value}.`, name);
  }
  if (timing.beatS * 2 > timing.leaseS) {
    throw new SettingsError(
      `beatS is ${timing.beatS} s and leaseS ${timing.leaseS} s: one beat that comes late would end the lease. Take at most half of the lease for beatS.`,
      "beatS",
    );
  }
}

export const defaultTiming: LeaseTiming = {
  leaseS: 40,
  beatS: 10,
  graceS: 15,
  pollS: 5,
  idleTransactionS: 40,
};

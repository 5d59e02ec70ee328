/**
 * @module
 * When leases begin to be late, and how often workers look. Contract: leases.md 6.
 */

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

export const defaultTiming: LeaseTiming = {
  leaseS: 40,
  beatS: 10,
  graceS: 15,
  pollS: 5,
  idleTransactionS: 40,
};

/**
 * @module
 * The timing of leases that hold for other than the default time. All workers of a database must use the same.
 */
import { defaultTiming, type LeaseTiming } from "@tenon/datajoint";

/** The timing of leases that hold for so long, in the proportions of the default (leases.md 6). */
export function timingOf(leaseS: number | undefined): Partial<LeaseTiming> {
  if (leaseS === undefined) return {};
  const share = leaseS / defaultTiming.leaseS;
  return {
    leaseS,
    beatS: defaultTiming.beatS * share,
    graceS: defaultTiming.graceS * share,
    pollS: Math.min(defaultTiming.pollS, defaultTiming.pollS * share),
    idleTransactionS: Math.max(leaseS, 5),
  };
}

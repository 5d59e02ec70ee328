/**
 * @module
 * Where matching gets its events from: a detector. It is called again on residuals, so it must not keep anything of the traces.
 */
import type { Traces } from "../core/traces.ts";

/** Events in order of sample, then channel. */
export interface DetectedEvents {
  readonly samples: ArrayLike<number>;
  readonly channels: ArrayLike<number>;
}

/** Places where something was subtracted, in order of sample. */
export interface SubtractionSites {
  readonly samples: Int32Array;
  readonly channels: Int32Array;
}

export interface EventSource {
  /** Every event of `y` above `threshold` (sigma). */
  events(y: Traces, threshold: number): DetectedEvents;
  /**
   * Every event within a window's length of a site and within the conflict radius of its channel; may tell of others, which are dropped.
   * Without it, `events` is called and costs as much as the first time.
   */
  eventsNear?(y: Traces, threshold: number, sites: SubtractionSites): DetectedEvents;
}

/**
 * @module
 * Probe geometry: where each recorded channel's contact sits.
 *
 * What a newcomer would get wrong: a probe here lists the contacts in the order of the recording's *channels* (columns of the traces),
 * not in the order of electrodes on the probe; `electrode` tells which electrode each is.
 */

export interface Probe {
  /** Part number or model (`NP2010`), or the name that the description gives; "unknown" when nothing says. */
  readonly part: string;
  /** Serial number as text; "" when nothing says. */
  readonly serial: string;
  /** Contact position across the probe, um, one per channel. */
  readonly x: Float64Array;
  /** Contact position along the probe, um from the tip end, one per channel. */
  readonly y: Float64Array;
  /** Shank index from 0, one per channel. */
  readonly shank: Int32Array;
  /** Electrode number on the whole probe from 0 (pipeline contract 2.4), one per channel. */
  readonly electrode: Int32Array;
  /** When each channel is digitised, as a fraction of a sample after the first of its group; undefined when all at once. */
  readonly sampleShift?: Float64Array | undefined;
  /** 0 for a channel that the recording marks as not to be used (an on-shank reference), else 1; undefined when nothing says. */
  readonly isUsed?: Uint8Array | undefined;
}

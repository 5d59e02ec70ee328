/**
 * @module
 * Where a unit is: the median of its spikes' estimated positions. The one definition of a unit's depth in `cluster_info.tsv` and in the
 * figures; the contact with the largest waveform is another thing, and named so where it is shown.
 */

/** @param values  one coordinate of each spike; ones that are not finite are left out; @returns undefined when there is none */
export function medianPosition(values: Float64Array | undefined): number | undefined {
  const sorted = values?.filter(Number.isFinite).sort();
  return sorted?.[sorted.length >> 1];
}

/**
 * @module
 * The label of a unit: the sorter's first word, which a person may overrule in Phy. And labels of other programs as this pipeline knows them.
 */

/** Spikes from other cells, at most, for a single unit (Llobet's estimate; twice what careful users ask for, as it is noisy for few spikes). */
const mostContamination = 0.2;
/** Below this a unit's spikes cannot be told from its neighbours' reliably. */
const leastSnr = 3;

/** `good` for a unit that looks like one cell, else `mua`. */
export function qualityLabel(metrics: {
  readonly snr: number | null;
  readonly contamination_rate: number | null;
}): "good" | "mua" {
  const { snr, contamination_rate } = metrics;
  const isClean = contamination_rate !== null && contamination_rate <= mostContamination;
  return isClean && (snr === null || snr >= leastSnr) ? "good" : "mua";
}

/** The label of `ClusterQualityLabel` that stands for a label of a sorter or of Phy: the same word in any case, else `n.a.`. */
export function knownLabel(label: string, known: readonly string[]): string {
  const wanted = label.trim().toLowerCase();
  return known.find((name) => name.toLowerCase() === wanted) ?? "n.a.";
}

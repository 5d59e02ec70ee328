/**
 * @module
 * How the sorter's benchmarks print a scored sorting: one row of a Markdown table, and a line for each unit that was not found well.
 */
import type { SortReport } from "./sort-once.ts";

export const SCORE_HEADER =
  "| recording | true | SNR > 5 | well detected of these | of all | found | false | redundant | overmerged | accuracy at SNR >= 8 | CPU-s / s | peak MB |\n" +
  "|---|---|---|---|---|---|---|---|---|---|---|---|";

export function scoreRow(name: string, { score, cpuSeconds, durationS, peakRssMb }: SortReport): string {
  if (score === undefined) return `| ${name} | not scored |`;
  return (
    `| ${name} | ${score.trueUnits} | ${score.detectableUnits} | ${score.wellDetected} | ${score.wellDetectedOfAll} | ${score.found} ` +
    `| ${score.falsePositives} | ${score.redundant} | ${score.overmerged} | ${score.meanAccuracySnr8.toFixed(3)} ` +
    `| ${(cpuSeconds / durationS).toFixed(3)} | ${peakRssMb.toFixed(0)} |`
  );
}

/** Units with accuracy below 0.8, by rising SNR, and found units that are nobody's. */
export function missedUnits({ score }: SortReport): string[] {
  if (score === undefined) return [];
  const missed = score.units.filter(({ accuracy }) => accuracy < 0.8).toSorted((a, b) => a.snr - b.snr);
  const extra = score.foundUnits.filter(({ fate }) => fate !== "matched");
  return [
    ...missed.map(
      (unit) =>
        `  true unit ${unit.id}: SNR ${unit.snr.toFixed(1)}, ${unit.spikeCount} spikes, accuracy ${unit.accuracy.toFixed(2)}, ` +
        `precision ${unit.precision.toFixed(2)}, recall ${unit.recall.toFixed(2)}, best agreement ${unit.bestAgreement.toFixed(2)}`,
    ),
    ...extra.map(
      (unit) =>
        `  found unit ${unit.id}: ${unit.fate}, ${unit.spikeCount} spikes, best agreement ${unit.bestAgreement.toFixed(2)} with true unit ${unit.bestUnit ?? "none"}`,
    ),
  ];
}

/** Well detected over detectable units, mean over recordings. */
export function meanShare(reports: readonly SortReport[]): number {
  const shares = reports.map(
    ({ score }) => (score?.wellDetected ?? 0) / (score?.detectableUnits ?? Number.NaN),
  );
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

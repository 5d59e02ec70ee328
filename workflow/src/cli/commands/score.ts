/**
 * @module
 * `tenon score`: how many of the true units of a generated recording a sorting found.
 */
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { RecordingError, readPhyFolder, readTruth, type SortingScore, scoreSorting } from "@tenon/ephys";
import { type Command, UsageError } from "../command.ts";
import { textTable } from "../text-table.ts";

export const score: Command = {
  summary: "compare a sorting (Phy folder) with the truth of a generated recording",
  usage: "DIR TRUTH",
  details: `
DIR is a folder with spike_times.npy and spike_clusters.npy, of any sorter; TRUTH is truth.json or the folder that holds it.
A unit is well detected when its accuracy, matches / (true + found - matches) within 0.4 ms, is at least 0.8; detectable above SNR 5.
JSON: {trueUnits, detectableUnits, wellDetected, wellDetectedOfAll, found, falsePositives, redundant, overmerged, meanAccuracySnr8, units:
[{id, snr, spikeCount, accuracy, precision, recall, matchedUnit, bestAgreement}]}.`,
  options: {},
  words: [2, 2],
  async run(args, context) {
    const [dir, truthPath] = args.words.map((word) => resolve(context.folder, word)) as [string, string];
    const truth = await readTruth(truthFile(truthPath));
    const { sorting } = await readPhyFolder(dir).catch((error: unknown) => {
      // a sorter's bare arrays: their samples can only be those of the truth
      if (!(error instanceof RecordingError) || error.code !== "missing-params") throw error;
      return readPhyFolder(dir, { samplingRateHz: truth.samplingRateHz });
    });
    if (Math.abs(sorting.samplingRateHz - truth.samplingRateHz) > 1e-3 * truth.samplingRateHz)
      throw new RateError(
        `${dir} was sorted at ${sorting.samplingRateHz} Hz (params.py), but the truth ${truthPath} is at ${truth.samplingRateHz} Hz. They are not of one recording: give the truth of the recording that was sorted.`,
      );
    const result = scoreSorting(truth, sorting);
    context.out.write(context.json ? `${json(result)}\n` : scoreText(result));
    return 0;
  },
};

/** Thrown when a sorting and a truth have different sampling rates. */
class RateError extends Error {
  override readonly name = "RateError";
}

function truthFile(path: string): string {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined)
    throw new UsageError(`TRUTH: ${path} does not exist. \`tenon generate\` writes a truth.json.`);
  if (!there.isDirectory()) return path;
  const file = join(path, "truth.json");
  if (statSync(file, { throwIfNoEntry: false }) === undefined)
    throw new UsageError(
      `TRUTH: ${path} holds no truth.json. \`tenon generate\` writes one beside the recording.`,
    );
  return file;
}

function json({ foundUnits: _foundUnits, ...result }: SortingScore): string {
  return JSON.stringify(result);
}

function scoreText(result: SortingScore): string {
  const percent = (value: number) => value.toFixed(2);
  const lines = [
    `true units       ${result.trueUnits}, of which ${result.detectableUnits} are detectable (SNR > 5)`,
    `well detected    ${result.wellDetected} of ${result.detectableUnits} (accuracy >= 0.8); ${result.wellDetectedOfAll} of all`,
    `found units      ${result.found}: ${result.falsePositives} false, ${result.redundant} redundant, ${result.overmerged} of several true units`,
    `mean accuracy    ${Number.isNaN(result.meanAccuracySnr8) ? "-" : percent(result.meanAccuracySnr8)} (SNR >= 8)`,
    "",
    ...textTable(
      ["unit", "SNR", "spikes", "accuracy", "precision", "recall", "found as"],
      result.units
        .toSorted((a, b) => b.snr - a.snr)
        .map((unit) => [
          unit.id,
          unit.snr.toFixed(1),
          unit.spikeCount,
          percent(unit.accuracy),
          percent(unit.precision),
          percent(unit.recall),
          unit.matchedUnit ?? "-",
        ]),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

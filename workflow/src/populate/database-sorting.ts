/**
 * @module
 * The units of the database as a sorting, to be scored or compared.
 */
import type { Sorting } from "@tenon/ephys";
import { CuratedClustering, CuratedClusteringUnit, EphysRecording } from "../pipeline/ephys.ts";

/** Thrown when a condition does not leave exactly one sorting. */
export class SortingChoiceError extends Error {
  override readonly name = "SortingChoiceError";
}

/**
 * Reads the one sorting that a condition leaves.
 *
 * What a newcomer would get wrong: the rate in the table is a FLOAT, which MySQL gives back with six digits. 30000.03 Hz comes as 30000, and
 * samples made from it are one off after 33 s and twelve (0.4 ms) after seven minutes.
 *
 * @param condition  attributes of CuratedClustering: `{ subject: "demo1" }`
 * @param options.samplingRateHz  the recording's exact rate, where it is known; default the table's
 * @returns samples from spike times, amplitudes all 1
 * @throws SortingChoiceError when there is none, or more than one
 */
export async function databaseSorting(
  condition: Readonly<Record<string, unknown>>,
  options: { readonly samplingRateHz?: number } = {},
): Promise<Sorting> {
  const keys = await CuratedClustering.restrict(condition).keys();
  const [key] = keys;
  if (key === undefined || keys.length > 1) {
    const asked = JSON.stringify(condition);
    throw new SortingChoiceError(
      key === undefined
        ? `No sorting in the database matches ${asked}. \`tenon status\` shows which sessions are sorted.`
        : `${keys.length} sortings match ${asked}; add paramset_idx, insertion_number or session_datetime to choose one.`,
    );
  }
  const { sampling_rate, recording_duration } = await EphysRecording.restrict(key, {
    ignoreUnknown: true,
  }).fetch1();
  const samplingRateHz = options.samplingRateHz ?? sampling_rate;
  const units = await CuratedClusteringUnit.restrict(key)
    .proj("spike_times")
    .fetch({ orderBy: ["unit"] });
  // as step CuratedClustering and Python write it
  const trains = units.map(({ spike_times }) => spike_times as Float64Array);
  const count = trains.reduce((sum, train) => sum + train.length, 0);
  const samples = new Float64Array(count);
  const owners = new Int32Array(count);
  let at = 0;
  for (const [index, train] of trains.entries())
    for (const time of train) {
      samples[at] = Math.round(time * samplingRateHz);
      owners[at++] = units[index]!.unit;
    }
  const order = Uint32Array.from(samples.keys()).sort(
    (a, b) => samples[a]! - samples[b]! || owners[a]! - owners[b]!,
  );
  return {
    samplingRateHz,
    sampleCount: Math.round(recording_duration * samplingRateHz),
    unitIds: Int32Array.from(units, ({ unit }) => unit),
    spikeSamples: Float64Array.from(order, (row) => samples[row]!),
    spikeUnits: Int32Array.from(order, (row) => owners[row]!),
    spikeAmplitudes: new Float32Array(count).fill(1),
  };
}

/**
 * @module
 * Sorts one recording and prints what it found and what it cost, as JSON. Started by `sort-in-child.ts`: a process of its own, so that
 * CPU seconds and peak memory are the sorter's alone, those of its worker threads included.
 *
 *     sort-once.ts '{"recording": PATH, "threads": 1, "scratch": DIR?, "truth": PATH?, "phy": DIR?}'
 */
import {
  openRecording,
  type Recording,
  readTruth,
  type SortingResult,
  type SortingScore,
  scoreSorting,
  sortRecording,
  writePhyFolder,
} from "@tenon/ephys";

export interface SortJob {
  /** What `openRecording` opens. */
  readonly recording: string;
  readonly threads: number;
  /** Folder for the whitened chunks; without it each pass preprocesses anew. */
  readonly scratch?: string | undefined;
  /** `truth.json` to score against. */
  readonly truth?: string | undefined;
  /** Folder that gets a Phy folder. */
  readonly phy?: string | undefined;
}

export interface SortReport {
  readonly durationS: number;
  readonly channelCount: number;
  readonly unitCount: number;
  readonly spikeCount: number;
  readonly score: SortingScore | undefined;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakRssMb: number;
  readonly sorterVersion: string;
  readonly timings: SortingResult["timings"];
  /** Of each unit: spikes per second, size in uV, fraction of intervals below 2 ms. */
  readonly units: readonly UnitSummary[];
}

export interface UnitSummary {
  readonly id: number;
  readonly rateHz: number;
  readonly peakUv: number;
  readonly shortIntervals: number;
}

const REFRACTORY_MS = 2;

if (import.meta.main) {
  const job = JSON.parse(process.argv[2] ?? "") as SortJob;
  process.stdout.write(`${JSON.stringify(await sortOnce(job))}\n`);
}

async function sortOnce(job: SortJob): Promise<SortReport> {
  const truth = job.truth === undefined ? undefined : await readTruth(job.truth);
  const recording = await openRecording(job.recording);
  const before = process.cpuUsage();
  const started = performance.now();
  const result = await sortRecording(recording, { threads: job.threads, scratchDir: job.scratch });
  const wallSeconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const peakRssMb = process.resourceUsage().maxRSS / 1024;
  await recording.close();
  if (job.phy !== undefined) await writePhy(job.phy, recording, result);
  const { sorting } = result;
  return {
    durationS: recording.sampleCount / recording.samplingRateHz,
    channelCount: recording.channelCount,
    unitCount: sorting.unitIds.length,
    spikeCount: sorting.spikeSamples.length,
    score: truth === undefined ? undefined : scoreSorting(truth, sorting),
    cpuSeconds: (user + system) / 1e6,
    wallSeconds,
    peakRssMb,
    sorterVersion: result.version,
    timings: result.timings,
    units: summariseUnits(result),
  };
}

function summariseUnits({ sorting, spikeAmplitudesUv }: SortingResult): UnitSummary[] {
  const durationS = sorting.sampleCount / sorting.samplingRateHz;
  const short = (REFRACTORY_MS * sorting.samplingRateHz) / 1000;
  return Array.from(sorting.unitIds, (id) => {
    const rows = Array.from(sorting.spikeUnits.keys()).filter((i) => sorting.spikeUnits[i] === id);
    const samples = rows.map((i) => sorting.spikeSamples[i] ?? Number.NaN);
    const violations = samples.filter((sample, i) => i > 0 && sample - (samples[i - 1] ?? 0) < short).length;
    return {
      id,
      rateHz: rows.length / durationS,
      peakUv: rows.reduce((sum, i) => sum + (spikeAmplitudesUv[i] ?? 0), 0) / rows.length,
      shortIntervals: violations / Math.max(1, rows.length - 1),
    };
  });
}

/** A Phy folder with as much as SpikeInterface's reader asks for. */
async function writePhy(folder: string, recording: Recording, result: SortingResult): Promise<void> {
  const { sorting, templates } = result;
  const { x, y } = recording.probe;
  const { windowSamples } = templates;
  const dense = new Float32Array(sorting.unitIds.length * windowSamples * recording.channelCount);
  for (const [unit, channels] of templates.channels.entries())
    for (let t = 0; t < windowSamples; t++)
      for (const [c, channel] of channels.entries())
        dense[(unit * windowSamples + t) * recording.channelCount + channel] =
          templates.waveformsUv[unit]?.[t * channels.length + c] ?? 0;
  await writePhyFolder(folder, {
    sorting,
    templates: dense,
    channelIndices: Int32Array.from(x.keys()),
    positions: Float64Array.from({ length: 2 * x.length }, (_, i) => (i % 2 === 0 ? x : y)[i >> 1] ?? 0),
    recording: {
      path: "recording.raw",
      channelCountInFile: recording.channelCount,
      dtype: "int16",
      offset: 0,
      samplingRateHz: recording.samplingRateHz,
      hpFiltered: false,
    },
    unitInfo: summariseUnits(result).map((unit, i) => ({
      cluster_id: unit.id,
      ch: result.unitMainChannels[i] ?? 0,
      depth: result.unitDepthsUm[i] ?? 0,
      fr: unit.rateHz,
      n_spikes: sorting.spikeUnits.filter((of) => of === unit.id).length,
      amplitude: unit.peakUv,
      label: "good",
    })),
  });
}

/**
 * @module
 * The local field potential of a recording: its LF band where one was recorded (Neuropixels 1.0), else its only band low-passed and
 * decimated (pipeline contract 5.3).
 *
 * What a newcomer would get wrong: the rate is the recording's divided by a whole number, not exactly the one asked for.
 */
import type { Recording } from "../core/recording.ts";
import { makeTraces } from "../core/traces.ts";
import { Decimator } from "../dsp/decimate.ts";
import { ParameterError, RecordingError } from "../errors.ts";
import { openLfBand } from "../io/open-recording.ts";

export interface LfpOptions {
  /** Default 2500. The nearest rate that a whole factor gives is used. */
  readonly targetRateHz?: number;
  /** Channels of the recording to keep; default all. */
  readonly channels?: Int32Array;
  readonly signal?: AbortSignal | undefined;
  /** Called after each piece with the samples of the band that are done and all of them. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export interface Lfp {
  readonly samplingRateHz: number;
  /** Channels of the recording, one per trace. */
  readonly channelIndices: Int32Array;
  /** uV, one per channel. */
  readonly traces: readonly Float32Array[];
  /** Mean over the kept channels, uV. */
  readonly mean: Float32Array;
  /** Time of each sample from the recording's first, s: sample / rate. */
  readonly timestampsS: Float64Array;
}

/** Values read at a time: 16 MiB of float32. */
const PIECE_VALUES = 4 * 1024 * 1024;

/**
 * Extracts the LFP, in bounded memory but for the result. The recording stays open.
 *
 * @throws ParameterError for a channel that the recording does not have or a rate that is not above 0
 * @throws RecordingError when there is an LF band that cannot be read, or `lf-mismatch` when it lacks a channel's electrode
 */
export async function extractLfp(recording: Recording, options: LfpOptions = {}): Promise<Lfp> {
  const { targetRateHz = 2500 } = options;
  if (!(targetRateHz > 0))
    throw new ParameterError(`targetRateHz must be above 0, got ${targetRateHz}`, "targetRateHz");
  const channelIndices = options.channels ?? Int32Array.from({ length: recording.channelCount }, (_, i) => i);
  for (const channel of channelIndices)
    if (channel < 0 || channel >= recording.channelCount)
      throw new ParameterError(
        `channels must be in 0..${recording.channelCount - 1} of '${recording.source.path}', got ${channel}`,
        "channels",
      );
  const band = await openLfBand(recording);
  try {
    const columns = band === undefined ? channelIndices : columnsInBand(recording, band, channelIndices);
    return await extractFrom(band ?? recording, channelIndices, columns, targetRateHz, options);
  } finally {
    await band?.close();
  }
}

async function extractFrom(
  band: Recording,
  channelIndices: Int32Array,
  columns: Int32Array,
  targetRateHz: number,
  { signal, progress }: LfpOptions,
): Promise<Lfp> {
  const factor = Math.max(1, Math.round(band.samplingRateHz / targetRateHz));
  const samplingRateHz = band.samplingRateHz / factor;
  const outCount = Math.ceil(band.sampleCount / factor);
  const traces = Array.from(columns, () => new Float32Array(outCount));
  const decimator = factor > 1 ? new Decimator(factor, columns.length) : undefined;
  const pieceSamples = Math.max(1, Math.floor(PIECE_VALUES / band.channelCount));
  const buffer = new Float32Array(Math.min(pieceSamples, band.sampleCount) * band.channelCount);
  let written = 0;
  for (let start = 0; start < band.sampleCount; start += pieceSamples) {
    signal?.throwIfAborted();
    const end = Math.min(band.sampleCount, start + pieceSamples);
    const piece = await band.read(start, end, buffer.subarray(0, (end - start) * band.channelCount));
    const kept = makeTraces(end - start, columns.length);
    pickColumns(piece.data, band.channelCount, columns, kept.data);
    const done = decimator === undefined ? kept : decimator.push(kept);
    written = writeColumns(done.data, traces, written);
    progress?.(end, band.sampleCount);
  }
  if (decimator !== undefined) writeColumns(decimator.finish().data, traces, written);
  return {
    samplingRateHz,
    channelIndices,
    traces,
    mean: meanTrace(traces, outCount),
    timestampsS: Float64Array.from({ length: outCount }, (_, i) => i / samplingRateHz),
  };
}

/** Channels of the LF band with the same electrodes: SpikeGLX may save another subset of it. */
function columnsInBand(recording: Recording, band: Recording, channels: Int32Array): Int32Array {
  const columnOf = new Map(Array.from(band.probe.electrode, (electrode, column) => [electrode, column]));
  return channels.map((channel) => {
    const column = columnOf.get(recording.probe.electrode[channel]);
    if (column === undefined)
      throw new RecordingError(
        `The LF band '${band.source.path}' has no channel at electrode ${recording.probe.electrode[channel]}, which channel ` +
          `${channel} of '${recording.source.path}' records. Choose channels that both bands saved.`,
        "lf-mismatch",
        band.source.path,
      );
    return column;
  });
}

function pickColumns(data: Float32Array, channelCount: number, columns: Int32Array, out: Float32Array): void {
  const width = columns.length;
  for (let row = 0, o = 0; o < out.length; row += channelCount)
    for (let i = 0; i < width; i++) out[o++] = data[row + columns[i]];
}

/** Appends time-major samples to one array per channel. @returns samples written so far */
function writeColumns(data: Float32Array, traces: readonly Float32Array[], written: number): number {
  const width = traces.length;
  if (width === 0) return written;
  const count = data.length / width;
  for (let c = 0; c < width; c++) {
    const trace = traces[c];
    for (let t = 0; t < count; t++) trace[written + t] = data[t * width + c];
  }
  return written + count;
}

function meanTrace(traces: readonly Float32Array[], count: number): Float32Array {
  const sum = new Float64Array(count);
  for (const trace of traces) for (let t = 0; t < count; t++) sum[t] += trace[t];
  return Float32Array.from(sum, (value) => value / traces.length);
}

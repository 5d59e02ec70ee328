/**
 * @module
 * Stage: matches templates to chunks of the recording and strings the chunks' spikes together.
 */
import type { WindowEvents } from "../../features/window-features.ts";
import type { TemplateBank } from "../../matching/template-bank.ts";
import { firstAtLeast } from "../chunks.ts";
import type { Chunk } from "../job-tools.ts";
import type { MatchedChunk } from "../jobs/match-chunk.ts";
import type { StageContext } from "./stage-context.ts";

/** Events of the chunks that were looked at, above the matching threshold, in order of time. */
export interface FoundEvents {
  readonly samples: Float64Array;
  readonly channels: Int32Array;
  /** Indices of the chunks that were looked at. */
  readonly chunks: ReadonlySet<number>;
}

export interface MatchOptions {
  readonly bank: TemplateBank;
  readonly costs: Float32Array | undefined;
  /** Indices of the chunks to match. */
  readonly chunks: readonly number[];
  readonly found: FoundEvents;
  readonly isResidualSearched: boolean;
}

/** Spikes of one unit nearer than this are one spike, found on both sides of a chunk's border. */
const SAME_SPIKE_SAMPLES = 6;

/** Matches chunks; each result goes to `take` in order of time, without spikes that the chunk before has already. */
export async function matchChunks(
  stage: StageContext,
  options: MatchOptions,
  take: (result: MatchedChunk, chunk: number) => void,
): Promise<void> {
  const { pool, plan, signal, tools, progress } = stage;
  const { bank, costs, isResidualSearched } = options;
  const items = options.chunks.map((index) => {
    const { start, end } = plan.chunks[index];
    return { start, end, events: eventsOf(options.found, plan.chunks, index, tools.margin) };
  });
  const lastOfUnit = new Float64Array(bank.unitCount).fill(Number.NEGATIVE_INFINITY);
  const rowLength = Math.min(tools.context.parameters.neighbourCount, tools.context.channelCount) * bank.rank;
  await pool.run("matchChunk", { bank, costs, isResidualSearched }, items, {
    signal,
    take: (result, index) => {
      const kept: number[] = [];
      for (const [i, sample] of result.samples.entries()) {
        const unit = result.units[i];
        if (sample - lastOfUnit[unit] <= SAME_SPIKE_SAMPLES) continue;
        lastOfUnit[unit] = sample;
        kept.push(i);
      }
      take(
        kept.length === result.samples.length ? result : takeRows(result, kept, rowLength),
        options.chunks[index],
      );
      progress(index + 1, items.length);
    },
  });
}

/** All matched spikes of some chunks. */
export interface MatchedSpikeTable {
  /** Float64Array: samples in the recording, ascending. */
  readonly samples: Float64Array;
  readonly units: Int32Array;
  readonly amplitudes: Float32Array;
  readonly shifts: Float32Array;
  /** Float32Array [spikes x neighbourCount x R]. */
  readonly features: Float32Array;
  readonly left: readonly WindowEvents[];
}

/** Strings results together. */
export function joinMatched(chunks: readonly MatchedChunk[]): MatchedSpikeTable {
  return {
    samples: join(
      Float64Array,
      chunks.map((chunk) => chunk.samples),
    ),
    units: join(
      Int32Array,
      chunks.map((chunk) => chunk.units),
    ),
    amplitudes: join(
      Float32Array,
      chunks.map((chunk) => chunk.amplitudes),
    ),
    shifts: join(
      Float32Array,
      chunks.map((chunk) => chunk.shifts),
    ),
    features: join(
      Float32Array,
      chunks.map((chunk) => chunk.features),
    ),
    left: chunks.flatMap((chunk) => (chunk.left === undefined ? [] : [chunk.left])),
  };
}

/** Joins typed arrays. */
export function join<A extends Float64Array | Float32Array | Int32Array>(
  Type: new (length: number) => A,
  parts: readonly A[],
): A {
  const out = new Type(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Events of a chunk with its margins; undefined unless the chunk and both its neighbours were looked at. */
function eventsOf(
  found: FoundEvents,
  chunks: readonly Chunk[],
  index: number,
  margin: number,
): { samples: Float64Array; channels: Int32Array } | undefined {
  const isKnown = [index - 1, index, index + 1].every(
    (i) => i < 0 || i >= chunks.length || found.chunks.has(i),
  );
  if (!isKnown) return undefined;
  const from = firstAtLeast(found.samples, chunks[index].start - margin);
  const to = firstAtLeast(found.samples, chunks[index].end + margin);
  return { samples: found.samples.slice(from, to), channels: found.channels.slice(from, to) };
}

function takeRows(result: MatchedChunk, rows: readonly number[], rowLength: number): MatchedChunk {
  const features = new Float32Array(rows.length * rowLength);
  for (const [to, row] of rows.entries())
    features.set(result.features.subarray(row * rowLength, (row + 1) * rowLength), to * rowLength);
  return {
    samples: Float64Array.from(rows, (i) => result.samples[i]),
    units: Int32Array.from(rows, (i) => result.units[i]),
    amplitudes: Float32Array.from(rows, (i) => result.amplitudes[i]),
    shifts: Float32Array.from(rows, (i) => result.shifts[i]),
    features,
    left: result.left,
  };
}

/**
 * @module
 * Covariance of channels over quiet samples: a pair's samples count where both channels are below a multiple of their own noise.
 */
import type { TraceKernels } from "../dsp/wasm/load.ts";

/** Quiet samples: values where a channel is quiet, else 0, and bits that say which. */
export interface QuietSamples {
  readonly channelCount: number;
  /** Samples of each channel, padded to a multiple of 32 by samples that are not quiet. */
  readonly count: number;
  /** Float32Array [channels x count], one row per channel. */
  readonly values: Float32Array;
  /** Uint32Array [channels x count / 32]: bit i of word w says that sample 32 w + i is quiet. */
  readonly bits: Uint32Array;
}

/** Masks samples: |x| < limit is quiet.
 * @param rows  Float32Array [channels x count], one row per channel; its loud values become 0; `count` is a multiple of 32
 * @param limits  one per channel; 0 masks all of it */
export function maskLoud(
  rows: Float32Array,
  channelCount: number,
  count: number,
  limits: ArrayLike<number>,
): QuietSamples {
  const bits = new Uint32Array((channelCount * count) / 32);
  for (let c = 0; c < channelCount; c++) {
    const limit = limits[c];
    for (let i = c * count; i < (c + 1) * count; i++)
      if (Math.abs(rows[i]) < limit) bits[i >>> 5] |= 1 << (i & 31);
      else rows[i] = 0;
  }
  return { channelCount, count, values: rows, bits };
}

/**
 * Estimates the covariance (about zero) of the pairs of channels that share a neighbourhood.
 *
 * @param neighbourhoods  lists of channels; every pair within a list is computed
 * @returns Float64Array [channels x channels], symmetric; 0 for pairs in no list or never quiet together
 */
export function quietCovariance(
  quiet: QuietSamples,
  neighbourhoods: readonly (readonly number[])[],
  kernels: TraceKernels,
): Float64Array {
  const { channelCount, count, values, bits } = quiet;
  const covariance = new Float64Array(channelCount * channelCount);
  const partners = partnersOf(neighbourhoods, channelCount);
  const stretch = Math.min(1024, count);
  const block = kernels.reserve(channelCount * stretch * 4);
  const offsets = partners.map((list) => kernels.place(Uint32Array.from(list, (c) => c * stretch * 4)));
  const sums = kernels.reserve(channelCount * 4);
  for (let start = 0; start < count; start += stretch) {
    const length = Math.min(stretch, count - start);
    const view = kernels.floats(block, channelCount * stretch);
    for (let c = 0; c < channelCount; c++)
      view.set(values.subarray(c * count + start, c * count + start + length), c * stretch);
    for (let a = 0; a < channelCount; a++) {
      const list = partners[a];
      kernels.functions.dotRows(block + a * stretch * 4, block, offsets[a], list.length, length, sums);
      const dots = kernels.floats(sums, list.length);
      for (let i = 0; i < list.length; i++) covariance[a * channelCount + list[i]] += dots[i];
    }
  }
  const words = count / 32;
  for (let a = 0; a < channelCount; a++)
    for (const b of partners[a]) {
      const both = Math.max(1, commonBits(bits, a * words, b * words, words));
      covariance[a * channelCount + b] /= both;
      covariance[b * channelCount + a] = covariance[a * channelCount + b];
    }
  return covariance;
}

/** For each channel the channels from itself upwards that stand in some list with it. */
function partnersOf(neighbourhoods: readonly (readonly number[])[], channelCount: number): number[][] {
  const isPair = new Uint8Array(channelCount * channelCount);
  for (const list of neighbourhoods)
    for (const a of list) for (const b of list) isPair[a * channelCount + b] = 1;
  return Array.from({ length: channelCount }, (_, a) => {
    const list: number[] = [];
    for (let b = a; b < channelCount; b++) if (isPair[a * channelCount + b] === 1) list.push(b);
    return list;
  });
}

function commonBits(bits: Uint32Array, a: number, b: number, words: number): number {
  let total = 0;
  for (let i = 0; i < words; i++) {
    let word = bits[a + i] & bits[b + i];
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    total += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return total;
}

/**
 * @module
 * Noise with a covariance that depends on distance, from independent noise in a few multiply-adds for each channel.
 *
 * Each channel is its regression on its nearest channels before it, plus what is left (Vecchia 1988, a nearest-neighbour Gaussian
 * process). The result is a valid Gaussian process whose covariance is close to the wanted one (test/generate/spatial-noise.test.ts).
 */
import { choleskyFactor, choleskySolve } from "../linalg/cholesky.ts";

/** Channels that each is regressed on; written out in the kernel. */
const NEIGHBOURS = 5;

export interface SpatialMixer {
  readonly channelCount: number;
  /** Int32Array [channels x neighbours]: earlier channels; a channel with fewer has itself with weight 0. */
  readonly neighbour: Int32Array;
  /** Float32Array [channels x neighbours]. */
  readonly weight: Float32Array;
  /** Float32Array [channels]: of the channel's own noise. */
  readonly own: Float32Array;
}

/** Makes the mixer for channels in order of depth.
 * @param covariance  by distance in um; covariance(0) is the variance */
export function makeSpatialMixer(
  x: Float64Array,
  y: Float64Array,
  covariance: (distanceUm: number) => number,
): SpatialMixer {
  const channelCount = x.length;
  const neighbour = new Int32Array(channelCount * NEIGHBOURS);
  const weight = new Float32Array(channelCount * NEIGHBOURS);
  const own = new Float32Array(channelCount);
  const distance = (i: number, j: number): number => Math.hypot(x[i] - x[j], y[i] - y[j]);
  for (let c = 0; c < channelCount; c++) {
    const before = Array.from({ length: c }, (_, i) => i);
    before.sort((i, j) => distance(c, i) - distance(c, j) || i - j);
    const near = before.slice(0, NEIGHBOURS);
    const size = near.length;
    let rest = covariance(0);
    if (size > 0) {
      const among = new Float64Array(size * size);
      const toThis = Float64Array.from(near, (i) => covariance(distance(c, i)));
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) among[i * size + j] = covariance(distance(near[i], near[j]));
      for (let i = 0; i < size; i++) among[i * size + i] *= 1 + 1e-9;
      const solved = choleskySolve(choleskyFactor(among, size), size, toThis);
      for (let i = 0; i < size; i++) {
        weight[c * NEIGHBOURS + i] = solved[i];
        rest -= solved[i] * toThis[i];
      }
    }
    for (let i = 0; i < NEIGHBOURS; i++) neighbour[c * NEIGHBOURS + i] = i < size ? near[i] : c;
    own[c] = Math.sqrt(Math.max(rest, 0));
  }
  return { channelCount, neighbour, weight, own };
}

/** Mixes rows of independent standard normals into correlated ones, in place. A kernel: checks nothing.
 * @param rows  Float32Array [rowCount x channels] */
export function mixSpatially(mixer: SpatialMixer, rows: Float32Array, rowCount: number): void {
  const { channelCount, neighbour, weight, own } = mixer;
  for (let row = 0; row < rowCount; row++) {
    const base = row * channelCount;
    for (let c = 0; c < channelCount; c++) {
      const k = c * NEIGHBOURS;
      rows[base + c] =
        own[c] * rows[base + c] +
        weight[k] * rows[base + neighbour[k]] +
        weight[k + 1] * rows[base + neighbour[k + 1]] +
        weight[k + 2] * rows[base + neighbour[k + 2]] +
        weight[k + 3] * rows[base + neighbour[k + 3]] +
        weight[k + 4] * rows[base + neighbour[k + 4]];
    }
  }
}

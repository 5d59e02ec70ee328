/**
 * @module
 * Which units are one: not those whose templates are alike, but those whose spikes show no gap between them.
 *
 * Pairs of near units, the most alike first: one is moved in time until the templates fit best; the cleaned features of both on their
 * common channels are reduced to the difference of the means and the four strongest components, and isocut decides along the Fisher axis.
 *
 * What a newcomer would get wrong: without the move, a large unit stays two. Spikes lie between samples; clustering halves a unit of 30
 * sigma by where its spikes lie, and the two halves' templates are then ten sigma apart with nothing in between.
 *
 * Source: shared/prototypes/sorter, section 1 F.
 */
import { MERGE_GAP_RULE, pairDip } from "../clustering/pair-dip.ts";
import { covariance } from "../linalg/covariance.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import type { MatchingContext } from "../matching/matching-context.ts";
import { NO_SHIFT, shiftedBases, shiftedFeatures, type TemplateWaveform } from "./shifted-templates.ts";

/** Units with features of their spikes around each one's own main channel. */
export interface MergeInput {
  /** Main channel of each unit; its features are on `context.neighbours` of that channel, in this order. */
  readonly mainChannels: Int32Array;
  /** Rows of `features` that are each unit's spikes. */
  readonly members: readonly Int32Array[];
  /** Float32Array [rows x featureChannels x R]. */
  readonly features: Float32Array;
  /** Channels in a row; a shorter neighbourhood leaves zeros. */
  readonly featureChannels: number;
  /** Mean waveform of each unit: tells how its features change when it is moved in time. */
  readonly templates: readonly TemplateWaveform[];
}

export interface MergeRules {
  readonly mergeRadiusUm: number;
  readonly mergeDistance: number;
  readonly mergeFraction: number;
  readonly mergeDip: number;
  readonly mergeMedianDistance: number;
}

/** Components kept next to the difference of the means. */
const COMPONENTS = 4;
/** Of two units together at most so many spikes are compared, evenly taken. */
const SPIKES = 3000;
/** Common channels that are compared, the ones nearest to the larger unit's main channel. */
const CHANNELS = 16;

/** A unit as merging sees it. */
interface Candidate {
  /** Channels of a row of features. */
  readonly channels: Int32Array;
  /** Rows compared; of a merged unit those of its largest part that are around one main channel. */
  rows: Int32Array;
  /** Mean of the rows, at every shift: [channels x R] each. */
  readonly moved: readonly Float32Array[];
}

/**
 * Finds the units that are one.
 *
 * @returns for each unit the unit that it belongs to (itself when it stays)
 */
export function mergeUnits(input: MergeInput, context: MatchingContext, rules: MergeRules): Int32Array {
  const count = input.members.length;
  const owner = Int32Array.from({ length: count }, (_, unit) => unit);
  const features = input.features.slice();
  const work = { ...input, features };
  const bases = shiftedBases(context);
  const units = input.members.map((rows, unit): Candidate => {
    const channels = context.neighbours[input.mainChannels[unit]];
    const template =
      rows.length === 0 ? [] : shiftedFeatures(input.templates[unit], channels, bases, context);
    const mean = meanRow(input, rows, channels.length * context.basis.rank, context.basis.rank);
    return {
      channels,
      rows,
      moved: template.map((shifted) => mean.map((value, i) => value + shifted[i] - template[NO_SHIFT][i])),
    };
  });
  const rootOf = (unit: number): number => {
    let at = unit;
    while (owner[at] !== at) at = owner[at];
    return at;
  };
  for (const { a, b } of nearPairs(input, units, context, rules)) {
    const [first, second] = [rootOf(a), rootOf(b)];
    if (first === second) continue;
    const [keep, gone] =
      units[first].rows.length >= units[second].rows.length ? [first, second] : [second, first];
    const { shift } = bestFit(units[gone], units[keep], context.basis.rank);
    const rows = movedRows(work, units[gone], shift, context.basis.rank);
    if (!isOne(work, units[keep], units[gone], rows, context.basis.rank, rules)) continue;
    owner[gone] = keep;
    if (input.mainChannels[keep] !== input.mainChannels[gone]) continue;
    const width = input.featureChannels * context.basis.rank;
    for (const [i, row] of units[gone].rows.entries())
      features.set(rows.subarray(i * width, (i + 1) * width), row * width);
    units[keep].rows = Int32Array.of(...units[keep].rows, ...units[gone].rows).sort();
  }
  return owner.map((_, unit) => rootOf(unit));
}

/** Pairs worth comparing, the most alike first. */
function nearPairs(
  input: MergeInput,
  units: readonly Candidate[],
  context: MatchingContext,
  rules: MergeRules,
): { a: number; b: number }[] {
  const { mainChannels } = input;
  const energies = units.map(({ moved }) =>
    (moved[NO_SHIFT] ?? []).reduce((sum, value) => sum + value * value, 0),
  );
  const pairs: { a: number; b: number; difference: number }[] = [];
  for (let a = 0; a < units.length; a++)
    for (let b = a + 1; b < units.length; b++) {
      if (units[a].rows.length === 0 || units[b].rows.length === 0) continue;
      if (context.distances[mainChannels[a] * context.channelCount + mainChannels[b]] > rules.mergeRadiusUm)
        continue;
      const { difference } = bestFit(units[a], units[b], context.basis.rank);
      const larger = Math.max(energies[a], energies[b]);
      if (difference < rules.mergeDistance ** 2 || difference < rules.mergeFraction * larger)
        pairs.push({ a, b, difference });
    }
  return pairs.sort((p, q) => p.difference - q.difference || p.a - q.a || p.b - q.b);
}

/** The shift of `moving` (an index of `TEMPLATE_SHIFTS`) at which it is most like `still` on their common channels. */
function bestFit(moving: Candidate, still: Candidate, rank: number): { shift: number; difference: number } {
  const columns = Array.from(moving.channels, (channel) => still.channels.indexOf(channel));
  const other = still.moved[NO_SHIFT];
  let best = { shift: NO_SHIFT, difference: Number.POSITIVE_INFINITY };
  for (const [shift, mean] of moving.moved.entries()) {
    let difference = 0;
    for (const [c, column] of columns.entries()) {
      if (column < 0) continue;
      for (let r = 0; r < rank; r++) difference += (mean[c * rank + r] - other[column * rank + r]) ** 2;
    }
    if (difference < best.difference) best = { shift, difference };
  }
  return best;
}

/** The features of a unit's rows, moved. */
function movedRows(input: MergeInput, unit: Candidate, shift: number, rank: number): Float32Array {
  const width = input.featureChannels * rank;
  const out = new Float32Array(unit.rows.length * width);
  const [from, to] = [unit.moved[NO_SHIFT], unit.moved[shift]];
  for (const [i, row] of unit.rows.entries()) {
    out.set(input.features.subarray(row * width, (row + 1) * width), i * width);
    for (let d = 0; d < to.length; d++) out[i * width + d] += to[d] - from[d];
  }
  return out;
}

/** Mean of the first `length` values of rows. */
function meanRow(input: MergeInput, rows: Int32Array, length: number, rank: number): Float32Array {
  const width = input.featureChannels * rank;
  const mean = new Float64Array(length);
  for (const row of rows)
    for (let d = 0; d < length; d++) mean[d] += input.features[row * width + d] / rows.length;
  return Float32Array.from(mean);
}

function isOne(
  input: MergeInput,
  keep: Candidate,
  gone: Candidate,
  goneRows: Float32Array,
  rank: number,
  rules: MergeRules,
): boolean {
  const common = Array.from(keep.channels)
    .filter((channel) => gone.channels.includes(channel))
    .slice(0, CHANNELS);
  const share = Math.max(1, (keep.rows.length + gone.rows.length) / SPIKES);
  const width = input.featureChannels * rank;
  const columnsIn = (unit: Candidate): number[] => common.map((channel) => unit.channels.indexOf(channel));
  const a = gather(input.features, width, thinned(keep.rows, share), columnsIn(keep), rank);
  const all = Int32Array.from(gone.rows.keys());
  const b = gather(goneRows, width, thinned(all, share), columnsIn(gone), rank);
  const dimensions = common.length * rank;
  const axes = comparisonAxes(a, b, dimensions);
  if (axes.length === 0) return true;
  const { dip, distance } = pairDip(
    project(a, dimensions, axes),
    a.length / dimensions,
    project(b, dimensions, axes),
    b.length / dimensions,
    axes.length,
    MERGE_GAP_RULE,
  );
  return dip < rules.mergeDip || distance < rules.mergeMedianDistance;
}

/** Every `share`-th of the rows. */
function thinned(rows: Int32Array, share: number): Int32Array {
  if (share <= 1) return rows;
  return Int32Array.from(
    { length: Math.max(1, Math.floor(rows.length / share)) },
    (_, i) => rows[Math.floor(i * share)],
  );
}

function gather(
  features: Float32Array,
  width: number,
  rows: Int32Array,
  columns: readonly number[],
  rank: number,
): Float64Array {
  const out = new Float64Array(rows.length * columns.length * rank);
  let to = 0;
  for (const row of rows)
    for (const column of columns)
      for (let r = 0; r < rank; r++) out[to++] = features[row * width + column * rank + r];
  return out;
}

/** Orthonormal: the difference of the means, then what the strongest components of all points add to it. */
function comparisonAxes(a: Float64Array, b: Float64Array, dimensions: number): Float64Array[] {
  const all = new Float64Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  const difference = columnMeanOf(a, dimensions);
  const other = columnMeanOf(b, dimensions);
  for (let d = 0; d < dimensions; d++) difference[d] -= other[d];
  const { vectors } = symmetricEigen(covariance(all, all.length / dimensions, dimensions), dimensions);
  const candidates = [difference];
  for (let k = 1; k <= Math.min(COMPONENTS, dimensions); k++)
    candidates.push(vectors.slice((dimensions - k) * dimensions, (dimensions - k + 1) * dimensions));
  const axes: Float64Array[] = [];
  for (const candidate of candidates) {
    const before = Math.hypot(...candidate);
    for (const axis of axes) {
      const overlap = dot(candidate, axis, 0);
      for (let d = 0; d < dimensions; d++) candidate[d] -= overlap * axis[d];
    }
    const norm = Math.hypot(...candidate);
    if (norm > 1e-6 * before && norm > 0) axes.push(candidate.map((value) => value / norm));
  }
  return axes;
}

function columnMeanOf(points: Float64Array, dimensions: number): Float64Array {
  const mean = new Float64Array(dimensions);
  const count = points.length / dimensions;
  for (let i = 0; i < count; i++)
    for (let d = 0; d < dimensions; d++) mean[d] += points[i * dimensions + d] / count;
  return mean;
}

function project(points: Float64Array, dimensions: number, axes: readonly Float64Array[]): Float64Array {
  const count = points.length / dimensions;
  const out = new Float64Array(count * axes.length);
  for (let i = 0; i < count; i++)
    for (const [k, axis] of axes.entries()) out[i * axes.length + k] = dot(points, axis, i * dimensions);
  return out;
}

function dot(points: Float64Array, axis: Float64Array, from: number): number {
  let sum = 0;
  for (let d = 0; d < axis.length; d++) sum += points[from + d] * axis[d];
  return sum;
}

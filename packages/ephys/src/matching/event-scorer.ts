/**
 * @module
 * Scoring an event: which template, at which lag and amplitude, explains the traces around it best, and by how much.
 *
 * gain = 2aD - a^2 N^2 - s(a - 1)^2 - cost: the log likelihood gained by a spike of amplitude a with prior N(1, 1/s), less its cost. D and
 * N^2 are taken on the *event's* neighbourhood, not on the template's support, so that all candidates are compared on the same data.
 */
import type { Traces } from "../core/traces.ts";
import { gatherRows } from "../dsp/trace-memory.ts";
import { ShapeError } from "../errors.ts";
import type { MatchingContext } from "./matching-context.ts";
import type { KernelShape, makeScoreKernel, ScoreKernel } from "./score-kernel.ts";
import type { TemplateBank } from "./template-bank.ts";
import { makeWasmScoreKernel } from "./wasm-score-kernel.ts";

/** Makes a kernel; the one in WebAssembly unless another is handed in. */
export type KernelMaker = typeof makeScoreKernel;

/** The candidates of a channel. */
interface ChannelTable {
  readonly units: Int32Array;
  readonly energies: Float64Array;
  readonly costs: Float64Array;
  /** Neighbourhood without padding. */
  readonly channels: Int32Array;
  /** The same with channel 0 up to `width`: their coefficients are 0, so what is gathered there does not count. */
  readonly padded: Int32Array;
  readonly width: number;
  readonly start: number;
}

export class EventScorer {
  /** Result of `score`: the unit, or -1 when no template is near. */
  unit = -1;
  /** Sample of the spike. */
  sample = 0;
  amplitude = 0;
  gain = 0;
  /** Where the spike lies relative to `sample`, -1/2..1/2. */
  shift = 0;
  readonly #tables: readonly ChannelTable[];
  readonly #kernel: ScoreKernel;
  readonly #lags: number;
  readonly #rows: number;
  readonly #before: number;
  readonly #precision: number;
  readonly #amplitudeMin: number;
  readonly #amplitudeMax: number;

  /** @throws ShapeError when there is not one cost for each unit */
  constructor(
    bank: TemplateBank,
    context: MatchingContext,
    costs: ArrayLike<number>,
    makeKernel: KernelMaker = makeWasmScoreKernel,
  ) {
    if (costs.length !== bank.unitCount)
      throw new ShapeError(`A bank of ${bank.unitCount} units needs as many costs, got ${costs.length}`);
    const { parameters, basis } = context;
    const { tables, table, shape } = channelTables(bank, context, costs);
    this.#tables = tables;
    this.#kernel = makeKernel(basis, shape, table);
    this.#lags = parameters.lags;
    this.#rows = basis.windowSamples + 2 * parameters.lags;
    this.#before = basis.samplesBefore + parameters.lags;
    this.#precision = 1 / parameters.amplitudeSpread ** 2;
    this.#amplitudeMin = parameters.amplitudeMin;
    this.#amplitudeMax = parameters.amplitudeMax;
  }

  /**
   * Scores the event at `sample` of `channel`; the answer is in the fields.
   *
   * The window with all lags must lie inside `y`.
   */
  score(y: Traces, sample: number, channel: number): void {
    const table = this.#tables[channel];
    const count = table.units.length;
    this.unit = -1;
    this.gain = Number.NEGATIVE_INFINITY;
    if (count === 0) return;
    gatherRows(y, sample - this.#before, this.#rows, table.padded, this.#kernel.snippet);
    this.#kernel.run(table.width, table.start, count);
    const products = this.#kernel.products;
    const lagCount = 2 * this.#lags + 1;
    let best = -1;
    for (let lag = 0; lag < lagCount; lag++)
      for (let k = 0; k < count; k++) {
        const at = lag * count + k;
        const product = products[at];
        const energy = table.energies[k];
        const amplitude = this.#amplitudeOf(product, energy);
        const gain = this.#gainOf(product, energy, amplitude) - table.costs[k];
        if (gain > this.gain) {
          this.gain = gain;
          this.amplitude = amplitude;
          best = at;
        }
      }
    const lag = Math.floor(best / count);
    const k = best - lag * count;
    this.unit = table.units[k];
    this.sample = sample + lag - this.#lags;
    this.shift = 0;
    if (lag > 0 && lag < lagCount - 1)
      this.#interpolate(products, best, count, table.energies[k], table.costs[k]);
  }

  /** Moves to the maximum of the parabola through the products at three lags. */
  #interpolate(products: Float32Array, at: number, count: number, energy: number, cost: number): void {
    const before = products[at - count];
    const middle = products[at];
    const after = products[at + count];
    const bend = before - 2 * middle + after;
    if (bend >= 0) return;
    this.shift = Math.min(0.5, Math.max(-0.5, (0.5 * (before - after)) / bend));
    const product = middle - 0.25 * (before - after) * this.shift;
    this.amplitude = this.#amplitudeOf(product, energy);
    this.gain = this.#gainOf(product, energy, this.amplitude) - cost;
  }

  #amplitudeOf(product: number, energy: number): number {
    const amplitude = (product + this.#precision) / (energy + this.#precision);
    return Math.min(this.#amplitudeMax, Math.max(this.#amplitudeMin, amplitude));
  }

  #gainOf(product: number, energy: number, amplitude: number): number {
    const offset = amplitude - 1;
    return 2 * amplitude * product - amplitude * amplitude * energy - this.#precision * offset * offset;
  }
}

function channelTables(
  bank: TemplateBank,
  context: MatchingContext,
  costs: ArrayLike<number>,
): { tables: ChannelTable[]; table: Float32Array; shape: KernelShape } {
  const { parameters, channelCount, distances, neighbours, basis } = context;
  const { rank } = basis;
  const tables: ChannelTable[] = [];
  let start = 0;
  let maxWidth = 4;
  let maxCandidates = 1;
  for (let channel = 0; channel < channelCount; channel++) {
    const near: number[] = [];
    for (let unit = 0; unit < bank.unitCount; unit++)
      if (distances[bank.mainChannels[unit] * channelCount + channel] <= parameters.candidateRadiusUm)
        near.push(unit);
    const channels = neighbours[channel].slice().sort();
    const width = Math.ceil(channels.length / 4) * 4;
    const padded = new Int32Array(width);
    padded.set(channels);
    tables.push({
      units: Int32Array.from(near),
      energies: new Float64Array(near.length),
      costs: Float64Array.from(near, (unit) => costs[unit]),
      channels,
      padded,
      width,
      start,
    });
    start += near.length * rank * width;
    maxWidth = Math.max(maxWidth, width);
    maxCandidates = Math.max(maxCandidates, near.length);
  }
  const table = new Float32Array(start);
  for (const entry of tables) fillTable(entry, bank, table);
  return { tables, table, shape: { lagCount: 2 * parameters.lags + 1, maxWidth, maxCandidates } };
}

/** Writes the coefficients of a channel's candidates on its neighbourhood, and their energy there. */
function fillTable(entry: ChannelTable, bank: TemplateBank, table: Float32Array): void {
  const { rank, support, supportStart, coefficients } = bank;
  for (const [k, unit] of entry.units.entries())
    for (const [c, channel] of entry.channels.entries())
      for (let at = supportStart[unit]; at < supportStart[unit + 1]; at++) {
        if (support[at] !== channel) continue;
        for (let r = 0; r < rank; r++) {
          const value = coefficients[at * rank + r];
          table[entry.start + (k * rank + r) * entry.width + c] = value;
          entry.energies[k] += value * value;
        }
      }
}

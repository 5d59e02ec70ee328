/**
 * @module
 * Stage: matches the whole recording with the learned templates, and keeps of each spike what the result needs.
 *
 * Full features are kept of the learning chunks only: they decide the last merges. Of all spikes a position and phy's features are kept.
 */
import type { MatchingContext } from "../../matching/matching-context.ts";
import { supportOf, type TemplateBank, waveformOf } from "../../matching/template-bank.ts";
import { mergeBursts } from "../../templates/burst-pairs.ts";
import { mergeUnits } from "../../templates/merge-units.ts";
import { findMisfits } from "../../templates/misfits.ts";
import { findShadows } from "../../templates/shadows.ts";
import type { TemplateWaveform } from "../../templates/shifted-templates.ts";
import type { MatchedChunk } from "../jobs/match-chunk.ts";
import { type FoundEvents, join, joinMatched, matchChunks } from "./match-recording.ts";
import { groupRows, type StageContext } from "./stage-context.ts";

export interface FinalSpikes {
  /** Float64Array: samples in the recording, ascending; with the band-pass's delay. */
  readonly samples: Float64Array;
  /** Final unit of each spike, from 0. */
  readonly units: Int32Array;
  readonly amplitudes: Float32Array;
  readonly shifts: Float32Array;
  /** Float32Array [spikes x 2], um. */
  readonly positions: Float32Array;
  /** Float32Array [spikes x featuresPerChannel x featureChannels] on the channels around each final unit's main channel. */
  readonly features: Float32Array;
  readonly featuresPerChannel: number;
  readonly featureChannels: number;
  readonly unitCount: number;
  /** Main channel of each final unit's template. */
  readonly mainChannels: Int32Array;
}

/** Temporal features of a channel that phy is given. */
const FEATURES_PER_CHANNEL = 3;
/** A channel's energy counts for the position when it is above this many times the rank, its mean in pure noise. */
const NOISE_ENERGY = 3;
const POSITION_RADIUS_UM = 60;

interface SpikeExtras {
  readonly positions: Float32Array;
  readonly features: Float32Array;
}

export async function finalSpikes(
  stage: StageContext,
  bank: TemplateBank,
  costs: Float32Array | undefined,
  found: FoundEvents,
): Promise<FinalSpikes> {
  const { plan, tools } = stage;
  const { context, parameters } = tools;
  const learning = new Set(plan.learning);
  const learned: MatchedChunk[] = [];
  const kept: MatchedChunk[] = [];
  const extras: SpikeExtras[] = [];
  const featureChannels = Math.min(
    parameters.featureChannels,
    context.parameters.neighbourCount,
    context.channelCount,
  );
  const featuresPerChannel = Math.min(FEATURES_PER_CHANNEL, context.basis.rank);
  const chunks = Array.from(plan.chunks.keys());
  await matchChunks(stage, { bank, costs, chunks, found, isResidualSearched: false }, (result, chunk) => {
    if (learning.has(chunk)) learned.push(result);
    kept.push({ ...result, features: new Float32Array(0) });
    extras.push(describeSpikes(result, bank, context, featuresPerChannel, featureChannels));
  });
  const owner = finalMerge(stage, bank, learned);
  const spikes = joinMatched(kept);
  const alike = spikes.units.map((unit) => owner[unit]);
  const ofBurst = mergeBursts(
    {
      trains: groupRows(alike, bank.unitCount).map((rows) =>
        Float64Array.from(rows, (i) => spikes.samples[i]),
      ),
      templates: templatesOf(bank),
      mainChannels: bank.mainChannels,
      samplingRateHz: tools.recording.samplingRateHz,
      sampleCount: tools.recording.sampleCount,
    },
    context,
  );
  const merged = alike.map((unit) => ofBurst[unit]);
  const trains = {
    samples: spikes.samples,
    units: merged,
    energies: bank.energies,
    mainChannels: bank.mainChannels,
  };
  const isShadow = findShadows(trains, trains, context, parameters);
  const members = groupRows(merged, bank.unitCount);
  const isMisfit = findMisfits(members, spikes.amplitudes, parameters.leastAmplitude);
  const isKept = (unit: number): boolean =>
    members[unit].length >= parameters.minimumSpikes && isShadow[unit] + isMisfit[unit] === 0;
  const stays = Array.from(members.keys()).filter(isKept);
  const order = stays.sort((a, b) => placeOf(bank.mainChannels[a]) - placeOf(bank.mainChannels[b]) || a - b);
  const finalOf = new Int32Array(bank.unitCount).fill(-1);
  for (const [index, unit] of order.entries()) finalOf[unit] = index;
  const rows = Uint32Array.from(merged.keys()).filter((i) => finalOf[merged[i]] >= 0);
  const positions = join(
    Float32Array,
    extras.map((extra) => extra.positions),
  );
  const features = join(
    Float32Array,
    extras.map((extra) => extra.features),
  );
  const mainChannels = Int32Array.from(order, (unit) => bank.mainChannels[unit]);
  const units = Int32Array.from(rows, (i) => finalOf[merged[i]]);
  const takeRow = (from: Float32Array, width: number): Float32Array => {
    const out = new Float32Array(rows.length * width);
    for (const [to, row] of rows.entries())
      out.set(from.subarray(row * width, (row + 1) * width), to * width);
    return out;
  };
  const matchedMains = Int32Array.from(rows, (i) => bank.mainChannels[spikes.units[i]]);
  const unitMains = Int32Array.from(units, (unit) => mainChannels[unit]);
  const ownFeatures = takeRow(features, featuresPerChannel * featureChannels);
  moveFeatures(ownFeatures, featuresPerChannel, featureChannels, matchedMains, unitMains, context);
  return {
    samples: Float64Array.from(rows, (i) => spikes.samples[i]),
    units,
    amplitudes: Float32Array.from(rows, (i) => spikes.amplitudes[i]),
    shifts: Float32Array.from(rows, (i) => spikes.shifts[i]),
    positions: takeRow(positions, 2),
    features: ownFeatures,
    featuresPerChannel,
    featureChannels,
    unitCount: order.length,
    mainChannels,
  };

  /** Units are numbered along the probe. */
  function placeOf(channel: number): number {
    return context.y[channel] + 1e-3 * context.x[channel];
  }
}

function finalMerge(stage: StageContext, bank: TemplateBank, learned: readonly MatchedChunk[]): Int32Array {
  const { context, parameters } = stage.tools;
  const spikes = joinMatched(learned);
  const featureChannels = Math.min(context.parameters.neighbourCount, context.channelCount);
  const members = groupRows(spikes.units, bank.unitCount);
  const input = {
    mainChannels: bank.mainChannels,
    members,
    features: spikes.features,
    featureChannels,
    templates: templatesOf(bank),
  };
  return mergeUnits(input, context, parameters);
}

function templatesOf(bank: TemplateBank): TemplateWaveform[] {
  return Array.from(bank.mainChannels.keys(), (unit) => ({
    channels: supportOf(bank, unit),
    data: waveformOf(bank, unit),
  }));
}

/** Positions, and the features that phy is given. */
function describeSpikes(
  result: MatchedChunk,
  bank: TemplateBank,
  context: MatchingContext,
  featuresPerChannel: number,
  featureChannels: number,
): SpikeExtras {
  const { rank } = context.basis;
  const count = result.samples.length;
  const width = Math.min(context.parameters.neighbourCount, context.channelCount);
  const positions = new Float32Array(count * 2);
  const features = new Float32Array(count * featuresPerChannel * featureChannels);
  for (let i = 0; i < count; i++) {
    const main = bank.mainChannels[result.units[i]];
    const neighbours = context.neighbours[main];
    let [sum, x, y] = [0, 0, 0];
    for (const [c, channel] of neighbours.entries()) {
      const from = (i * width + c) * rank;
      if (c < featureChannels)
        for (let r = 0; r < featuresPerChannel; r++)
          features[(i * featuresPerChannel + r) * featureChannels + c] = result.features[from + r];
      if (context.distances[main * context.channelCount + channel] > POSITION_RADIUS_UM) continue;
      let energy = 0;
      for (let r = 0; r < rank; r++) energy += result.features[from + r] ** 2;
      const weight = Math.max(0, energy - NOISE_ENERGY * rank);
      sum += weight;
      x += weight * context.x[channel];
      y += weight * context.y[channel];
    }
    positions[2 * i] = sum > 0 ? x / sum : context.x[main];
    positions[2 * i + 1] = sum > 0 ? y / sum : context.y[main];
  }
  return { positions, features };
}

/** Moves features of merged spikes to the columns of their final unit; a channel that was not looked at becomes 0. */
function moveFeatures(
  features: Float32Array,
  featuresPerChannel: number,
  featureChannels: number,
  fromMains: Int32Array,
  toMains: Int32Array,
  context: MatchingContext,
): void {
  const row = new Float32Array(featureChannels);
  for (const [i, fromMain] of fromMains.entries()) {
    if (fromMain === toMains[i]) continue;
    const from = context.neighbours[fromMain].subarray(0, featureChannels);
    const to = context.neighbours[toMains[i]].subarray(0, featureChannels);
    for (let r = 0; r < featuresPerChannel; r++) {
      const at = (i * featuresPerChannel + r) * featureChannels;
      row.fill(0);
      for (const [c, channel] of to.entries()) {
        const column = from.indexOf(channel);
        if (column >= 0) row[c] = features[at + column];
      }
      features.set(row, at);
    }
  }
}

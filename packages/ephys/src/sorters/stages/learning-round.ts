/**
 * @module
 * Stage: learns the templates anew from cleaned spikes. Shadows and misfits go, units are split and merged, clusters of what matching left are added.
 *
 * Source: shared/prototypes/sorter, section 1 H.
 */
import { Random } from "../../core/random.ts";
import { spikeCosts } from "../../matching/parameters.ts";
import {
  makeTemplateBank,
  supportOf,
  type TemplateBank,
  takeTemplates,
  waveformOf,
} from "../../matching/template-bank.ts";
import { usableTemplates } from "../../matching/usable-templates.ts";
import { mergeUnits } from "../../templates/merge-units.ts";
import { findMisfits } from "../../templates/misfits.ts";
import { findShadows } from "../../templates/shadows.ts";
import { trimmedMembers } from "../../templates/trimmed-members.ts";
import { WaveformSums } from "../../templates/waveform-sums.ts";
import { firstAtLeast } from "../chunks.ts";
import { type ClusteredEvents, clusterWindows } from "./cluster-windows.ts";
import type { MatchedSpikeTable } from "./match-recording.ts";
import { groupRows, STREAMS, type StageContext, templateChannels } from "./stage-context.ts";

export interface LearnedTemplates {
  readonly bank: TemplateBank;
  readonly costs: Float32Array;
}

/** Channels that a unit is split on, the strongest. */
const SPLIT_CHANNELS = 16;

/** Learns templates from the spikes of the learning chunks. */
export async function learningRound(
  stage: StageContext,
  bank: TemplateBank,
  spikes: MatchedSpikeTable,
): Promise<LearnedTemplates> {
  const { tools, plan } = stage;
  const { context, parameters } = tools;
  const trains = {
    samples: spikes.samples,
    units: spikes.units,
    energies: bank.energies,
    mainChannels: bank.mainChannels,
  };
  const isShadow = findShadows(trains, trains, context, parameters);
  const isMisfit = findMisfits(
    groupRows(spikes.units, bank.unitCount),
    spikes.amplitudes,
    parameters.leastAmplitude,
  );
  const isDropped = isShadow.map((value, unit) => value | isMisfit[unit]);
  const parts = await splitUnits(stage, bank, spikes, isDropped);
  const rows = groupRows(parts.labels, parts.mainChannels.length);
  const featureChannels = Math.min(context.parameters.neighbourCount, context.channelCount);
  const templates = Array.from(parts.units, (unit) => ({
    channels: supportOf(bank, unit),
    data: waveformOf(bank, unit),
  }));
  const input = {
    mainChannels: parts.mainChannels,
    members: rows,
    features: spikes.features,
    featureChannels,
    templates,
  };
  const owner = mergeUnits(input, context, parameters);
  const labels = parts.labels.map((part) => (part < 0 ? -1 : owner[part]));
  const left = await clusterWindows(stage, spikes.left, {
    windows: STREAMS.leftWindows,
    trim: STREAMS.leftTrim,
  });

  // new units: the merged parts that have spikes, then the clusters of what was left
  const roots = Array.from(owner.keys()).filter((part) => owner[part] === part && rows[part].length > 0);
  const indexOf = new Int32Array(owner.length).fill(-1);
  for (const [index, root] of roots.entries()) indexOf[root] = index;
  const mains = [...roots.map((root) => parts.mainChannels[root]), ...left.mainChannels];
  const newUnits = labels.map((label) => (label < 0 ? -1 : indexOf[label]));
  const members = groupRows(newUnits, roots.length);
  const averaged = new Int32Array(newUnits.length).fill(-1);
  for (const [index, root] of roots.entries()) {
    const { templateSpikes, cleanedTrim, seed } = parameters;
    const random = new Random(seed, STREAMS.cleanedTrim + index);
    const options = { limit: templateSpikes, trim: cleanedTrim, random };
    // rows of features are comparable only when they are around one main channel
    const alike = members[index].filter(
      (row) => bank.mainChannels[spikes.units[row]] === parts.mainChannels[root],
    );
    for (const row of trimmedMembers(spikes.features, featureChannels * context.basis.rank, alike, options))
      averaged[row] = index;
  }
  const channels = mains.map((main) => templateChannels(tools, main));
  const means = await sumWaveforms(stage, bank, spikes, averaged, left, roots.length, channels);
  const full = makeTemplateBank(means, context);
  const isUsable = usableTemplates(full, context, { minEnergy: parameters.minimumEnergy });
  const leftTrains = {
    samples: left.samples.filter((_, i) => left.clusters[i] >= 0),
    units: left.clusters.filter((cluster) => cluster >= 0),
    energies: full.energies.subarray(roots.length),
    mainChannels: full.mainChannels.subarray(roots.length),
  };
  const isLeftShadow = findShadows(leftTrains, trains, context, parameters);
  const totals = [
    ...members.map((list) => list.length),
    ...groupRows(left.clusters, left.clusterCount).map((list) => list.length),
  ];
  const kept = totals.flatMap((total, unit) => {
    if (total < parameters.minimumSpikes || isUsable[unit] === 0) return [];
    return unit >= roots.length && isLeftShadow[unit - roots.length] === 1 ? [] : [unit];
  });
  const samples = plan.learning.reduce(
    (sum, chunk) => sum + plan.chunks[chunk].end - plan.chunks[chunk].start,
    0,
  );
  const rates = kept.map((unit) => (totals[unit] * tools.recording.samplingRateHz) / samples);
  return {
    bank: takeTemplates(full, kept),
    costs: spikeCosts(rates, tools.recording.samplingRateHz, context.parameters.initialCost),
  };
}

/** Splits each unit's cleaned spikes: part u is of unit u, further parts come behind; `units` tells whose. Dropped units' spikes have -1. */
async function splitUnits(
  stage: StageContext,
  bank: TemplateBank,
  spikes: MatchedSpikeTable,
  isDropped: Uint8Array,
): Promise<{ labels: Int32Array; mainChannels: Int32Array; units: Int32Array }> {
  const { tools, pool, signal, progress } = stage;
  const { parameters } = tools;
  const labels = spikes.units.map((unit) => (isDropped[unit] === 1 ? -1 : unit));
  const units = Array.from(bank.mainChannels.keys());
  const rows = groupRows(labels, bank.unitCount);
  const large = Array.from(rows.keys()).filter((unit) => rows[unit].length >= 2 * parameters.minimumSpikes);
  const items = large.map((unit) => ({
    ...strongFeatures(stage, bank, spikes, unit, rows[unit]),
    stream: STREAMS.splits + unit,
  }));
  await pool.run("clusterEvents", undefined, items, {
    signal,
    take: (found, index) => {
      const unit = large[index];
      let last = 0;
      for (const part of found) last = Math.max(last, part);
      for (let part = 1; part <= last; part++) {
        for (const [i, label] of found.entries()) if (label === part) labels[rows[unit][i]] = units.length;
        units.push(unit);
      }
      progress(index + 1, items.length);
    },
  });
  return {
    labels,
    mainChannels: Int32Array.from(units, (unit) => bank.mainChannels[unit]),
    units: Int32Array.from(units),
  };
}

/** Features of a unit's spikes on its strongest channels. */
function strongFeatures(
  stage: StageContext,
  bank: TemplateBank,
  spikes: MatchedSpikeTable,
  unit: number,
  rows: Int32Array,
): { features: Float32Array; count: number; dimensions: number } {
  const { context } = stage.tools;
  const { rank } = context.basis;
  const neighbours = context.neighbours[bank.mainChannels[unit]];
  const support = supportOf(bank, unit);
  const energyOf = (channel: number): number => {
    const at = support.indexOf(channel);
    if (at < 0) return 0;
    const from = (bank.supportStart[unit] + at) * rank;
    return bank.coefficients.subarray(from, from + rank).reduce((sum, value) => sum + value * value, 0);
  };
  const energies = Array.from(neighbours, energyOf);
  const columns = Array.from(neighbours.keys())
    .sort((a, b) => energies[b] - energies[a] || a - b)
    .slice(0, SPLIT_CHANNELS);
  const width = Math.min(context.parameters.neighbourCount, context.channelCount) * rank;
  const dimensions = columns.length * rank;
  const features = new Float32Array(rows.length * dimensions);
  let to = 0;
  for (const row of rows)
    for (const column of columns)
      for (let r = 0; r < rank; r++) features[to++] = spikes.features[row * width + column * rank + r];
  return { features, count: rows.length, dimensions };
}

async function sumWaveforms(
  stage: StageContext,
  bank: TemplateBank,
  spikes: MatchedSpikeTable,
  averaged: Int32Array,
  left: ClusteredEvents,
  firstLeft: number,
  channels: readonly Int32Array[],
): Promise<ReturnType<WaveformSums["means"]>> {
  const { plan, pool, signal, tools, progress } = stage;
  const leftRows = Int32Array.from(left.clusters.keys()).filter((i) => left.isAveraged[i] === 1);
  const leftSamples = Float64Array.from(leftRows, (i) => left.samples[i]);
  const sums = new WaveformSums(channels, tools.context.basis.windowSamples);
  const items = plan.learning.map((chunk) => {
    const { start, end } = plan.chunks[chunk];
    const [from, to] = [
      firstAtLeast(spikes.samples, start - tools.margin),
      firstAtLeast(spikes.samples, end + tools.margin),
    ];
    const [leftFrom, leftTo] = [firstAtLeast(leftSamples, start), firstAtLeast(leftSamples, end)];
    const isOwn = (i: number): boolean => spikes.samples[from + i] >= start && spikes.samples[from + i] < end;
    return {
      start,
      end,
      samples: spikes.samples.slice(from, to),
      units: spikes.units.slice(from, to),
      amplitudes: spikes.amplitudes.slice(from, to),
      shifts: spikes.shifts.slice(from, to),
      newUnits: averaged.slice(from, to).map((unit, i) => (isOwn(i) ? unit : -1)),
      leftSamples: leftSamples.slice(leftFrom, leftTo),
      leftUnits: Int32Array.from(leftRows.subarray(leftFrom, leftTo), (i) => firstLeft + left.clusters[i]),
    };
  });
  await pool.run("sumCleaned", { bank, channels }, items, {
    signal,
    take: (result, index) => {
      sums.add(result);
      progress(index + 1, items.length);
    },
  });
  return sums.means();
}

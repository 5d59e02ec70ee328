/**
 * @module
 * Stage: templates of the clusters, merged where the clusters are one unit.
 */
import { makeTemplateBank, type TemplateBank } from "../../matching/template-bank.ts";
import { usableTemplates } from "../../matching/usable-templates.ts";
import { mergeUnits } from "../../templates/merge-units.ts";
import { joinMeans, WaveformSums } from "../../templates/waveform-sums.ts";
import { firstAtLeast } from "../chunks.ts";
import type { ClusteredEvents } from "./cluster-windows.ts";
import { groupRows, type StageContext, templateChannels } from "./stage-context.ts";

/** @returns the bank to match with first; possibly of no unit */
export async function firstTemplates(stage: StageContext, events: ClusteredEvents): Promise<TemplateBank> {
  const { pool, plan, signal, tools, progress } = stage;
  const { context, parameters } = tools;
  const { windowSamples, rank } = context.basis;
  const channels = Array.from(events.mainChannels, (main) => templateChannels(tools, main));
  const members = Int32Array.from(events.clusters.keys()).filter((i) => events.clusters[i] >= 0);
  const samples = Float64Array.from(members, (i) => events.samples[i]);
  const featureChannels = Math.min(context.parameters.neighbourCount, context.channelCount);
  const width = featureChannels * rank;
  const features = new Float32Array(members.length * width);
  const sums = new WaveformSums(channels, windowSamples);
  const spans = plan.learning.map((chunk) => {
    const { start, end } = plan.chunks[chunk];
    return { start, end, from: firstAtLeast(samples, start), to: firstAtLeast(samples, end) };
  });
  const items = spans.map(({ start, end, from, to }) => {
    const own = members.subarray(from, to);
    return {
      start,
      end,
      samples: samples.slice(from, to),
      clusters: Int32Array.from(own, (i) => events.clusters[i]),
      isAveraged: Uint8Array.from(own, (i) => events.isAveraged[i]),
    };
  });
  await pool.run("sumSeeds", { mainChannels: events.mainChannels, channels }, items, {
    signal,
    take: (result, index) => {
      sums.add(result);
      features.set(result.features, spans[index].from * width);
      progress(index + 1, items.length);
    },
  });
  const means = sums.means();
  const raw = makeTemplateBank(means, context);
  const isUsable = usableTemplates(raw, context, { minEnergy: parameters.minimumEnergy });
  const rows = groupRows(
    Int32Array.from(members, (i) => (isUsable[events.clusters[i]] === 1 ? events.clusters[i] : -1)),
    events.clusterCount,
  );
  const templates = means.waveforms.map((data, cluster) => ({ channels: means.channels[cluster], data }));
  const input = { mainChannels: events.mainChannels, members: rows, features, featureChannels, templates };
  const owner = mergeUnits(input, context, parameters);
  const groups = groupRows(
    owner.map((root, cluster) => (isUsable[cluster] === 1 ? root : -1)),
    events.clusterCount,
  );
  const joined = groups.filter((group) => group.length > 0).map((group) => Array.from(group));
  return makeTemplateBank(joinMeans(means, joined, windowSamples), context);
}

/**
 * @module
 * Job: matches templates to a chunk, gives the spikes with features of the residual + own template, and the events left in the residual.
 */
import type { Events } from "../../detection/detector-model.ts";
import { type WindowEvents, windowFeatures } from "../../features/window-features.ts";
import { cleanedFeatures } from "../../matching/cleaned-spikes.ts";
import type { MatchedSpikes } from "../../matching/spike-list.ts";
import type { TemplateBank } from "../../matching/template-bank.ts";
import type { Chunk, JobTools } from "../job-tools.ts";

export interface MatchStage {
  readonly bank: TemplateBank;
  readonly costs: Float32Array | undefined;
  /** Whether the residual is searched for events to cluster. */
  readonly isResidualSearched: boolean;
}

export interface MatchItem extends Chunk {
  /** Events of the chunk and of its margins, found before; undefined when the chunk was not looked at yet. */
  readonly events: { readonly samples: Float64Array; readonly channels: Int32Array } | undefined;
}

export interface MatchedChunk {
  /** Float64Array: sample of each spike in the recording, ascending. */
  readonly samples: Float64Array;
  readonly units: Int32Array;
  readonly amplitudes: Float32Array;
  readonly shifts: Float32Array;
  /** Float32Array [spikes x neighbourCount x R] around each unit's main channel. */
  readonly features: Float32Array;
  readonly left: WindowEvents | undefined;
}

export async function matchChunk(tools: JobTools, stage: MatchStage, item: MatchItem): Promise<MatchedChunk> {
  const { context, detector, parameters } = tools;
  const { bank, costs } = stage;
  const { traces, first } = await tools.whiten(item);
  const found = item.events;
  let candidates: Events | undefined;
  const spikes = tools.matcher(bank, costs).match(
    traces,
    {
      events: (y, threshold) =>
        found === undefined
          ? detector.events(y, threshold)
          : { samples: Int32Array.from(found.samples, (sample) => sample - first), channels: found.channels },
      eventsNear: (y, threshold) => {
        candidates = detector.candidates(y, threshold);
        return detector.largest(candidates);
      },
    },
    parameters.matchThreshold,
  );
  const isOwn = (sample: number): boolean =>
    sample + first >= item.start && sample + first < item.end && tools.isInside(sample + first);
  const own = takeSpikes(
    spikes,
    Uint32Array.from(spikes.samples.keys()).filter((i) => isOwn(spikes.samples[i])),
  );
  const { values } = cleanedFeatures(traces, own, bank, context);
  return {
    samples: Float64Array.from(own.samples, (sample) => sample + first),
    units: own.units,
    amplitudes: own.amplitudes,
    shifts: own.shifts,
    features: values,
    left: stage.isResidualSearched ? searchResidual() : undefined,
  };

  function searchResidual(): WindowEvents {
    // what is left was a candidate on the way here, so only these are looked at again
    const events =
      candidates === undefined
        ? detector.events(traces, parameters.seedThreshold)
        : detector.largest(detector.rescored(traces, candidates, parameters.seedThreshold));
    const kept = Array.from(events.samples.keys()).filter((i) => isOwn(events.samples[i]));
    const samples = Int32Array.from(kept, (i) => events.samples[i]);
    const channels = Int32Array.from(kept, (i) => events.channels[i]);
    return windowFeatures(traces, { samples, channels }, first, tools.windows, context, tools.locating);
  }
}

function takeSpikes(spikes: MatchedSpikes, indices: Uint32Array): MatchedSpikes {
  const { samples, units, amplitudes, gains, shifts } = spikes;
  return {
    samples: Int32Array.from(indices, (i) => samples[i]),
    units: Int32Array.from(indices, (i) => units[i]),
    amplitudes: Float32Array.from(indices, (i) => amplitudes[i]),
    gains: Float32Array.from(indices, (i) => gains[i]),
    shifts: Float32Array.from(indices, (i) => shifts[i]),
  };
}

/**
 * @module
 * Step ephys.LFP: the local field potential of chosen electrodes, from the LF band of the recording or by low-pass and decimation of its
 * only band (pipeline contract 2.5, 5.3).
 *
 * What a newcomer would get wrong: not every channel is kept. Of probes with 32 channels and more, every ninth counted from the last;
 * of smaller ones, all.
 */
import { extractLfp, type Recording } from "@tenon/ephys";
import { EphysRecordingChannel, LFP, LFPElectrode, ProbeInsertion } from "../../pipeline/ephys.ts";
import { SessionDirectory } from "../../pipeline/session.ts";
import type { Lab } from "../lab.ts";

export function makeLfp(lab: Lab): void {
  LFP.makes({
    fetch: async (key) => {
      const place = await ProbeInsertion.join(SessionDirectory)
        .restrict(key)
        .proj("probe", "session_dir")
        .fetch1();
      const channels = await EphysRecordingChannel.restrict(key).fetch({ orderBy: ["channel_idx"] });
      return { probe: place.probe, session_dir: place.session_dir, channels };
    },
    compute: async (_key, fetched, { signal, progress }) => {
      const recording = await lab.openRecording(fetched);
      try {
        const chosen = lfpChannels(recording);
        const lfp = await extractLfp(recording, {
          channels: chosen,
          signal,
          progress: (done, total) => progress(done, total, "samples"),
        });
        const electrodes = new Map(fetched.channels.map((row) => [row.channel_idx, row]));
        return {
          row: {
            lfp_sampling_rate: lfp.samplingRateHz,
            lfp_time_stamps: lfp.timestampsS,
            lfp_mean: lfp.mean,
          },
          traces: Array.from(lfp.channelIndices, (channel, i) => {
            const row = electrodes.get(channel);
            if (row === undefined)
              throw new Error(`EphysRecording.Channel has no row for channel ${channel}.`);
            const { electrode_config_hash, probe_type, electrode } = row;
            return { electrode_config_hash, probe_type, electrode, lfp: lfp.traces[i]! };
          }),
        };
      } finally {
        await recording.close();
      }
    },
    insert: async (key, { row, traces }) => {
      await LFP.insert([{ ...key, ...row }]);
      await LFPElectrode.insert(traces.map((trace) => ({ ...key, ...trace })));
    },
  });
}

/** Channels whose LFP is kept: every ninth from the last backwards, ascending; all when there are few.
 * @returns Int32Array of channel indices */
export function lfpChannels(recording: Pick<Recording, "channelCount">): Int32Array {
  const count = recording.channelCount;
  if (count < 32) return Int32Array.from({ length: count }, (_, i) => i);
  const kept: number[] = [];
  for (let channel = count - 1; channel >= 0; channel -= 9) kept.push(channel);
  return Int32Array.from(kept.reverse());
}

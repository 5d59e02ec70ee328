/**
 * @module
 * Step ephys.EphysRecording: what was recorded with a probe, read from the recording's own description (pipeline contract 2.5).
 *
 * What a newcomer would get wrong: the electrode configuration is found by the hash of its electrodes, so that two sessions with the same
 * channels share one row.
 */
import type { Probe, Recording } from "@tenon/ephys";
import { relativeToRoot } from "../../ingest/paths.ts";
import { electrodeConfig } from "../../ingest/probe-types.ts";
import {
  EphysRecording,
  EphysRecordingChannel,
  EphysRecordingEphysFile,
  ProbeInsertion,
} from "../../pipeline/ephys.ts";
import {
  ElectrodeConfig,
  ElectrodeConfigElectrode,
  Probe as ProbeTable,
  ProbeTypeElectrode,
} from "../../pipeline/probe.ts";
import { Session, SessionDirectory } from "../../pipeline/session.ts";
import type { Lab } from "../lab.ts";

const acquisitionSoftware: Readonly<Record<string, string>> = { spikeglx: "SpikeGLX", binary: "Binary" };

/** Thrown when a recording and the database do not describe the same probe. */
export class GeometryError extends Error {
  override readonly name = "GeometryError";
}

export function makeEphysRecording(lab: Lab): void {
  EphysRecording.makes({
    fetch: async (key) => {
      const insertion = await ProbeInsertion.join(ProbeTable)
        .restrict(key)
        .proj("probe", "probe_type")
        .fetch1();
      const { session_dir } = await Session.join(SessionDirectory).restrict(key).proj("session_dir").fetch1();
      const electrodes = await ProbeTypeElectrode.restrict({ probe_type: insertion.probe_type }).fetch({
        orderBy: ["electrode"],
      });
      return { probe: insertion.probe, probe_type: insertion.probe_type, session_dir, electrodes };
    },
    compute: async (key, fetched) => {
      const recording = await lab.openRecording(fetched);
      try {
        checkGeometry(recording.probe, fetched.electrodes, fetched.probe_type);
        const config = electrodeConfig(fetched.probe_type, recording.probe.electrode);
        return {
          config,
          row: {
            electrode_config_hash: config.electrode_config_hash,
            acq_software: acquisitionSoftware[recording.source.format] ?? recording.source.format,
            sampling_rate: recording.samplingRateHz,
            recording_datetime: recording.startTime?.replace("T", " ").slice(0, 19) ?? sessionDatetime(key),
            recording_duration: recording.sampleCount / recording.samplingRateHz,
          },
          channels: channelRows(recording),
          file: filePath(lab, recording),
        };
      } finally {
        await recording.close();
      }
    },
    insert: async (key, { config, row, channels, file }) => {
      const { electrodes, ...configRow } = config;
      await ElectrodeConfig.insert([configRow], { skipDuplicates: true });
      const { electrode_config_hash, probe_type } = config;
      await ElectrodeConfigElectrode.insert(
        electrodes.map((electrode) => ({ electrode_config_hash, probe_type, electrode })),
        { skipDuplicates: true },
      );
      await EphysRecording.insert([{ ...key, ...row }]);
      await EphysRecordingChannel.insert(
        channels.map((channel) => ({ ...key, electrode_config_hash, probe_type, ...channel })),
      );
      await EphysRecordingEphysFile.insert([{ ...key, file_path: file }]);
    },
  });
}

function channelRows(recording: Recording) {
  return Array.from(recording.probe.electrode, (electrode, channel_idx) => ({
    channel_idx,
    electrode,
    channel_name: recording.channelNames[channel_idx] ?? "",
  }));
}

function filePath(lab: Lab, recording: Recording): string {
  return relativeToRoot(lab.rawRoots, recording.source.path);
}

/** A session key may carry the time by which the recording is known when the file does not say it. */
function sessionDatetime(key: Readonly<Record<string, unknown>>): string {
  const text = key["session_datetime"];
  if (typeof text === "string") return text.slice(0, 19);
  throw new Error(
    "The recording does not say when it began and the session's key holds no session_datetime.",
  );
}

/** Where the recording's contacts and the database's electrodes may differ, um: files round to whole numbers. */
const toleranceUm = 1;

/** The database's coordinates and the recording's must be the same up to one shift of each shank: the elements' geometry has two
 *  generations, which differ by one.
 * @throws GeometryError */
function checkGeometry(
  probe: Probe,
  electrodes: readonly {
    readonly electrode: number;
    readonly x_coord: number | null;
    readonly y_coord: number | null;
  }[],
  type: string,
): void {
  const byNumber = new Map(electrodes.map((row) => [row.electrode, row]));
  const missing = Array.from(probe.electrode).filter((electrode) => !byNumber.has(electrode));
  if (missing.length > 0)
    throw new GeometryError(
      `The recording uses electrode ${missing[0]}${missing.length > 1 ? ` and ${missing.length - 1} more` : ""} that probe type '${type}' does not have in the database (${electrodes.length} electrodes). Is the session registered with the right probe?`,
    );
  const shifts = new Map<number, { readonly x: number; readonly y: number }>();
  for (const [channel, electrode] of probe.electrode.entries()) {
    const { x_coord, y_coord } = byNumber.get(electrode)!;
    if (x_coord === null || y_coord === null) continue;
    const here = { x: probe.x[channel]! - x_coord, y: probe.y[channel]! - y_coord };
    const shank = probe.shank[channel]!;
    const shift = shifts.get(shank) ?? here;
    shifts.set(shank, shift);
    if (Math.abs(here.x - shift.x) <= toleranceUm && Math.abs(here.y - shift.y) <= toleranceUm) continue;
    throw new GeometryError(
      `The recording has electrode ${electrode} at (${probe.x[channel]}, ${probe.y[channel]}) um and probe type '${type}' in the database at (${x_coord}, ${y_coord}), which no shift of the probe explains. They are different probes: register the session with the right one, or give its probe a name of its own (probe.part in the description of a plain binary file).`,
    );
  }
}

/**
 * @module
 * Gathers what a session's report page shows, from the database and from the folders that the steps published.
 */
import { hostname } from "node:os";
import {
  ClusteringParamSet,
  ClusteringTask,
  EphysRecording,
  EphysRecordingChannel,
  EphysRecordingEphysFile,
  LFP,
  LFPElectrode,
  ProbeInsertion,
} from "../pipeline/ephys.ts";
import { ElectrodeConfig, Probe } from "../pipeline/probe.ts";
import { lfpFigure } from "./lfp-figure.ts";
import type { ProvenanceRow, RecordingBlock, SessionPage, SortingBlock } from "./session-page.ts";
import type { SessionState } from "./session-state.ts";
import { sortingBlock, type TaskRow } from "./sorting-block.ts";
import { writeFigure, writeFigureList } from "./write-figures.ts";

export interface SessionDataOptions {
  /** Absolute folder of a path below the processed root. */
  readonly outputFolder: (relative: string) => string;
  readonly programVersion: string;
  /** Provenance of a task's results: what its manifests say. */
  readonly provenanceOf: (folder: string) => Promise<readonly ProvenanceRow[]>;
  readonly signal: AbortSignal;
}

/** Gathers a page; draws the LFP's figure into `probe_N/figures/` on the way. */
export async function sessionData(session: SessionState, options: SessionDataOptions): Promise<SessionPage> {
  const recordings: RecordingBlock[] = [];
  const provenance: ProvenanceRow[] = [
    {
      what: "page",
      value: `Tenon ${options.programVersion}, Node ${process.version}, ${hostname()}, ${new Date().toISOString().slice(0, 19)} UTC`,
    },
  ];
  const keys = await EphysRecording.restrict(session.key).keys({ orderBy: ["insertion_number"] });
  for (const key of keys) {
    options.signal.throwIfAborted();
    const recording = await recordingOf(key);
    const sortings: SortingBlock[] = [];
    for (const task of await tasksOf(key)) {
      const folder = options.outputFolder(task.outputDir);
      sortings.push(await sortingBlock(task, folder, recording.durationS));
      for (const { what, value } of await options.provenanceOf(folder))
        provenance.push({ what: `${task.outputDir}: ${what}`, value });
    }
    const figure = await lfpFigure(
      key,
      `${session.sessionDir}, probe ${key.insertion_number}`,
      recording.durationS,
    );
    if (figure !== undefined) {
      const folder = options.outputFolder(`${session.sessionDir}/probe_${key.insertion_number}/figures`);
      await writeFigure(folder, figure);
      await writeFigureList(folder, [figure]);
    }
    recordings.push({
      heading: `Probe insertion ${key.insertion_number}`,
      facts: recording.facts,
      figures:
        figure === undefined
          ? []
          : [{ title: figure.title, caption: figure.caption, svg: figure.figure.svg }],
      sortings,
    });
  }
  return { ...titlesOf(session), recordings, provenance, state: session.state };
}

function titlesOf({ key, sessionDir }: SessionState): { title: string; subtitle: string } {
  const words = Object.entries(key).map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`);
  return { title: sessionDir, subtitle: words.join(", ") };
}

async function recordingOf(key: Readonly<Record<string, unknown>>): Promise<{
  readonly durationS: number;
  readonly facts: readonly (readonly [string, string])[];
}> {
  const row = await EphysRecording.restrict(key).fetch1();
  const { probe, probe_type } = await ProbeInsertion.join(Probe)
    .restrict(key, { ignoreUnknown: true })
    .proj("probe", "probe_type")
    .fetch1();
  const { electrode_config_name } = await ElectrodeConfig.restrict({
    electrode_config_hash: row.electrode_config_hash,
  }).fetch1();
  const channels = await EphysRecordingChannel.restrict(key).count();
  const files = await EphysRecordingEphysFile.restrict(key).column("file_path");
  const [lfp] = await LFP.restrict(key).proj("lfp_sampling_rate").fetch();
  const facts: [string, string][] = [
    ["probe", `${probe_type}, serial number ${probe}`],
    ["recorded", `${row.recording_datetime} with ${row.acq_software}`],
    ["length", `${duration(row.recording_duration)} at ${row.sampling_rate.toLocaleString("en-US")} Hz`],
    ["channels", `${channels} (electrodes ${shortened(electrode_config_name)})`],
    ["files", files.join(", ")],
  ];
  if (lfp !== undefined) {
    const count = await LFPElectrode.restrict(key).count();
    facts.push(["LFP", `${count} electrodes at ${lfp.lfp_sampling_rate.toLocaleString("en-US")} Hz`]);
  }
  return { durationS: row.recording_duration, facts };
}

async function tasksOf(key: Readonly<Record<string, unknown>>): Promise<TaskRow[]> {
  const rows = await ClusteringTask.join(ClusteringParamSet.proj("clustering_method", "paramset_desc"))
    .restrict(key)
    .fetch({ orderBy: ["paramset_idx"] });
  return rows.map((row) => ({
    key: { ...key, paramset_idx: row.paramset_idx },
    paramset_idx: row.paramset_idx,
    method: row.clustering_method,
    description: row.paramset_desc,
    mode: row.task_mode,
    outputDir: row.clustering_output_dir,
  }));
}

/** `8.2 s`, `3 min 5 s`, `2 h 10 min`. */
function duration(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toFixed(3))} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function shortened(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}

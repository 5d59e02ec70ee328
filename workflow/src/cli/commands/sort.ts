/**
 * @module
 * `tenon sort`: sorts one recording without any database and leaves a Phy folder with figures.
 *
 * It writes into a sibling of the folder and renames it at the end, so that a folder of that name is always a whole one.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import {
  openRecording,
  type Recording,
  type SortingResult,
  sortRecording,
  verifySession,
  writePhyFolder,
} from "@tenon/ephys";
import { explain } from "../../populate/attempt-folder.ts";
import { phyContent } from "../../populate/steps/phy-content.ts";
import { undelayed } from "../../populate/steps/undelayed-templates.ts";
import { measureUnits } from "../../populate/steps/unit-measures.ts";
import { unitScale } from "../../report/sorting-figures.ts";
import { writeFigure, writeFigureList } from "../../report/write-figures.ts";
import { type Command, required, UsageError, wholeNumber } from "../command.ts";
import { duration, makeProgress } from "../progress.ts";
import { sortingFigures } from "../sorting-figures.ts";

export const sort: Command = {
  summary: "sort one recording, no database: a Phy folder and figures",
  usage: "PATH --out DIR [--threads N]",
  details: `
PATH is a recording's folder, .meta, .bin or .json. DIR gets spike_times.npy, spike_clusters.npy, templates, params.py, cluster_info.tsv (snr,
amplitude and depth as in the database) and figures/ (SVG and PNG); it must be new or empty.
Open it with \`phy template-gui DIR/params.py\`. The result does not depend on the number of threads.
JSON: {dir, recording, unitCount, spikeCount, durationS, seconds, figures: [paths]}.`,
  options: {
    out: { type: "string", value: "DIR", help: "folder of the result" },
    threads: { type: "string", value: "N", help: "threads; default: the machine's, at most 4" },
  },
  words: [1, 1],
  async run(args, context) {
    const started = performance.now();
    const path = resolve(context.folder, args.words[0]!);
    const out = resolve(context.folder, required(args, "out"));
    const threads = wholeNumber(args, "threads", 1);
    await refuseFull(out);
    await refuseIncomplete(path);
    const recording = await openRecording(path);
    try {
      const partial = join(dirname(out), `.${basename(out)}.partial-${process.pid}`);
      const summary = await explain(out, async () => {
        await mkdir(partial, { recursive: true });
        try {
          const result = await sortInto(partial, recording, threads, context);
          if (existsSync(out)) await rmdir(out);
          await rename(partial, out);
          return result;
        } finally {
          await rm(partial, { recursive: true, force: true });
        }
      });
      const { figures, ...counts } = summary;
      const seconds = Math.round((performance.now() - started) / 100) / 10;
      const result = {
        dir: out,
        recording: recording.source.path,
        ...counts,
        durationS: recording.sampleCount / recording.samplingRateHz,
        seconds,
        figures: figures.map((name) => join(out, "figures", name)),
      };
      context.out.write(
        context.json
          ? `${JSON.stringify(result)}\n`
          : `${result.unitCount} units, ${result.spikeCount} spikes in ${duration(result.durationS)} of recording (took ${duration(seconds)})\nPhy folder ${out}, ${figures.length} figures in ${join(out, "figures")}\n`,
      );
      return 0;
    } finally {
      await recording.close();
    }
  },
};

/** @throws UsageError when something is in the folder */
async function refuseFull(out: string): Promise<void> {
  if (!existsSync(out)) return;
  const names = await readdir(out).catch(() => undefined);
  if (names === undefined) throw new UsageError(`--out: ${out} is a file. Give a new or empty folder.`);
  if (names.length > 0)
    throw new UsageError(`--out: ${out} holds ${names.length} files already. Give a new or empty folder.`);
}

/** Thrown when a recording is not complete. */
class IncompleteRecordingError extends Error {
  override readonly name = "IncompleteRecordingError";
}

/** @throws IncompleteRecordingError with what is wrong, before anything is written */
async function refuseIncomplete(path: string): Promise<void> {
  const { problems } = await verifySession(path);
  if (problems.length > 0)
    throw new IncompleteRecordingError(problems.map(({ message }) => message).join("\n"));
}

async function sortInto(
  folder: string,
  recording: Recording,
  threads: number | undefined,
  context: Parameters<Command["run"]>[1],
): Promise<{ unitCount: number; spikeCount: number; figures: readonly string[] }> {
  const progress = makeProgress(context.err);
  let last = "";
  const sorted: SortingResult = await sortRecording(recording, {
    threads,
    scratchDir: folder,
    signal: context.signal,
    progress: (stage, done, total) => {
      if (last !== "" && last !== stage) progress.finish(last);
      last = stage;
      progress.update(stage, done, total);
    },
  });
  if (last !== "") progress.finish(last);
  const result = undelayed(sorted);
  const measuring = "measure units";
  const units = await measureUnits(result, recording, {
    signal: context.signal,
    progress: (done, total) => progress.update(measuring, done, total),
  });
  if (units.length > 0) progress.finish(measuring);
  const content = phyContent(result, recording, units);
  await writePhyFolder(folder, content);
  const figures = sortingFigures(basename(recording.source.path), result, recording, content, units);
  const figuresFolder = join(folder, "figures");
  for (const [index, figure] of figures.entries()) {
    context.signal.throwIfAborted();
    await writeFigure(figuresFolder, figure, figure.file.startsWith("units/") ? { scale: unitScale } : {});
    progress.update("figures", index + 1, figures.length);
  }
  if (figures.length > 0) progress.finish("figures");
  await writeFigureList(figuresFolder, figures);
  return {
    unitCount: result.sorting.unitIds.length,
    spikeCount: result.sorting.spikeSamples.length,
    figures: figures.flatMap(({ file }) => [`${file}.svg`, `${file}.png`]),
  };
}

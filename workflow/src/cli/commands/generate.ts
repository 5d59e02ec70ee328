/**
 * @module
 * `tenon generate`: a recording with known truth, as a SpikeGLX run.
 */
import { resolve } from "node:path";
import { generateRecording, type SuiteName, suiteNames } from "@tenon/ephys";
import { type Command, required, UsageError, wholeNumber } from "../command.ts";
import { makeProgress } from "../progress.ts";

export const generate: Command = {
  summary: "write a generated recording with its truth beside it",
  usage: "--suite NAME --out DIR [--seed N]",
  details: `
Writes a SpikeGLX run (NAME_g0/...imec0.ap.bin and .meta) into DIR, with truth.json, truth_spikes.bin and the true templates.
The same suite and seed give the same bytes. Suites: ${suiteNames.join(", ")}.`,
  options: {
    suite: { type: "string", value: "NAME", help: `one of ${suiteNames.join(", ")}` },
    seed: { type: "string", value: "N", help: "whole number, default 1" },
    out: { type: "string", value: "DIR", help: "folder that the run is written into" },
  },
  words: [0, 0],
  async run(args, context) {
    const suite = suiteName(required(args, "suite"));
    const out = resolve(context.folder, required(args, "out"));
    const seed = wholeNumber(args, "seed") ?? 1;
    const progress = makeProgress(context.err);
    const what = `generate ${suite}`;
    const made = await generateRecording(suite, seed, out, {
      progress: (done, total) => progress.update(what, done, total),
      signal: context.signal,
    });
    progress.finish(what);
    const result = {
      suite,
      seed,
      metaPath: made.metaPath,
      binPath: made.binPath,
      truthPath: made.truthPath,
      trueUnits: made.units.length,
    };
    context.out.write(
      context.json
        ? `${JSON.stringify(result)}\n`
        : `${made.units.length} units in ${made.binPath}\ntruth in ${made.truthPath}\n`,
    );
    return 0;
  },
};

/** @throws UsageError listing the suites */
export function suiteName(text: string): SuiteName {
  const name = suiteNames.find((suite) => suite === text);
  if (name === undefined)
    throw new UsageError(`Unknown suite '${text}'. The suites are: ${suiteNames.join(", ")}.`);
  return name;
}

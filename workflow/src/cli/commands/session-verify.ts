/**
 * @module
 * `tenon session verify`: what a folder or file is, and whether it is complete.
 */
import { resolve } from "node:path";
import { verifySession } from "@tenon/ephys";
import type { Command } from "../command.ts";
import { duration } from "../progress.ts";

export const sessionVerify: Command = {
  summary: "say what a session folder holds and whether it is complete",
  usage: "PATH",
  details: `
PATH is a session folder, a run folder, or one recording's .meta, .bin or .json. Reads no samples and needs no database.
Exit code 1 when something is missing, cut short, still growing, or contradicts its description.`,
  options: {},
  words: [1, 1],
  async run(args, context) {
    const verdict = await verifySession(resolve(context.folder, args.words[0]!));
    if (context.json) context.out.write(`${JSON.stringify(verdict)}\n`);
    else {
      const list = verdict.recordings ?? [verdict];
      for (const recording of list) {
        if (recording.format === "unknown") continue;
        context.out.write(
          `${recording.format}: probe ${recording.probe?.part} ${recording.probe?.serial || "(no serial)"}, ${recording.channelCount} channels, ` +
            `${recording.samplingRateHz} Hz, ${duration(recording.durationS ?? 0)} (${recording.sampleCount} samples)\n`,
        );
      }
      for (const { code, message } of verdict.problems) context.out.write(`${code}: ${message}\n`);
      context.out.write(verdict.problems.length === 0 ? "complete\n" : "not complete\n");
    }
    return verdict.problems.length === 0 ? 0 : 1;
  },
};

/**
 * @module
 * `tenon workers`: which worker processes there are, on which machines, and what they do.
 */
import { readPauses } from "../../operations/pauses.ts";
import { readPresence, type WorkerPresence } from "../../populate/presence.ts";
import { shownKey } from "../../populate/worker-output.ts";
import { type Command, wholeNumber } from "../command.ts";
import { duration } from "../progress.ts";
import { textTable } from "../text-table.ts";
import { withPipeline } from "../with-pipeline.ts";
import { pauseLines } from "./pause.ts";

const defaultMinutes = 10;

export const workers: Command = {
  summary: "worker processes: where, what they do, when they were last seen; what is paused",
  usage: "[--within MINUTES]",
  details: `
Those that wrote into the worker log lately, and those that hold keys ('late': not heard of since the lease ended, soon taken over).
A worker without work writes every half minute. JSON: {workers: [{worker, host, pid, lastSeen, secondsAgo, lastProcess, running: [{process,
key, isLate, ...}]}], paused: [...]}; times are UTC.`,
  options: {
    within: {
      type: "string",
      value: "MINUTES",
      help: `seen in the last so many minutes (default ${defaultMinutes})`,
    },
  },
  words: [0, 0],
  run(args, context) {
    const minutes = wholeNumber(args, "within", 1) ?? defaultMinutes;
    return withPipeline(
      context,
      async () => {
        const [found, paused] = [await readPresence(minutes * 60), await readPauses()];
        if (context.json) context.out.write(`${JSON.stringify({ workers: found, paused })}\n`);
        else {
          const lines =
            found.length === 0 ? [`no worker was seen in the last ${minutes} minutes`] : table(found);
          context.out.write(
            `${[...lines, ...(paused.length === 0 ? [] : ["", ...pauseLines(paused)])].join("\n")}\n`,
          );
        }
        return 0;
      },
      { create: false },
    );
  },
};

function table(found: readonly WorkerPresence[]): readonly string[] {
  return textTable(
    ["worker", "host", "process", "seen", "does"],
    found.map((one) => [
      one.worker === "" ? "(not in the log)" : one.worker,
      one.host,
      one.pid,
      one.secondsAgo === undefined ? "-" : `${duration(one.secondsAgo)} ago`,
      one.running.length === 0
        ? "nothing"
        : one.running
            .map(({ process, key, isLate }) => `${process} ${shownKey(key)}${isLate ? " (late)" : ""}`)
            .join("; "),
    ]),
  );
}

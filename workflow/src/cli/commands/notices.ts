/**
 * @module
 * `tenon notices`: who is told of failures, and whether a notice gets there.
 */
import { hostname } from "node:os";
import { deliverNotice } from "../../operations/deliver-notice.ts";
import type { Command } from "../command.ts";
import { knownSteps } from "../step-option.ts";
import { textTable } from "../text-table.ts";

export const notices: Command = {
  summary: "who is told of failures (custom.notices); --test sends each a notice",
  usage: "[--test]",
  details: `
JSON: {targets: [{name, kind, on, steps, sent, problem}]}; sent is null without --test. Exit 1 when one could not be sent, or when --test finds
none configured. docs/how-to/watch-workers.md says how to configure them. No URL and no password is ever shown.`,
  options: {
    test: { type: "boolean", help: "send a test notice to every target" },
  },
  words: [0, 0],
  async run(args, context) {
    const isTest = args.options["test"] === true;
    const targets = await Promise.all(
      context
        .settings()
        .notices()
        .map(async (target) => {
          const { name, kind, on, steps } = target;
          const shown = { name, kind, on, steps: steps ?? null };
          if (!isTest) return { ...shown, sent: null, problem: null };
          try {
            await deliverNotice(target, {
              event: "failed",
              process: "a test of tenon notices",
              worker: "no worker",
              host: hostname(),
              key: "no key",
              count: 1,
              message: "This is a test. Nothing has failed.",
            });
            return { ...shown, sent: true, problem: null };
          } catch (error) {
            return { ...shown, sent: false, problem: (error as Error).message };
          }
        }),
    );
    const known = knownSteps();
    const unknown = targets.flatMap(({ name, steps }) =>
      (steps ?? [])
        .filter((step) => !known.some((process) => process.includes(step)))
        .map((step) => ({ name, step })),
    );
    for (const { name, step } of unknown)
      context.err.write(
        `${name}: no step's name holds '${step}', so it is told of nothing. The steps are: ${known.join(", ")}\n`,
      );
    if (context.json) context.out.write(`${JSON.stringify({ targets })}\n`);
    else if (targets.length === 0) context.out.write("no targets: custom.notices is empty\n");
    else
      context.out.write(
        `${textTable(
          ["target", "is told of", "steps", isTest ? "test" : ""],
          targets.map(({ name, on, steps, sent, problem }) => [
            name,
            on.join(", "),
            steps?.join(", ") ?? "every one",
            sent === null ? "" : sent ? "sent" : `not sent: ${problem}`,
          ]),
        ).join("\n")}\n`,
      );
    if (unknown.length > 0) return 1;
    return isTest && (targets.length === 0 || targets.some(({ sent }) => sent === false)) ? 1 : 0;
  },
};

/**
 * @module
 * `tenon notices`: who is told of failures, and whether a notice gets there.
 */
import { hostname } from "node:os";
import { deliverNotice } from "../../operations/deliver-notice.ts";
import type { Command } from "../command.ts";
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
    if (context.json) context.out.write(`${JSON.stringify({ targets })}\n`);
    else if (targets.length === 0) context.out.write("no targets: custom.notices is empty\n");
    else
      context.out.write(
        `${textTable(
          ["target", "is told of", isTest ? "test" : ""],
          targets.map(({ name, on, sent, problem }) => [
            name,
            on.join(", "),
            sent === null ? "" : sent ? "sent" : `not sent: ${problem}`,
          ]),
        ).join("\n")}\n`,
      );
    return isTest && (targets.length === 0 || targets.some(({ sent }) => sent === false)) ? 1 : 0;
  },
};

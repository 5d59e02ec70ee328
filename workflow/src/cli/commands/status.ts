/**
 * @module
 * `tenon status`: how far the pipeline is, per step and per session.
 */

import { type BackupState, backupState } from "../../operations/backup-log.ts";
import { readPauses } from "../../operations/pauses.ts";
import { msOfUtc } from "../../operations/utc.ts";
import {
  pipelineStatus,
  type SessionStatus,
  type StepStatus,
  sessionCounts,
  sessionMatrix,
} from "../../populate/status.ts";
import type { Command } from "../command.ts";
import { textTable } from "../text-table.ts";
import { withPipeline } from "../with-pipeline.ts";
import { pauseLines } from "./pause.ts";

export const status: Command = {
  summary: "progress per step, and a matrix of the sessions",
  usage: "",
  details: `
Steps: keys in all, done, running, failed (error), left (remaining). Of those running, 'late' have a worker that has not been heard of for
40 s; another one takes them over. JSON: {steps: [{process, total, done, running, late, error, ignored, remaining}], sessions: [{key, counts,
errors, isComplete}], paused: [...], backup: {last, rehearsed}} (the newest backup, and the newest that was restored on trial and was good).
\`tenon jobs\` shows the errors.`,
  options: {},
  words: [0, 0],
  run: (_args, context) =>
    withPipeline(
      context,
      async () => {
        const [steps, sessions] = [await pipelineStatus(), await sessionMatrix()];
        const [paused, backup] = [await readPauses(), await backupState()];
        const more = [...(paused.length === 0 ? [] : ["", ...pauseLines(paused)]), "", backupLine(backup)];
        context.out.write(
          context.json
            ? `${JSON.stringify({ steps, sessions, paused, backup })}\n`
            : `${[...stepLines(steps), "", ...sessionLines(sessions), ...more].join("\n")}\n`,
        );
        return 0;
      },
      { create: false },
    ),
};

function stepLines(steps: readonly StepStatus[]): readonly string[] {
  const header = ["step", "total", "done", "running", "error", "remaining", ""];
  return textTable(
    header,
    steps.map((step) => [
      step.process,
      step.total,
      step.done,
      step.running,
      step.error,
      step.remaining,
      [step.late > 0 ? `${step.late} late` : "", step.ignored > 0 ? `${step.ignored} ignored` : ""]
        .filter((note) => note !== "")
        .join(", "),
    ]),
  );
}

function sessionLines(sessions: readonly SessionStatus[]): readonly string[] {
  const [first] = sessions;
  if (first === undefined) return ["no sessions; `tenon session add PATH --subject S` registers one"];
  const columns = Object.keys(sessionCounts) as (keyof typeof sessionCounts)[];
  return textTable(
    [...Object.keys(first.key), ...columns, "errors", "complete"],
    sessions.map(({ key, counts, errors, isComplete }) => [
      ...Object.values(key).map(String),
      ...columns.map((column) => counts[column]),
      errors,
      isComplete ? "yes" : "no",
    ]),
  );
}

function backupLine({ last, rehearsed }: BackupState): string {
  if (last === null) return "backup: none; `tenon backup` makes one, `tenon restore --rehearse` tries it";
  const made = `backup: the last ${ago(last.madeAt)}, ${last.folder} on ${last.host}`;
  return rehearsed === null
    ? `${made}; none was restored on trial yet: tenon restore --rehearse`
    : `${made}; last good rehearsal ${ago(rehearsed.rehearsedAt!)}, of that of ${rehearsed.madeAt.slice(0, 16)} UTC`;
}

/** `2026-11-26 03:00 UTC (2 days ago)`. */
function ago(utc: string): string {
  const hours = (Date.now() - msOfUtc(utc)) / 3_600_000;
  const text =
    hours < 1 ? "just now" : hours < 48 ? `${Math.floor(hours)} h ago` : `${Math.floor(hours / 24)} days ago`;
  return `${utc.slice(0, 16)} UTC (${text})`;
}

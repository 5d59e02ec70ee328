/**
 * @module
 * Runs `sort-once.ts` in a child process and reads its report.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { SortJob, SortReport } from "./sort-once.ts";

/** Sorts in a process of its own. @throws Error with the child's last words when it fails */
export function sortInChild(job: SortJob): SortReport {
  const program = join(import.meta.dirname, "sort-once.ts");
  const run = spawnSync(process.execPath, [program, JSON.stringify(job)], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0)
    throw new Error(
      `Sorting '${job.recording}' failed (${run.signal ?? `exit ${run.status}`}):\n${run.stderr}`,
    );
  return JSON.parse(run.stdout) as SortReport;
}

/**
 * @module
 * Whether a round lost or doubled anything: rows against samples, files against rows, and what was left behind.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type JobQueue, readJobs } from "@tenon/datajoint";
import { attemptPrefix } from "../populate/attempt-folder.ts";
import type { RehearsalTables } from "./tables.ts";
import { contentOf } from "./worker-process.ts";

export interface Verdict {
  /** Samples with one right row, all its digits and the file of the same attempt. */
  readonly whole: number;
  /** One sentence each. */
  readonly problems: readonly string[];
}

/** Looks at the tables and the folder of a round whose workers have ended. */
export async function judge(
  { Sample, Result, Digit }: RehearsalTables,
  queue: JobQueue | undefined,
  processedRoot: string,
  fileBytes: number,
): Promise<Verdict> {
  const problems: string[] = [];
  const samples = await Sample.fetch({ orderBy: ["sample_id"] });
  const results = Map.groupBy(await Result.fetch(), ({ sample_id }) => sample_id);
  const digits = Map.groupBy(
    await Digit.fetch({ orderBy: ["place"] }),
    (row) => `${row.sample_id} ${row.attempt}`,
  );
  let whole = 0;
  for (const { sample_id, value } of samples) {
    const rows = results.get(sample_id) ?? [];
    const before = problems.length;
    if (rows.length === 0) problems.push(`sample ${sample_id} was not done`);
    if (rows.length > 1)
      problems.push(
        `sample ${sample_id} was done ${rows.length} times (${rows.map((row) => row.worker).join(", ")})`,
      );
    for (const { attempt, square } of rows) {
      if (square !== value ** 2) problems.push(`sample ${sample_id}: expected ${value ** 2}, got ${square}`);
      const text = (digits.get(`${sample_id} ${attempt}`) ?? []).map((row) => row.digit).join("");
      if (text !== `${square}`)
        problems.push(`sample ${sample_id}: its part table holds '${text}', expected '${square}'`);
    }
    if (rows.length === 1)
      problems.push(...(await fileProblems(processedRoot, sample_id, rows[0]!.attempt, fileBytes)));
    if (problems.length === before) whole++;
  }
  for (const status of ["reserved", "error"] as const)
    for (const { key, message } of queue === undefined ? [] : await readJobs(queue, status))
      problems.push(`a job is left ${status}: ${JSON.stringify(key)} ${message}`);
  for (const name of await readdir(processedRoot, { recursive: true }))
    if (name.includes(attemptPrefix)) problems.push(`left behind: ${name}`);
  return { whole, problems };
}

/** The published folder must be that of the attempt whose rows were committed. */
async function fileProblems(
  processedRoot: string,
  sample: number,
  attempt: string,
  bytes: number,
): Promise<string[]> {
  const folder = join(processedRoot, `sample_${sample}`, "result");
  try {
    const note = JSON.parse(await readFile(join(folder, "attempt.json"), "utf8")) as { token: string };
    const content = await readFile(join(folder, "result.txt"), "utf8");
    return [
      ...(note.token === attempt
        ? []
        : [`sample ${sample}: the rows are of attempt ${attempt}, the files of ${note.token}`]),
      ...(content === contentOf(sample, bytes) ? [] : [`sample ${sample}: its file is not whole`]),
    ];
  } catch (error) {
    return [`sample ${sample}: its files cannot be read: ${(error as Error).message}`];
  }
}

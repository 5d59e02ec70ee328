/**
 * @module
 * What the demo says at its end: how many of the true units are in the database, and where the files are.
 */
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readTruth, scoreSorting } from "@tenon/ephys";
import { databaseSorting } from "../../populate/database-sorting.ts";
import type { Settings } from "../../settings/settings.ts";
import { duration } from "../progress.ts";
import { DemoError } from "./workers.ts";

export const demoSubject = "demo1";

/** The fields of `tenon demo --json`; names are a promise. */
export interface DemoSummary {
  readonly dir: string;
  readonly trueUnits: number;
  readonly detectableUnits: number;
  readonly wellDetected: number;
  readonly unitsInDatabase: number;
  readonly figures: readonly string[];
  readonly report: string;
  readonly phy: string;
  readonly seconds: number;
}

/** Scores what is in the database against the truth, and lists what is on the disk. */
export async function summariseDemo(
  { processedRoot }: Settings,
  truthPath: string,
): Promise<Omit<DemoSummary, "dir" | "seconds">> {
  const truth = await readTruth(truthPath);
  const sorting = await databaseSorting({ subject: demoSubject }, truth);
  const score = scoreSorting(truth, sorting);
  const files = (await readdir(processedRoot, { recursive: true })).map((name) => join(processedRoot, name));
  const report = files.find((file) => file.endsWith("report.html"));
  const params = files.find((file) => file.endsWith("params.py"));
  if (report === undefined || params === undefined)
    throw new DemoError(
      `The workers finished, but ${processedRoot} lacks ${report === undefined ? "report.html" : "params.py"}.`,
    );
  return {
    trueUnits: score.trueUnits,
    detectableUnits: score.detectableUnits,
    wellDetected: score.wellDetected,
    unitsInDatabase: sorting.unitIds.length,
    figures: files.filter((file) => /\.(svg|png)$/.test(file)).sort(),
    report,
    phy: resolve(params, ".."),
  };
}

export function summaryText(s: DemoSummary): string {
  return `
true units                    ${s.trueUnits}, of which ${s.detectableUnits} are detectable (SNR > 5)
well detected                 ${s.wellDetected} of ${s.detectableUnits} (accuracy >= 0.8)
units in the database         ${s.unitsInDatabase}
figures                       ${s.figures.length} files, e.g. ${s.figures[0] ?? "-"}
report page                   ${s.report}
Phy folder                    ${s.phy}
took                          ${duration(s.seconds)}

Look at the report page in a browser. In ${s.dir}: tenon status, tenon jobs.
`;
}

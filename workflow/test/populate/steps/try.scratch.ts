import { readdirSync } from "node:fs";
import { generateRecording, readTruth, scoreSorting } from "@tenon/ephys";
import { addParamset } from "/work/main/workflow/src/ingest/paramsets.ts";
import { databaseSorting } from "/work/main/workflow/src/populate/database-sorting.ts";
import { writeSessionReports } from "/work/main/workflow/src/populate/steps/session-report.ts";
import { makePipelineLab } from "/work/main/workflow/test/populate/steps/support/pipeline-lab.ts";

const suite = process.argv[2] ?? "tiny";
const durationS = process.argv[3] ? Number(process.argv[3]) : undefined;
const lab = await makePipelineLab();
console.log(lab.folder);
let t = performance.now();
const lap = (w: string) => {
  console.log(w, ((performance.now() - t) / 1000).toFixed(1));
  t = performance.now();
};
const g = await generateRecording(suite as never, 1, lab.raw, durationS === undefined ? {} : { durationS });
lap("gen");
await lab.register(readdirSync(lab.raw)[0]!, "m1");
await addParamset(lab.connection, { method: "tenon", description: "defaults", params: {} });
const errors = await lab.runToErrors();
lap("run");
console.log(errors);
const score = scoreSorting(await readTruth(g.truthPath), await databaseSorting({ subject: "m1" }));
console.log(score.trueUnits, score.detectableUnits, score.wellDetected, score.found);
console.log(
  await writeSessionReports({ lab: lab.lab, signal: new AbortController().signal, log: console.log }),
);
lap("report");
console.log(
  await writeSessionReports({ lab: lab.lab, signal: new AbortController().signal, log: console.log }),
);
process.exit(0);

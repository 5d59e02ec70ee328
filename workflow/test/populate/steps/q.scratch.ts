import { DatabaseSync } from "node:sqlite";
import { unpack } from "@tenon/datajoint";

const db = new DatabaseSync(process.argv[2]!);
for (const t of ["tenon_ephys._quality_metrics__cluster", "tenon_ephys._quality_metrics__waveform"]) {
  try {
    console.table(
      db
        .prepare(`select * from "${t}"`)
        .all()
        .map((r: any) => {
          const { subject, session_datetime, insertion_number, paramset_idx, ...x } = r;
          return Object.fromEntries(
            Object.entries(x).map(([k, v]) => [k, typeof v === "number" ? Number(v.toPrecision(4)) : v]),
          );
        }),
    );
  } catch (e) {
    console.log(String(e));
    console.log(
      db
        .prepare("select name from sqlite_master where type='table'")
        .all()
        .map((r: any) => r.name)
        .join("\n"),
    );
    break;
  }
}

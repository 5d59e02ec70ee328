/**
 * @module
 * `tenon session add`: registers a session folder, with a dry run first when asked.
 */
import { resolve } from "node:path";
import { findRecordings } from "@tenon/ephys";
import { relativeToRoot } from "../../ingest/paths.ts";
import { planRegistration, register, tryRegister } from "../../ingest/register-session.ts";
import type { Command } from "../command.ts";
import { required } from "../command.ts";
import { withPipeline } from "../with-pipeline.ts";

export const sessionAdd: Command = {
  summary: "register a session folder: subject, session, probe, insertion",
  usage: "PATH --subject S [--probe-serial N] [--dry-run]",
  details: `
PATH is a folder below the raw root. Its recordings say the probe and when they began; a described binary file says neither and
needs --probe-serial and --datetime. What is in the database already is left as it is.`,
  options: {
    subject: { type: "string", value: "S", help: "the subject's id" },
    "probe-serial": {
      type: "string",
      value: "N",
      help: "only this probe; or the probe, when the recording does not say",
    },
    datetime: {
      type: "string",
      value: "TEXT",
      help: '"YYYY-MM-DD HH:MM:SS" instead of what the recording says',
    },
    sex: { type: "string", value: "M|F|U", help: "adds the subject when it is new" },
    "birth-date": { type: "string", value: "DATE", help: "likewise" },
    "dry-run": { type: "boolean", help: "show what would be inserted, insert nothing" },
  },
  words: [1, 1],
  async run(args, context) {
    const subject = required(args, "subject");
    const path = resolve(context.folder, args.words[0]!);
    // before a database is made for nothing
    await findRecordings(path);
    relativeToRoot(context.settings().rawRoots, path);
    return withPipeline(context, async ({ connection, settings }) => {
      const text = (name: string) => args.options[name] as string | undefined;
      const plan = await planRegistration({
        path,
        rawRoots: settings.rawRoots,
        subject,
        sex: text("sex"),
        birthDate: text("birth-date"),
        datetime: text("datetime"),
        probeSerial: text("probe-serial"),
      });
      const dryRun = args.options["dry-run"] === true;
      await (dryRun ? tryRegister : register)(connection, plan);
      const counts = plan.rows.map(({ table, rows }) => ({ table, rows: rows.length }));
      if (context.json)
        context.out.write(
          `${JSON.stringify({ key: plan.key, sessionDir: plan.sessionDir, dryRun, inserted: counts })}\n`,
        );
      else {
        context.out.write(`session ${plan.key.subject} ${plan.key.session_datetime} in ${plan.sessionDir}\n`);
        for (const { table, rows } of counts)
          context.out.write(`  ${dryRun ? "would insert" : "inserted"} ${rows} into ${table}\n`);
        if (counts.length === 0) context.out.write("  everything is registered already\n");
      }
      return 0;
    });
  },
};

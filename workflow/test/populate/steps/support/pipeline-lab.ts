/**
 * @module
 * The whole pipeline in this process: a lab in a temporary folder on SQLite, whose workers' steps are run one after the other, as the
 * worker programs run them (leases, attempt folders, publishing), until nothing is left.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, connect, Leases } from "@tenon/datajoint";
import { planRegistration, register } from "../../../../src/ingest/register-session.ts";
import { PauseWatch } from "../../../../src/operations/pause-watch.ts";
import { readPriorities } from "../../../../src/operations/priorities.ts";
import type { Lab } from "../../../../src/populate/lab.ts";
import { openLab } from "../../../../src/populate/open-lab.ts";
import { tableStep } from "../../../../src/populate/table-step.ts";
import { workers } from "../../../../src/populate/worker.ts";
import { loadSettings, type Settings } from "../../../../src/settings/settings.ts";

export interface PipelineLab {
  readonly folder: string;
  readonly raw: string;
  readonly processed: string;
  readonly settings: Settings;
  readonly connection: Connection;
  readonly lab: Lab;
  /** Registers the session folder `raw/<name>`. */
  register(name: string, subject: string): Promise<void>;
  /** Runs all steps until nothing is left. @throws the first error of a step */
  run(): Promise<void>;
  /** Runs all steps until nothing is left. @returns the messages of keys that failed */
  runToErrors(): Promise<string[]>;
  close(): Promise<void>;
}

/** Makes an empty lab. */
export async function makePipelineLab(): Promise<PipelineLab> {
  const folder = mkdtempSync(join(tmpdir(), "tenon-steps-"));
  for (const name of ["raw", "processed"]) mkdirSync(join(folder, name));
  const settings: Settings = {
    ...loadSettings({ folder, env: { HOME: folder, TENON_DATABASE: join(folder, "lab.sqlite") } }),
    stores: { "datajoint-blob": { protocol: "file", location: join(folder, "blobs") } },
    threads: 2,
  };
  const connection = await connect(settings.database);
  const { lab } = await openLab(connection, settings);
  const leases = await Leases.open(connection.settings);
  const never = new AbortController().signal;
  const pauses = new PauseWatch("test", () => undefined);

  const runToErrors = async () => {
    const errors: string[] = [];
    for (let found = 1; found > 0; ) {
      found = 0;
      for (const { steps } of Object.values(workers))
        for (const step of steps) {
          if (step.kind === "task") {
            // pages are written at the end, as they show everything
            if (step.process !== "write_session_reports")
              await step.run({ lab, signal: never, log: () => undefined });
            continue;
          }
          const made = await tableStep(step, {
            lab,
            leases,
            giveBack: never,
            pauses,
            priorities: readPriorities,
          }).run({
            signal: never,
            onEvent: (event) => {
              if (event.kind === "afterCommitFailed") throw event.error;
            },
          });
          found += made.successCount;
          errors.push(...made.errors.map(({ message }) => `${step.process}: ${message}`));
        }
    }
    return errors;
  };
  return {
    folder,
    raw: join(folder, "raw"),
    processed: join(folder, "processed"),
    settings,
    connection,
    lab,
    register: async (name, subject) => {
      const plan = await planRegistration({
        path: join(folder, "raw", name),
        rawRoots: settings.rawRoots,
        subject,
        sex: "U",
        birthDate: "2026-01-01",
        datetime: "2026-01-05 10:00:00",
      });
      await register(connection, plan);
    },
    run: async () => {
      const [first] = await runToErrors();
      if (first !== undefined) throw new Error(first);
    },
    runToErrors,
    close: async () => {
      await leases.close();
      await connection.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

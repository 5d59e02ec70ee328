/**
 * @module
 * A platform to move away from: schemas on a real MySQL that the pipeline's own workers filled, the tables that the hosted platform had beside
 * them (made by datajoint-python 0.14 itself), a bucket's tree, and dumps made by a real mysqldump.
 *
 * Names are as on the platform: schemas `{org}_{wf}_*`, `{org}_support_{wf}_*`, `{org}_admin_workflow`; keys `{org}_{wf}/inbox/...`,
 * `/outbox/...`, `/datajoint/blob/...` (contract: pipeline.md 7.4).
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connect } from "@tenon/datajoint";
import { dropSchemas, type Run, runProgram, settingsOf, type TestServer, testServers } from "./test-lab.ts";

const run = promisify(execFile);

export interface FakePlatform {
  readonly org: string;
  readonly workflow: string;
  /** `{org}_{wf}_`, with which the pipeline's schemas begin. */
  readonly prefix: string;
  readonly schemas: readonly string[];
  /** The dump of all schemas. */
  readonly dump: string;
  /** A folder that holds what the bucket holds; keys are paths below it. */
  readonly bucket: string;
  remove(): Promise<void>;
}

/** The server that the platform ran on. */
export const platformServer: TestServer = testServers.find(({ name }) => name === "mysql")!;
const python = process.env["TENON_PYTHON_DATAJOINT"];

/** Why there can be no platform here, or false. */
export const noPlatform: string | false =
  platformServer.skip ||
  (python === undefined
    ? "no Python client: TENON_PYTHON_DATAJOINT is not set (scripts/python-env.sh)"
    : false);

/** Makes a platform with one session, sorted to its end, and forgets the database: what remains is the dump and the bucket's tree. */
export async function makeFakePlatform(): Promise<FakePlatform> {
  const [org, workflow] = [`fp${process.pid}`, "ephys"];
  const prefix = `${org}_${workflow}_`;
  const folder = mkdtempSync(join(tmpdir(), "tenon-platform-"));
  const bucket = join(folder, "bucket");
  const stage = join(folder, "stage");
  const blobs = join(bucket, `${org}_${workflow}`, "datajoint", "blob");
  for (const made of [join(stage, "inbox"), join(stage, "outbox"), blobs])
    mkdirSync(made, { recursive: true });
  writeFileSync(
    join(folder, "dj_local_conf.json"),
    JSON.stringify({
      custom: {
        "database.prefix": prefix,
        raw_root_data_dir: join(stage, "inbox"),
        processed_root_data_dir: join(stage, "outbox"),
      },
      stores: { "datajoint-blob": { protocol: "file", location: blobs } },
    }),
  );
  const env = { PATH: process.env["PATH"]!, HOME: folder, ...platformServer.env };
  const remove = async () => {
    rmSync(folder, { recursive: true, force: true });
    await dropSchemas(platformServer, `${org}_`);
  };
  try {
    await fill(folder, env);
    const script = join(import.meta.dirname, "../python/make-platform.py");
    await run(python!, [script, org, workflow, folder], { cwd: folder, env });
    cpSync(join(stage, "inbox"), join(bucket, `${org}_${workflow}`, "inbox"), {
      recursive: true,
      preserveTimestamps: true,
    });
    cpSync(join(stage, "outbox"), join(bucket, `${org}_${workflow}`, "outbox"), {
      recursive: true,
      preserveTimestamps: true,
    });
    const schemas = await schemasOf(org);
    const dump = join(folder, "platform.sql");
    await dumpSchemas(platformServer, schemas, dump);
    await dropSchemas(platformServer, `${org}_`);
    return { org, workflow, prefix, schemas, dump, bucket, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function fill(folder: string, env: Readonly<Record<string, string>>): Promise<void> {
  const tenon = (...words: string[]) => good("tenon", words, folder, env);
  const worker = (name: string) => good("run-workflow", [name, "--once"], folder, env);
  const raw = join(folder, "stage/inbox");
  await tenon("generate", "--suite", "tiny", "--seed", "1", "--out", raw);
  await tenon(
    "session",
    "add",
    join(raw, "tiny_seed1_g0"),
    "--subject",
    "mouse1",
    "--sex",
    "U",
    "--birth-date",
    "2026-01-01",
  );
  await tenon("paramset", "add", "--method", "tenon", "--description", "built-in sorter, defaults");
  for (const name of [
    "standard_worker",
    "spike_processing_worker",
    "spike_sorting_worker",
    "spike_processing_worker",
    "standard_worker",
  ])
    await worker(name);
}

async function good(
  program: "tenon" | "run-workflow",
  words: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<Run> {
  const done = await runProgram(program, words, folder, env);
  if (done.code !== 0)
    throw new Error(`${program} ${words.join(" ")}: exit ${done.code}\n${done.err}${done.out}`);
  return done;
}

async function schemasOf(org: string): Promise<string[]> {
  const connection = await connect(settingsOf(platformServer, ""));
  try {
    return (await connection.dialect.catalogue.schemas(connection)).filter((name) =>
      name.startsWith(`${org}_`),
    );
  } finally {
    await connection.close();
  }
}

/** Dumps schemas with the machine's own mysqldump. */
export async function dumpSchemas(
  server: TestServer,
  schemas: readonly string[],
  file: string,
): Promise<void> {
  const { DJ_HOST, DJ_PORT, DJ_USER, DJ_PASS } = server.env;
  const options = [
    "--no-defaults",
    `--host=${DJ_HOST}`,
    `--port=${DJ_PORT}`,
    `--user=${DJ_USER}`,
    "--max-allowed-packet=512M",
  ];
  await run(
    "mysqldump",
    [...options, "--single-transaction", `--result-file=${file}`, "--databases", ...schemas],
    {
      env: { PATH: process.env["PATH"]!, MYSQL_PWD: DJ_PASS! },
    },
  );
  if (statSync(file).size === 0) throw new Error("mysqldump wrote nothing");
}

export interface MigratedLab {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  tenon(...words: string[]): Promise<Run>;
  runWorkflow(...words: string[]): Promise<Run>;
}

/** An empty lab that is configured for what comes from a platform. */
export function makeEmptyLab(platform: FakePlatform, server: TestServer, folder: string): MigratedLab {
  for (const name of ["raw", "processed", "stores/datajoint-blob", "stores/data-root"])
    mkdirSync(join(folder, name), { recursive: true });
  const store = (location: string) => ({ protocol: "file", location });
  writeFileSync(
    join(folder, "dj_local_conf.json"),
    JSON.stringify({
      custom: {
        "database.prefix": platform.prefix,
        raw_root_data_dir: "raw",
        processed_root_data_dir: "processed",
      },
      stores: {
        "datajoint-blob": store("stores/datajoint-blob"),
        "ephys-processed": store("processed"),
        "data-root": store("stores/data-root"),
      },
    }),
  );
  const env = { PATH: process.env["PATH"]!, HOME: folder, ...server.env };
  return {
    folder,
    env,
    tenon: (...words) => runProgram("tenon", words, folder, env),
    runWorkflow: (...words) => runProgram("run-workflow", words, folder, env),
  };
}

/** Copies the bucket's tree into a lab's folders, as `tenon migrate files` does. */
export function copyFiles({ bucket, org, workflow }: FakePlatform, folder: string): void {
  const from = join(bucket, `${org}_${workflow}`);
  const options = { recursive: true, preserveTimestamps: true } as const;
  cpSync(join(from, "inbox"), join(folder, "raw"), options);
  cpSync(join(from, "outbox"), join(folder, "processed"), options);
  cpSync(join(from, "datajoint", "blob"), join(folder, "stores", "datajoint-blob"), options);
}

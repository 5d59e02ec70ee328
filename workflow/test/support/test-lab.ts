/**
 * @module
 * A lab in a temporary folder: raw/, processed/ and a configuration, with the real programs run in it as child processes, on SQLite or
 * on one of the servers that `TENON_TEST_MARIADB` and `TENON_TEST_MYSQL` (`mysql://user:password@host:port`) name.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@tenon/datajoint";
import { withWorkerCache } from "../../src/populate/compilers.ts";

export const root = join(import.meta.dirname, "../../..");
/** Real recordings, beside the repository; absent on machines that have only a clone. */
export const sharedData = join(root, "../shared/data");

export interface TestServer {
  readonly name: "sqlite" | "mariadb" | "mysql";
  /** What the programs read: DJ_HOST and its kin; nothing for SQLite. */
  readonly env: Readonly<Record<string, string>>;
  /** Why it cannot be used, or false; the `skip` of a test. */
  readonly skip: string | false;
}

/** SQLite and both servers. */
export const testServers: readonly TestServer[] = [
  { name: "sqlite", env: {}, skip: false },
  serverFrom("mariadb", "TENON_TEST_MARIADB"),
  serverFrom("mysql", "TENON_TEST_MYSQL"),
];

function serverFrom(name: TestServer["name"], variable: string): TestServer {
  const text = process.env[variable];
  if (text === undefined) return { name, env: {}, skip: `no server: ${variable} is not set` };
  const url = new URL(text);
  const env = {
    DJ_HOST: url.hostname,
    DJ_PORT: url.port,
    DJ_USER: decodeURIComponent(url.username),
    DJ_PASS: decodeURIComponent(url.password),
  };
  return { name, env, skip: false };
}

export interface Run {
  /** 128 + the signal's number is not made up here: a killed process has code null. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface TestLab {
  readonly folder: string;
  readonly prefix: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs `tenon ...words` in the folder. */
  tenon(...words: string[]): Promise<Run>;
  /** The JSON that `tenon ...words --json` prints; fails with its messages when it does not exit with 0. */
  json<T>(...words: string[]): Promise<T>;
  /** Runs `run_workflow ...words` in the folder. */
  runWorkflow(...words: string[]): Promise<Run>;
  /** Deletes the folder and, on a server, every schema that begins with the prefix. */
  remove(): Promise<void>;
}

let counter = 0;

/** Makes an empty lab. */
export function makeTestLab(server: TestServer = testServers[0]!): TestLab {
  const folder = mkdtempSync(join(tmpdir(), "tenon-lab-"));
  const prefix = `t${process.pid}_${counter++}_`;
  for (const name of ["raw", "processed"]) mkdirSync(join(folder, name));
  const custom = {
    "database.prefix": prefix,
    raw_root_data_dir: "raw",
    processed_root_data_dir: "processed",
  };
  const stores = { "datajoint-blob": { protocol: "file", location: "processed/datajoint-blob" } };
  writeFileSync(join(folder, "dj_local_conf.json"), JSON.stringify({ custom, stores }), { mode: 0o600 });
  const cache = process.env.NODE_COMPILE_CACHE ?? join(root, "node_modules/.cache/node");
  const env = { PATH: process.env.PATH!, HOME: folder, NODE_COMPILE_CACHE: cache, ...server.env };
  const tenon = (...words: string[]) => runProgram("tenon", words, folder, env);
  return {
    folder,
    prefix,
    env,
    tenon,
    async json<T>(...words: string[]): Promise<T> {
      const { code, out, err } = await tenon(...words, "--json");
      if (code !== 0) throw new Error(`tenon ${words.join(" ")} --json: exit ${code}\n${err}${out}`);
      return JSON.parse(out) as T;
    },
    runWorkflow: (...words) => runProgram("run-workflow", words, folder, env),
    async remove() {
      rmSync(folder, { recursive: true, force: true });
      await dropSchemas(server, prefix);
    },
  };
}

/** Starts one of the programs without waiting for it. */
export function startProgram(
  program: "tenon" | "run-workflow",
  words: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>>,
): ChildProcess {
  return spawn(process.execPath, [join(root, `workflow/src/cli/${program}.ts`), ...words], {
    cwd: folder,
    env: program === "tenon" ? env : withWorkerCache(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs one of the programs to its end. */
export function runProgram(
  program: "tenon" | "run-workflow",
  words: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = startProgram(program, words, folder, env);
    let [out, err] = ["", ""];
    child.stdout!.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

/** Settings to connect to a server from the test's own process. */
export function settingsOf(server: TestServer, folder: string): Parameters<typeof connect>[0] {
  const { DJ_HOST, DJ_PORT, DJ_USER, DJ_PASS } = server.env;
  if (DJ_HOST === undefined) return { kind: "sqlite", path: join(folder, "tenon.sqlite") };
  return { kind: "mysql", host: DJ_HOST, port: Number(DJ_PORT), user: DJ_USER!, password: DJ_PASS! };
}

/** Drops what a lab or a demo left on a server. */
export async function dropSchemas(server: TestServer, prefix: string): Promise<void> {
  if (server.name === "sqlite") return;
  const connection = await connect(settingsOf(server, ""));
  try {
    const schemas = await connection.dialect.catalogue.schemas(connection);
    // in a transaction for the sake of its one session: the schemas refer to each other
    await connection.transaction(async () => {
      await connection.run({ text: "SET FOREIGN_KEY_CHECKS=0", parameters: [] });
      for (const schema of schemas.filter((name) => name.startsWith(prefix)))
        await connection.run({ text: `DROP DATABASE \`${schema}\``, parameters: [] });
      await connection.run({ text: "SET FOREIGN_KEY_CHECKS=1", parameters: [] });
    });
  } finally {
    await connection.close();
  }
}

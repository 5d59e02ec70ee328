/**
 * @module
 * `tenon migrate verify`: every check, one after the other, and the certificate of what they found (contract: pipeline.md 8.5).
 *
 * Reads only. What a newcomer would get wrong: the schemas that are verified are those of the dumps, not those of the configured prefix, so
 * that the platform's own tables and a lab's additions are verified like ours.
 */
import type { Settings } from "../../settings/settings.ts";
import { checkAbsolutePaths } from "./absolute-paths.ts";
import { checkBlobs } from "./blobs.ts";
import { type Certificate, maker } from "./certificate.ts";
import { type Check, readTables } from "./check.ts";
import { Findings } from "./codes.ts";
import { compareTables, noteFailedJobs } from "./compare-tables.ts";
import { compareDefinitions, readPopulation } from "./definitions.ts";
import { readDumps } from "./dumps.ts";
import { checkForeignKeys } from "./foreign-keys.ts";
import { noRun, runWithoutNetwork } from "./network-run.ts";
import { openDatabase } from "./open-database.ts";
import { checkRowPaths, checkSessions } from "./row-paths.ts";
import { checkStoredFiles } from "./stored-files.ts";
import { compareTrees, type TreeRequest } from "./trees.ts";

export interface VerifyRequest {
  readonly settings: Settings;
  /** Absolute paths. */
  readonly dumps: readonly string[];
  /** The schema of dumps that name none. */
  readonly schema?: string | undefined;
  readonly trees: readonly TreeRequest[];
  /** The object store's address, when it is not AWS's. */
  readonly endpoint?: string | undefined;
  /** Rows of each table whose values are decoded; undefined: all. */
  readonly sample: number | undefined;
  /** Whether to make the run with the network cut. */
  readonly withRun: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Where commands of the run start: the lab's folder. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: Check["progress"];
  readonly finish: (what: string) => void;
  /** The clock, ms. Default: the system's. */
  readonly now?: () => number;
}

/** Verifies a database and its files against dumps.
 * @throws AccessError, LostConnectionError, and what a dump that is none throws */
export async function verifyMigration(request: VerifyRequest): Promise<Certificate> {
  const { settings, signal, progress, finish, sample } = request;
  const now = request.now ?? Date.now;
  const begun = new Date(now()).toISOString();
  const findings = new Findings();
  const stage = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    const result = await work();
    finish(what);
    return result;
  };
  // first, so that a wrong password is told before hours of reading
  await using connection = await openDatabase(settings);
  const dumped = await stage("dumps", () =>
    readDumps(request.dumps, findings, { signal, progress, schema: request.schema }),
  );
  const schemas = [...new Set(dumped.tables.map(({ schema }) => schema))];
  const tables = await readTables(connection, schemas);
  const check: Check = { connection, settings, tables, findings, signal, progress };
  const counts = await stage("rows", () => compareTables(check, dumped.tables));
  const foreignKeys = await stage("foreign keys", () =>
    checkForeignKeys({ ...check, schemas: check.tables.map(({ schema }) => schema) }),
  );
  const isWhole = await compareDefinitions(check);
  const stores = await stage("files of stores", () => checkStoredFiles(check, sample));
  const blobs = await stage("values", () => checkBlobs(check, sample));
  await checkAbsolutePaths(check);
  const paths = await stage("paths of rows", () => checkRowPaths(check));
  const sessions = await stage("sessions", () => checkSessions(check));
  await noteFailedJobs(check);
  const trees = await stage("trees", () => compareTrees(check, request.trees, request));
  const population = await readPopulation(check, isWhole);
  const there = new Set(tables.map(({ schema }) => schema));
  if (!request.withRun)
    findings.note(
      "run-left-out",
      "this machine",
      "The run with the network cut was left out (--without-run).",
    );
  const networkRun = !request.withRun
    ? noRun
    : await stage("run with the network cut", () =>
        runWithoutNetwork(check, {
          schemas: schemas.filter((schema) => there.has(schema)),
          isWhole,
          sessionFolders: sessions
            .filter(({ problems }) => problems.length === 0)
            .map(({ folder }) => folder),
          env: request.env,
          folder: request.folder,
        }),
      );
  return {
    kind: "tenon migration certificate",
    version: 1,
    ok: findings.problems.length === 0,
    problems: findings.problems,
    notes: findings.notes,
    tables: counts,
    files: { stores, paths, trees },
    blobs,
    foreignKeys,
    sessions: sessions.map(({ path, problems }) => ({ path, problems })),
    population,
    networkRun,
    dumps: dumped.files,
    database: connection.name,
    sample: sample ?? null,
    begun,
    ended: new Date(now()).toISOString(),
    madeBy: maker(),
  };
}

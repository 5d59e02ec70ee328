/**
 * @module
 * A whole rehearsal: rounds of every fault that the lab's means allow, then a synthetic lab lived through with and without kills, in schemas
 * of its own that are dropped at the end.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Connection, connect } from "@tenon/datajoint";
import { type Certificate, maker } from "../migration/verify/certificate.ts";
import { modules } from "../pipeline/activate.ts";
import type { Settings } from "../settings/settings.ts";
import { faults } from "./faults.ts";
import { differencesOf, type LabLife, liveThrough } from "./lab-life.ts";
import { playRound, type Round } from "./round.ts";
import type { Fault, Means } from "./stage.ts";

export interface RehearseOptions {
  readonly settings: Settings;
  /** Empty folder for raw/, processed/ and the embedded database. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly rounds: number;
  /** Names of faults; undefined: all. */
  readonly only?: readonly string[] | undefined;
  /** Whether the synthetic lab is lived through too. */
  readonly withLab: boolean;
  readonly leaseS: number;
  readonly workers: number;
  readonly samples: number;
  readonly seed: number;
  readonly means: Omit<Means, "hasWire">;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string, done: number, total: number, detail?: string) => void;
  readonly onRound: (round: Round) => void;
}

export interface NotRehearsed {
  readonly fault: string;
  readonly why: string;
}

/** What a rehearsal found; the certificate without its signature. */
export interface Rehearsal {
  readonly kind: "tenon rehearsal certificate";
  readonly version: 1;
  readonly ok: boolean;
  /** UTC, ISO 8601. */
  readonly begun: string;
  readonly ended: string;
  readonly madeBy: Certificate["madeBy"];
  /** Product and version of the database, as it says itself. */
  readonly database: string;
  readonly leaseS: number;
  readonly workers: number;
  readonly rounds: readonly Round[];
  readonly notRehearsed: readonly NotRehearsed[];
  readonly lab: { readonly calm: LabLife; readonly disturbed: LabLife } | undefined;
  /** One sentence each, with the round it is of. */
  readonly problems: readonly { readonly code: string; readonly where: string; readonly message: string }[];
}

/** Thrown when schemas of the rehearsal's name are there already. */
export class RehearsalInUseError extends Error {
  override readonly name = "RehearsalInUseError";
}

const kills = 4;

/** Plays everything. What a fault did not allow is in `problems`, not thrown.
 * @throws RehearsalInUseError before anything is made; whatever the database throws when it cannot be used at all */
export async function rehearse(options: RehearseOptions): Promise<Rehearsal> {
  const { folder, leaseS } = options;
  const begun = new Date().toISOString();
  const settings = rehearsalSettings(options.settings, folder);
  await mkdir(folder, { recursive: true });
  await using connection = await connect(settings.database);
  await refuseOthers(connection, settings);
  const means: Means = { ...options.means, hasWire: settings.database.kind === "mysql" };
  const rounds: Round[] = [];
  const notRehearsed: NotRehearsed[] = [];
  let lab: Rehearsal["lab"];
  try {
    for (const fault of chosen(options.only)) {
      const why = fault.cannot(means);
      if (why !== undefined) {
        notRehearsed.push({ fault: fault.name, why });
        continue;
      }
      for (let i = 0; i < options.rounds; i++) {
        const what = `${fault.name}, round ${i + 1} of ${options.rounds}`;
        const round = await playRound(fault, {
          ...options,
          settings,
          connection,
          means,
          schema: `${settings.prefix}rehearsal`,
          seed: options.seed + i,
          onProgress: (done, total) => options.onProgress(what, done, total),
        });
        rounds.push(round);
        options.onRound(round);
      }
    }
    if (options.withLab) lab = await liveTwice(options, settings);
  } finally {
    await dropOwn(connection, settings);
  }
  const problems = [
    ...rounds.flatMap(({ fault, seed, problems: found }) =>
      found.map((message) => ({ code: "round-failed", where: `${fault}, seed ${seed}`, message })),
    ),
    ...labProblems(lab),
  ];
  return {
    kind: "tenon rehearsal certificate",
    version: 1,
    ok: problems.length === 0,
    begun,
    ended: new Date().toISOString(),
    madeBy: maker(),
    database: await versionOf(connection),
    leaseS,
    workers: options.workers,
    rounds,
    notRehearsed,
    lab,
    problems,
  };
}

function chosen(only: readonly string[] | undefined): readonly Fault[] {
  return only === undefined ? faults : faults.filter(({ name }) => only.includes(name));
}

/** Schemas of their own beside the lab's; a database file of its own. */
function rehearsalSettings(settings: Settings, folder: string): Settings {
  const database =
    settings.database.kind === "sqlite"
      ? ({ kind: "sqlite", path: join(folder, "rehearsal.sqlite") } as const)
      : settings.database;
  return { ...settings, database, prefix: `${settings.prefix}rehearsal_` };
}

async function liveTwice(options: RehearseOptions, settings: Settings): Promise<Rehearsal["lab"]> {
  const life = (name: string, count: number, own: Settings) =>
    liveThrough({
      ...options,
      settings: own,
      folder: join(options.folder, name),
      kills: count,
      onProgress: (done, total, step) => options.onProgress(`lab, ${name}`, done, total, step),
    });
  const path = join(options.folder, "undisturbed.sqlite");
  const calm = await life("undisturbed", 0, { ...settings, database: { kind: "sqlite", path } });
  const disturbed = await life("disturbed", kills, settings);
  return { calm, disturbed };
}

function labProblems(lab: Rehearsal["lab"]): Rehearsal["problems"] {
  if (lab === undefined) return [];
  return [
    ...lab.calm.problems.map((message) => ({ code: "lab-failed", where: "lab, undisturbed", message })),
    ...lab.disturbed.problems.map((message) => ({ code: "lab-failed", where: "lab, disturbed", message })),
    ...differencesOf(lab.disturbed, lab.calm).map((message) => ({
      code: "lab-differs",
      where: "lab, disturbed against undisturbed",
      message,
    })),
  ];
}

async function ownSchemas(connection: Connection, { prefix }: Settings): Promise<string[]> {
  const there = new Set(await connection.dialect.catalogue.schemas(connection));
  // children first: foreign keys lead from the later modules to the earlier ones
  const names = [
    `${prefix}rehearsal`,
    ...Object.keys(modules)
      .toReversed()
      .map((module) => prefix + module),
  ];
  return names.filter((name) => there.has(name));
}

async function refuseOthers(connection: Connection, settings: Settings): Promise<void> {
  const names = await ownSchemas(connection, settings);
  if (names.length === 0) return;
  throw new RehearsalInUseError(
    `${connection.name} holds schemas of a rehearsal already (${names.slice(0, 3).join(", ")}): another one is at work, or one was killed. When none is at work, drop them: ${names.map((name) => `DROP DATABASE \`${name}\`;`).join(" ")}`,
  );
}

async function dropOwn(connection: Connection, settings: Settings): Promise<void> {
  // the file lies among the scratch files
  if (settings.database.kind === "sqlite") return;
  const { catalogue, ddl } = connection.dialect;
  for (const schema of await ownSchemas(connection, settings))
    for (const statement of ddl.dropSchema(schema, await catalogue.tables(connection, schema)))
      await connection.run(statement);
}

async function versionOf(connection: Connection): Promise<string> {
  const isServer = connection.settings.kind === "mysql";
  const text = isServer
    ? "SELECT IF(VERSION() LIKE '%maria%', VERSION(), CONCAT('MySQL ', VERSION())) AS v"
    : "SELECT 'SQLite ' || sqlite_version() AS v";
  const { rows } = await connection.run({ text, parameters: [] });
  return String(rows[0]!["v"]);
}

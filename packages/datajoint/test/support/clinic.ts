/**
 * @module
 * A pipeline in two schemas with every kind of reference: in the key and beside it, nullable, renamed and composite, twice to one table,
 * two ways to one table, parts and a part that refers to another master's part.
 *
 * What refers to what is written down once more in `references`, by hand, so that tests can work out by themselves what depends on a row.
 */
import { Schema } from "../../src/schema/schema.ts";
import type { TestDatabase } from "./dialects.ts";

export type Row = Readonly<Record<string, unknown>>;

/** child, its columns, parent, the parent's columns. */
export const references: readonly (readonly [string, readonly string[], string, readonly string[]])[] = [
  ["Session", ["subject"], "Subject", ["subject"]],
  ["Session", ["rig"], "Rig", ["rig"]],
  ["SessionFile", ["subject", "session"], "Session", ["subject", "session"]],
  ["Pair", ["subject", "first"], "Session", ["subject", "session"]],
  ["Pair", ["subject", "second"], "Session", ["subject", "session"]],
  ["Sorting", ["subject", "session"], "Session", ["subject", "session"]],
  ["SortingUnit", ["subject", "session"], "Sorting", ["subject", "session"]],
  ["SortingUnit", ["label"], "Label", ["label"]],
  ["Metrics", ["subject", "session"], "Sorting", ["subject", "session"]],
  ["MetricsUnit", ["subject", "session"], "Metrics", ["subject", "session"]],
  ["MetricsUnit", ["subject", "session", "unit"], "SortingUnit", ["subject", "session", "unit"]],
];

export const rows: Readonly<Record<string, readonly Row[]>> = {
  Subject: [{ subject: "m1" }, { subject: "m2" }, { subject: "m3" }],
  Rig: [
    { rig: "a", place: "cellar" },
    { rig: "b", place: "cellar" },
    { rig: "c", place: "roof" },
  ],
  Label: [{ label: "good" }, { label: "mua" }, { label: "noise" }],
  Session: [
    { subject: "m1", session: 1, rig: "a" },
    { subject: "m1", session: 2, rig: null },
    { subject: "m1", session: 3, rig: "b" },
    { subject: "m2", session: 1, rig: "b" },
    { subject: "m2", session: 2, rig: "c" },
  ],
  SessionFile: [
    { subject: "m1", session: 1, file: "x" },
    { subject: "m1", session: 1, file: "y" },
    { subject: "m2", session: 1, file: "x" },
  ],
  Pair: [
    { subject: "m1", first: 1, second: 2 },
    { subject: "m1", first: 1, second: 3 },
    { subject: "m1", first: 3, second: 2 },
    { subject: "m2", first: 1, second: 2 },
    { subject: "m2", first: 2, second: 1 },
  ],
  Sorting: [
    { subject: "m1", session: 1, seconds: 5 },
    { subject: "m1", session: 3, seconds: 6 },
    { subject: "m2", session: 1, seconds: 7 },
  ],
  SortingUnit: [
    { subject: "m1", session: 1, unit: 1, label: "good" },
    { subject: "m1", session: 1, unit: 2, label: "mua" },
    { subject: "m1", session: 3, unit: 1, label: "mua" },
    { subject: "m2", session: 1, unit: 1, label: "good" },
    { subject: "m2", session: 1, unit: 2, label: null },
  ],
  Metrics: [
    { subject: "m1", session: 1 },
    { subject: "m2", session: 1 },
  ],
  MetricsUnit: [
    { subject: "m1", session: 1, unit: 1, snr: 4.5 },
    { subject: "m1", session: 1, unit: 2, snr: 2 },
    { subject: "m2", session: 1, unit: 1, snr: 9 },
  ],
};

/** Declares both schemas and fills them. */
export async function makeClinic(database: TestDatabase, given = rows) {
  const clinic = new Schema();
  class Subject extends clinic.manual("subject : varchar(8)") {}
  class Rig extends clinic.lookup("rig : char(1)\n---\nplace : varchar(16)") {}
  class Session extends clinic.manual("-> Subject\nsession : int\n---\n-> [nullable] Rig", {
    Subject,
    Rig,
  }) {}
  class SessionFile extends Session.part("File", "-> master\nfile : varchar(8)") {}
  class Pair extends clinic.manual(
    `
    -> Session.proj(first="session")
    -> Session.proj(second="session")
  `,
    { Session },
  ) {}
  const sorting = new Schema();
  class Label extends sorting.lookup("label : varchar(8)") {}
  class Sorting extends sorting.computed("-> Session\n---\nseconds : float", { Session }) {}
  class SortingUnit extends Sorting.part("Unit", "-> master\nunit : int\n---\n-> [nullable] Label", {
    Label,
  }) {}
  class Metrics extends sorting.computed("-> Sorting", { Sorting }) {}
  class MetricsUnit extends Metrics.part("Unit", "-> master\n-> Sorting.Unit\n---\nsnr : float", {
    "Sorting.Unit": SortingUnit,
  }) {}
  const names = { clinic: database.schemaName("clinic"), sorting: database.schemaName("sorting") };
  const { connection } = database;
  await clinic.activate(connection, names.clinic, { Subject, Rig, Session, SessionFile, Pair });
  await sorting.activate(connection, names.sorting, { Label, Sorting, SortingUnit, Metrics, MetricsUnit });
  const tables = {
    Subject,
    Rig,
    Label,
    Session,
    SessionFile,
    Pair,
    Sorting,
    SortingUnit,
    Metrics,
    MetricsUnit,
  };
  await connection.transaction(() => fill(tables, given));
  return { ...tables, tables, names };
}

export type Clinic = Awaited<ReturnType<typeof makeClinic>>;

/** Puts other rows into a clinic's tables, which is much quicker than declaring them anew. */
export async function refill(database: TestDatabase, { tables }: Clinic, given = rows): Promise<void> {
  const { connection } = database;
  await connection.transaction(async () => {
    for (const { node } of Object.values(tables).reverse())
      await connection.run(connection.dialect.writer.delete(node));
    await fill(tables, given);
  });
}

async function fill(
  tables: Readonly<Record<string, { insert: unknown }>>,
  given: typeof rows,
): Promise<void> {
  for (const [name, table] of Object.entries(tables)) await insertLoosely(table, given[name] ?? []);
}

/** The rows are lists of anything to tsc, so they go in past the types; insert itself checks them. */
async function insertLoosely(table: { insert: unknown }, entries: readonly Row[]): Promise<void> {
  const insert = table.insert as (rows: readonly Row[], options: object) => Promise<number>;
  await insert.call(table, entries, { allowDirectInsert: true });
}

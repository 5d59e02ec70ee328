/**
 * @module
 * A small laboratory: subjects, sessions with recorded units, and drugs given in sessions. Small enough to work out every result by hand.
 *
 * Subject 3 has no session, session (2, 2024-02-01) no unit, unit (1, 2024-01-01, 2) no quality, and drug `gabazine` is given to nobody.
 */
import type { TestDatabase } from "./dialects.ts";
import { attribute, createTable, key, optional, type TestTable } from "./tables.ts";

export interface Lab {
  readonly schema: string;
  readonly subject: TestTable;
  readonly session: TestTable;
  readonly unit: TestTable;
  readonly drug: TestTable;
  readonly treatment: TestTable;
}

export const subjects = [
  { subject_id: 1, species: "mouse", sex: "M", weight: 21.5 },
  { subject_id: 2, species: "mouse", sex: "F", weight: null },
  { subject_id: 3, species: "rat", sex: "U", weight: 310.25 },
];

export const sessions = [
  { subject_id: 1, session_date: "2024-01-01", hours: "1.50", note: "first" },
  { subject_id: 1, session_date: "2024-01-02", hours: "2.00", note: "" },
  { subject_id: 2, session_date: "2024-01-01", hours: "0.25", note: 'said "no"' },
  { subject_id: 2, session_date: "2024-02-01", hours: null, note: "it's empty" },
];

export const units = [
  { subject_id: 1, session_date: "2024-01-01", unit: 1, rate: 5.5, quality: "good" },
  { subject_id: 1, session_date: "2024-01-01", unit: 2, rate: 0.5, quality: null },
  { subject_id: 1, session_date: "2024-01-02", unit: 1, rate: 7, quality: "mua" },
  { subject_id: 2, session_date: "2024-01-01", unit: 1, rate: 2, quality: "good" },
  { subject_id: 2, session_date: "2024-01-01", unit: 3, rate: 9.25, quality: "good" },
];

export const drugs = [
  { drug: "gabazine", dose: 10 },
  { drug: "ketamine", dose: 30 },
  { drug: "saline", dose: 0 },
];

export const treatments = [
  { subject_id: 1, session_date: "2024-01-01", drug: "saline" },
  { subject_id: 1, session_date: "2024-01-02", drug: "ketamine" },
  { subject_id: 2, session_date: "2024-01-01", drug: "ketamine" },
];

/** Declares and fills the tables in a schema of their own. */
export async function makeLab(database: TestDatabase): Promise<Lab> {
  const schema = await database.createSchema("lab");
  const { connection } = database;
  const subject = await createTable(connection, schema, "subject", [
    key("subject_id", "int"),
    attribute("species", "varchar(20)"),
    attribute("sex", "enum('M','F','U')", { default: "U" }),
    optional("weight", "float"),
  ]);
  const session = await createTable(
    connection,
    schema,
    "session",
    [
      key("subject_id", "int"),
      key("session_date", "date"),
      optional("hours", "decimal(6,2)"),
      attribute("note", "varchar(100)", { default: "" }),
    ],
    { parents: [subject] },
  );
  const unit = await createTable(
    connection,
    schema,
    "__unit",
    [
      key("subject_id", "int"),
      key("session_date", "date"),
      key("unit", "smallint unsigned"),
      attribute("rate", "double"),
      optional("quality", "varchar(8)"),
    ],
    { parents: [session] },
  );
  const drug = await createTable(connection, schema, "#drug", [
    key("drug", "varchar(20)"),
    attribute("dose", "int"),
  ]);
  const treatment = await createTable(
    connection,
    schema,
    "treatment",
    [key("subject_id", "int"), key("session_date", "date"), key("drug", "varchar(20)")],
    { parents: [session, drug] },
  );
  await subject.insert(subjects);
  await session.insert(sessions);
  await unit.insert(units);
  await drug.insert(drugs);
  await treatment.insert(treatments);
  return { schema, subject, session, unit, drug, treatment };
}

/**
 * @module
 * Reads dumps to their end before anything is made: what they hold, what of it must not be carried out, and what will be left out.
 */
import { DumpError, type Problem } from "../dump/dump-error.ts";
import type { DumpCommand } from "../dump/dump-statement.ts";
import { type DumpSurvey, type DumpTable, surveyDump } from "../dump/dump-tables.ts";
import { DangerousStatements } from "../inventory/dangerous-statements.ts";

/** The server's own schemas: left out of a dump of everything, and never reached into. */
export const systemSchemas = new Set(["mysql", "sys", "information_schema", "performance_schema"]);

export interface LookOptions {
  readonly dumps: readonly string[];
  /** Schema of a dump that names none. */
  readonly schema?: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string, done: number, total: number, detail: string) => void;
}

export interface Looked {
  readonly surveys: readonly DumpSurvey[];
  /** How the dumps make their schemas. */
  readonly databases: ReadonlyMap<string, DumpCommand>;
  /** With one of them nothing is imported. */
  readonly problems: readonly Problem[];
  /** What is not imported, and keeps no row away. */
  readonly leftOut: readonly Problem[];
  readonly notes: readonly Problem[];
}

/** Looks at every dump. What is wrong with one is in `problems`, not thrown. */
export async function lookAtDumps({ dumps, schema, signal, onProgress }: LookOptions): Promise<Looked> {
  const surveys: DumpSurvey[] = [];
  const databases = new Map<string, DumpCommand>();
  const problems: Problem[] = [];
  const leftOut: Problem[] = [];
  const notes: Problem[] = [];
  for (const path of dumps) {
    const dangers = new DangerousStatements(path);
    const zoneless = new Set<string>();
    try {
      const survey = await surveyDump(path, {
        signal,
        ...(schema === undefined ? {} : { schema }),
        visit: (statement) => {
          dangers.add(statement);
          if (statement.kind === "insert" && statement.session.timeZone === undefined)
            zoneless.add(statement.table);
          if (statement.kind === "create-database" && statement.schema !== undefined)
            databases.set(statement.schema, statement);
          else if (statement.kind === "alter-table" && !onlyTurnsKeys(statement))
            problems.push({
              code: "statement-refused",
              where: `${path}:${statement.line}`,
              message: `The dump changes the table ${statement.name ?? ""} after it made it (ALTER TABLE), as mysqldump never does, and it is not known what that would leave. Ask for a dump of mysqldump, whose CREATE TABLE is whole.`,
            });
        },
        onProgress: (done, total) => onProgress(`${path}: looking`, done, total, ""),
      });
      surveys.push(survey);
      const found = dangers.result();
      problems.push(...survey.problems, ...found.problems, ...schemaUnknown(survey, schema));
      notes.push(...found.notes, ...notesOf(survey, zoneless));
      for (const { kind, name, where } of survey.objects)
        if (kind !== "view")
          leftOut.push({
            code: "object-skipped",
            where,
            message: `The ${kind} ${name} is not imported: its code would run with the rights of whoever touches the tables. Look at it in the dump, and make it by hand if it is needed.`,
          });
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      problems.push({ code: error.code, where: error.where, message: error.message });
    }
  }
  return { surveys, databases, problems, leftOut, notes };
}

/** The tables of a dump that are imported, each with its schema. */
export function tablesOf(survey: DumpSurvey, schema: string | undefined): readonly DumpTable[] {
  const own = schema ?? survey.headerDatabase;
  return survey.tables
    .map((table) => ({ ...table, schema: table.schema ?? own }))
    .filter((table) => table.schema === undefined || !systemSchemas.has(table.schema.toLowerCase()));
}

/** Schemas that are imported. */
export function schemasOf(survey: DumpSurvey, schema: string | undefined): string[] {
  const names = [...tablesOf(survey, schema).map((table) => table.schema), ...survey.schemas];
  return [...new Set(names)].filter(
    (name): name is string => name !== undefined && !systemSchemas.has(name.toLowerCase()),
  );
}

/** `ALTER TABLE t DISABLE KEYS`, which mysqldump writes around rows. */
function onlyTurnsKeys({ tokens }: DumpCommand): boolean {
  const words = tokens.flatMap(({ kind, value }) => (kind === "word" ? [value] : []));
  return /^(DISABLE|ENABLE) KEYS$/.test(words.slice(-2).join(" "));
}

function schemaUnknown(survey: DumpSurvey, schema: string | undefined): Problem[] {
  const table = tablesOf(survey, schema).find((one) => one.schema === undefined);
  if (table === undefined) return [];
  return [
    {
      code: "schema-unknown",
      where: table.where,
      message: `The dump does not say in which schema its tables are. Give it: tenon migrate db ${survey.path} --schema NAME`,
    },
  ];
}

/** @param zoneless  tables of which rows came before the dump said in which time zone it is */
function notesOf(survey: DumpSurvey, zoneless: ReadonlySet<string>): Problem[] {
  const notes: Problem[] = [];
  const stamps = survey.tables.flatMap(({ table, ddl }) =>
    zoneless.has(table)
      ? (ddl?.columns ?? [])
          .filter(({ type }) => /^timestamp\b/.test(type))
          .map(({ name }) => `${table}.${name}`)
      : [],
  );
  if (stamps.length > 0)
    notes.push({
      code: "time-zone-unknown",
      where: survey.path,
      message: `The dump does not say in which time zone it is (mysqldump --skip-tz-utc), and its timestamps are taken for UTC. If the old server's clock was another, these are off by its offset: ${stamps.slice(0, 5).join(", ")}${stamps.length > 5 ? ` and ${stamps.length - 5} more columns` : ""}.`,
    });
  if (survey.isCompleted === undefined)
    notes.push({
      code: "end-unknown",
      where: survey.path,
      message:
        "The dump does not say that it came to its end (mysqldump --skip-comments). If it was cut between two statements, nobody can tell.",
    });
  const floats = survey.tables.flatMap(({ table, ddl, rows }) =>
    rows === 0
      ? []
      : (ddl?.columns ?? [])
          .filter(({ type }) => /^float\b/.test(type))
          .map(({ name }) => `${table}.${name}`),
  );
  if (floats.length > 0)
    notes.push({
      code: "float-rounded",
      where: survey.path,
      message: `A dump has six digits of a FLOAT, and the old server had about seven: the last bits of ${floats.slice(0, 5).join(", ")}${floats.length > 5 ? ` and ${floats.length - 5} more columns` : ""} were lost when the dump was made. DOUBLE columns and blobs are whole.`,
    });
  return notes;
}

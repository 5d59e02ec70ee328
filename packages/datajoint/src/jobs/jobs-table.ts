/**
 * @module
 * Declares the table of jobs as datajoint-python of the schema's generation does, so that its workers share the queue.
 *
 * legacy: `~jobs`, one for the schema (contract datajoint.md 7.4). current: `~~table`, one for each table (7.5); SQLite has this shape,
 * and beside it `~token`, the counter for tokens.
 */
import { type AttributeKind, Heading, type HeadingAttribute } from "../definition/heading.ts";
import { type JobQueue, LEAST_TOKEN, makeQueue, sql } from "./queue.ts";

interface Column {
  readonly name: string;
  readonly type: string;
  readonly kind: AttributeKind;
  readonly inKey?: boolean;
  readonly nullable?: boolean;
  readonly default?: string | null;
  readonly annotation?: string;
  readonly comment?: string;
}

function attribute(column: Column): HeadingAttribute {
  return {
    inKey: false,
    nullable: false,
    default: undefined,
    autoIncrement: false,
    comment: "",
    annotation: undefined,
    ...column,
  };
}

const NOW = "CURRENT_TIMESTAMP";
const NOW3 = "CURRENT_TIMESTAMP(3)";

/** `~jobs` as 0.14.9 declares it. */
export const legacyJobsHeading = new Heading(
  (
    [
      {
        name: "table_name",
        type: "varchar(255)",
        kind: "string",
        inKey: true,
        comment: "className of the table",
      },
      { name: "key_hash", type: "char(32)", kind: "string", inKey: true, comment: "key hash" },
      {
        name: "status",
        type: "enum('reserved','error','ignore')",
        kind: "enum",
        comment: "if tuple is missing, the job is available",
      },
      {
        name: "key",
        type: "blob",
        kind: "blob",
        nullable: true,
        default: null,
        comment: "structure containing the key",
      },
      {
        name: "error_message",
        type: "varchar(2047)",
        kind: "string",
        default: "",
        comment: "error message returned if failed",
      },
      {
        name: "error_stack",
        type: "mediumblob",
        kind: "blob",
        nullable: true,
        default: null,
        comment: "error stack if failed",
      },
      { name: "user", type: "varchar(255)", kind: "string", default: "", comment: "database user" },
      { name: "host", type: "varchar(255)", kind: "string", default: "", comment: "system hostname" },
      { name: "pid", type: "int unsigned", kind: "integer", default: "0", comment: "system process id" },
      {
        name: "connection_id",
        type: "bigint unsigned",
        kind: "integer",
        default: "0",
        comment: "connection_id()",
      },
      {
        name: "timestamp",
        type: "timestamp",
        kind: "temporal",
        default: NOW,
        comment: "automatic timestamp",
      },
    ] satisfies Column[]
  ).map(attribute),
  "job reservation table",
);

/** `~~table` as 2.x declares it, for a target with these key attributes. */
export function currentJobsHeading(key: readonly HeadingAttribute[], comment: string): Heading {
  const columns: Column[] = [
    { name: "status", type: "enum('pending','reserved','success','error','ignore')", kind: "enum" },
    {
      name: "priority",
      type: "tinyint",
      kind: "integer",
      annotation: "int8",
      comment: "lower is more urgent",
    },
    { name: "created_time", type: "datetime(3)", kind: "temporal", default: NOW3 },
    { name: "scheduled_time", type: "datetime(3)", kind: "temporal", default: NOW3 },
    { name: "reserved_time", type: "datetime(3)", kind: "temporal", nullable: true, default: null },
    { name: "completed_time", type: "datetime(3)", kind: "temporal", nullable: true, default: null },
    { name: "duration", type: "double", kind: "float", nullable: true, default: null, annotation: "float64" },
    { name: "error_message", type: "varchar(2047)", kind: "string", default: "" },
    {
      name: "error_stack",
      type: "longblob",
      kind: "blob",
      nullable: true,
      default: null,
      annotation: "<blob>",
    },
    { name: "user", type: "varchar(255)", kind: "string", default: "" },
    { name: "host", type: "varchar(255)", kind: "string", default: "" },
    { name: "pid", type: "int", kind: "integer", default: "0", annotation: "int32" },
    { name: "connection_id", type: "bigint", kind: "integer", default: "0", annotation: "int64" },
    { name: "version", type: "varchar(64)", kind: "string", default: "" },
  ];
  const ownKey = key.map((part) => ({ ...part, autoIncrement: false, default: undefined }));
  return new Heading([...ownKey, ...columns.map(attribute)], comment);
}

/** Declares the job table of a queue when it is not there, and on SQLite the counter of tokens.
 *  @returns the queue, with its twin if workers of the other generation have one for this table */
export async function declareJobs(queue: JobQueue): Promise<JobQueue> {
  const { connection, schema } = queue;
  const found = withTwin(queue, await connection.dialect.catalogue.tables(connection, schema));
  if (!found.isDeclared) await createJobs(queue);
  if (queue.words.counter !== undefined) await declareCounter(queue);
  return found.queue;
}

/** Which queues a table has.
 * @param tables  names of the schema's tables */
export function withTwin(
  queue: JobQueue,
  tables: readonly string[],
): { readonly queue: JobQueue; readonly isDeclared: boolean } {
  const { dialect } = queue.connection;
  const names = new Set(tables);
  const shape = queue.shape === "legacy" ? "current" : "legacy";
  const twin = makeQueue({ ...queue, shape });
  const hasTwin = dialect.can.concurrentWriters && names.has(twin.jobs);
  return {
    queue: { ...queue, twin: hasTwin ? twin : undefined },
    isDeclared: names.has(queue.jobs),
  };
}

async function createJobs(queue: JobQueue): Promise<void> {
  const { connection, schema, target, shape } = queue;
  const { ddl, catalogue, can } = connection.dialect;
  const heading =
    shape === "legacy" ? legacyJobsHeading : currentJobsHeading(queue.key, `jobs of ${schema}.${target}`);
  const indexes =
    shape === "legacy" ? [] : [{ unique: false, items: ["status", "priority", "scheduled_time"] }];
  const isThere = async () => (await catalogue.tables(connection, schema)).includes(queue.jobs);
  const create = async () => {
    const spec = { schema, table: queue.jobs, heading, foreignKeys: [], indexes };
    for (const statement of ddl.createTable(spec)) await connection.run(statement);
  };
  // workers start together, and one is first
  if (!can.concurrentWriters) {
    await connection.transaction(async () => {
      if (!(await isThere())) await create();
    });
    return;
  }
  try {
    await create();
  } catch (error) {
    if (!(await isThere())) throw error;
  }
}

async function declareCounter(queue: JobQueue): Promise<void> {
  const { connection, words } = queue;
  await connection.transaction(async () => {
    await connection.run(sql(`CREATE TABLE IF NOT EXISTS ${words.counter} (n INTEGER NOT NULL)`));
    await connection.run(
      sql(
        `INSERT INTO ${words.counter} (n) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM ${words.counter})`,
        LEAST_TOKEN,
      ),
    );
  });
}

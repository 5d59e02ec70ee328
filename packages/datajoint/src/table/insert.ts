/**
 * @module
 * Inserts rows into a table: all of them or none.
 *
 * Rows are checked and encoded before anything is sent. More than one statement's worth goes into one transaction, or behind a savepoint of
 * the transaction that the caller is in. Whether a table may be inserted into at all (populate's tables) is the table class's question.
 */
import type { Connection } from "../connection/connection.ts";
import type { SqlValue } from "../connection/driver.ts";
import type { Heading } from "../definition/heading.ts";
import { MissingAttributeError, ValueError } from "../errors.ts";
import { type HasNode, isQuery } from "../query/condition.ts";
import type { QueryNode } from "../query/nodes.ts";
import { Query } from "../query/query.ts";
import type { InsertSpec } from "../sql/dialect.ts";
import type { StoreWriter } from "./encode-attribute.ts";
import { type EncodedValue, encodeRow, hasDefault, refuseUnknown, rowTarget } from "./encode-row.ts";

export interface InsertOptions {
  /** Leaves out rows whose primary or unique key is there already. Default: false, they are a DuplicateError. */
  readonly skipDuplicates?: boolean;
  /** Replaces rows that are there already: deletes and inserts, so that it fails where other tables refer to them. Default: false. */
  readonly replace?: boolean;
  /** Leaves out what the table has no attribute for. Default: false, it is an UnknownAttributeError. */
  readonly ignoreExtraFields?: boolean;
  /** Inserts by hand into a table that populate() fills. Default: false. */
  readonly allowDirectInsert?: boolean;
}

/** Where rows go. */
export interface InsertTarget {
  readonly connection: Connection;
  readonly schema: string;
  readonly table: string;
  readonly heading: Heading;
  /** For messages. Default: the table's name. */
  readonly className?: string;
  readonly storeWriter?: StoreWriter | undefined;
}

/** Most rows of one statement, so that its text and plan stay small. */
const mostRows = 2000;

/**
 * Inserts rows, or the rows of a query.
 *
 * @returns how many rows were given; with `skipDuplicates` some of them may have been there already
 * @throws UnknownAttributeError, MissingAttributeError, ValueError before anything is sent
 * @throws DuplicateError, IntegrityError when the database refuses a row; then none is inserted
 */
export async function insertRows(
  target: InsertTarget,
  rows: Iterable<object> | HasNode,
  options: InsertOptions = {},
): Promise<number> {
  const { connection, heading } = target;
  const name = target.className ?? `${target.schema}.${target.table}`;
  if (options.skipDuplicates === true && options.replace === true) {
    throw new ValueError(`Insert into ${name}: skipDuplicates and replace exclude each other.`);
  }
  if (isQuery(rows)) {
    const { source } = (rows instanceof Query ? rows : (rows as { query?: Query }).query) ?? {};
    if (source?.identity !== undefined && source.identity !== connection)
      throw new ValueError(
        `Insert into ${name}: the query is on another connection. Fetch its rows and insert them instead.`,
      );
    return insertQuery(target, rows.node, name, options);
  }
  if (
    typeof (rows as Partial<Iterable<object>>)?.[Symbol.iterator] !== "function" ||
    typeof rows === "string"
  ) {
    throw new ValueError(
      `Insert into ${name}: expected a list of rows, or a query. One row is a list of one: [row].`,
    );
  }
  const given = new Set<string>();
  const encoding = rowTarget(connection.dialect, heading, name, target.storeWriter);
  const encoded: EncodedValue[][] = [];
  for (const row of rows)
    encoded.push(await encodeRow(row, encoded.length, encoding, given, options.ignoreExtraFields === true));
  if (encoded.length === 0) return 0;
  const specs = makeSpecs(target, encoded, given, duplicateRule(options));
  await runAll(
    connection,
    specs.map((spec) => connection.dialect.writer.insert(spec)),
  );
  return encoded.length;
}

function duplicateRule(options: InsertOptions): InsertSpec["onDuplicate"] {
  return options.skipDuplicates === true ? "skip" : options.replace === true ? "replace" : "error";
}

async function insertQuery(
  target: InsertTarget,
  node: QueryNode,
  name: string,
  options: InsertOptions,
): Promise<number> {
  const { connection, heading, schema, table } = target;
  if (options.ignoreExtraFields !== true) {
    refuseUnknown(
      Object.fromEntries(node.heading.names.map((attribute) => [attribute, null])),
      heading,
      `Insert into ${name}: the query`,
    );
  }
  const missing = heading.attributes.filter(
    (attribute) => !node.heading.has(attribute.name) && !hasDefault(attribute),
  );
  if (missing.length > 0) {
    const names = missing.map((attribute) => `'${attribute.name}'`).join(", ");
    throw new MissingAttributeError(
      `Insert into ${name}: the query lacks ${names}, without a default.`,
      "insert",
    );
  }
  const columns = node.heading.names.filter((attribute) => heading.has(attribute));
  if (columns.length === 0)
    throw new ValueError(`Insert into ${name}: the query has none of its attributes.`);
  const onDuplicate = duplicateRule(options);
  const { writer } = connection.dialect;
  const statement = writer.insert({
    schema,
    table,
    columns,
    rows: node,
    onDuplicate,
    key: heading.primaryKey,
  });
  if (onDuplicate === "error") return (await connection.run(statement)).affectedRows;
  // what the databases call affected by a duplicate differs, so the rows of the query are counted instead
  const { rows } = await connection.run(writer.count(node));
  await connection.run(statement);
  return Number(rows[0]!.n);
}

/** Statements that each keep within what one may carry. */
function makeSpecs(
  target: InsertTarget,
  rows: readonly EncodedValue[][],
  given: ReadonlySet<string>,
  onDuplicate: InsertSpec["onDuplicate"],
): InsertSpec[] {
  const { schema, table, heading, connection } = target;
  const { limits } = connection;
  const names = heading.names;
  const used = names.flatMap((name, i) => (given.has(name) ? [i] : []));
  // rows without values still name a column
  const places = used.length === 0 ? [0] : used;
  const fixed = {
    schema,
    table,
    columns: places.map((i) => names[i]!),
    onDuplicate,
    key: heading.primaryKey,
  };
  const specs: InsertSpec[] = [];
  const headBytes = 1024 + places.length * 80;
  let batch: EncodedValue[][] = [];
  let bytes = headBytes;
  for (const row of rows) {
    const values = places.map((i) => row[i]!);
    const size = values.reduce((sum: number, value) => sum + sizeOf(value), 3);
    const isFull =
      batch.length === mostRows ||
      bytes + size > limits.bytes ||
      (batch.length + 1) * places.length > limits.parameters;
    if (batch.length > 0 && isFull) {
      specs.push({ ...fixed, rows: batch });
      batch = [];
      bytes = headBytes;
    }
    batch.push(values);
    bytes += size;
  }
  specs.push({ ...fixed, rows: batch });
  return specs;
}

/** Bytes of a value in a statement, at most: text may be escaped and holds up to three bytes a UTF-16 unit; bytes go as they are. */
function sizeOf(value: EncodedValue): number {
  if (typeof value === "string") return 3 * value.length + 12;
  return value instanceof Uint8Array ? value.length + 12 : 28;
}

async function runAll(
  connection: Connection,
  statements: readonly { text: string; parameters: readonly SqlValue[] }[],
): Promise<void> {
  const run = async () => {
    for (const statement of statements) await connection.run(statement);
  };
  return statements.length === 1 ? run() : connection.atomically(run);
}

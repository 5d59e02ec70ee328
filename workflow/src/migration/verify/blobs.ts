/**
 * @module
 * Every blob of every table decodes; what it holds of absolute paths is named on the way.
 *
 * Rows are streamed, so memory is bounded by one value. `sample` decodes so many rows of each table, spread over it by key.
 */
import { type SqlRow, type SqlValue, unpack } from "@tenon/datajoint";
import { absolutePathsIn } from "./absolute-paths.ts";
import { type Check, counted, countRows, type DatabaseTable, keyText, nameOf } from "./check.ts";

export interface BlobResult {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Values that were decoded; NULLs are none. */
  readonly decoded: number;
  readonly bytes: number;
  readonly undecodable: number;
}

/** Undecodable values of one table that are named; the others are counted. */
const namedAtMost = 10;

/** Decodes the blobs of every table.
 * @param sample  at most so many rows of each table; undefined: all */
export async function checkBlobs(check: Check, sample?: number): Promise<BlobResult[]> {
  const results: BlobResult[] = [];
  for (const table of check.tables) {
    const columns = table.heading.attributes.filter(({ kind }) => kind === "blob").map(({ name }) => name);
    if (columns.length > 0) results.push(await checkTable(check, table, columns, sample));
  }
  return results;
}

async function checkTable(
  check: Check,
  table: DatabaseTable,
  columns: readonly string[],
  sample: number | undefined,
): Promise<BlobResult> {
  const { connection, findings, signal } = check;
  const total = await countRows(connection, table);
  const isSampled = sample !== undefined && total > sample;
  const rows = isSampled ? sampled(check, table, columns, total, sample) : all(check, table, columns);
  const tally = { rows: 0, decoded: 0, bytes: 0, undecodable: 0 };
  const paths = new Map<string, string>();
  for await (const row of rows) {
    signal.throwIfAborted();
    tally.rows++;
    check.progress(`blobs of ${nameOf(table)}`, tally.rows, isSampled ? sample : total);
    for (const column of columns) {
      const value = row[column];
      if (!(value instanceof Uint8Array)) continue;
      const key = () => keyText(row, table.heading.primaryKey);
      try {
        const decoded = unpack(value);
        tally.decoded++;
        tally.bytes += value.length;
        for (const path of absolutePathsIn(decoded))
          if (paths.size < 3) paths.set(path, `${column} of ${key()}`);
      } catch (error) {
        tally.undecodable++;
        if (tally.undecodable <= namedAtMost)
          findings.problem(
            "blob-undecodable",
            nameOf(table),
            `${column} of ${key()}: ${(error as Error).message}`,
          );
      }
    }
  }
  if (tally.undecodable > namedAtMost)
    findings.problem(
      "blob-undecodable",
      nameOf(table),
      `${counted(tally.undecodable - namedAtMost, "more value")} cannot be read.`,
    );
  if (isSampled)
    findings.note(
      "blobs-sampled",
      nameOf(table),
      `${tally.rows} of ${counted(total, "row")} decoded (--sample).`,
    );
  // errors of jobs quote paths of the machine they happened on
  if (!table.table.startsWith("~"))
    for (const [path, where] of paths)
      findings.note("absolute-path-in-blob", nameOf(table), `'${path}' in ${where}.`);
  return { table: nameOf(table), columns, ...tally };
}

function all({ connection }: Check, { schema, table, heading }: DatabaseTable, columns: readonly string[]) {
  const { writer } = connection.dialect;
  const names = [...new Set([...heading.primaryKey, ...columns])].map((name) => writer.quote(name));
  return connection.stream({
    text: `SELECT ${names.join(", ")} FROM ${writer.table(schema, table)}`,
    parameters: [],
  });
}

/** Every so-manyth row in the order of the key. Keys are read first, since they are small. */
async function* sampled(
  { connection }: Check,
  { schema, table, heading }: DatabaseTable,
  columns: readonly string[],
  total: number,
  sample: number,
): AsyncIterable<SqlRow> {
  const { writer } = connection.dialect;
  const key = heading.primaryKey;
  const from = writer.table(schema, table);
  const names = key.map((name) => writer.quote(name)).join(", ");
  const chosen: SqlValue[][] = [];
  let index = 0;
  for await (const row of connection.stream({
    text: `SELECT ${names} FROM ${from} ORDER BY ${names}`,
    parameters: [],
  })) {
    // the first row after each of `sample` equal steps
    if (chosen.length < sample && index >= (chosen.length * total) / sample)
      chosen.push(key.map((name) => row[name] ?? null));
    index++;
  }
  const wanted = [...new Set([...key, ...columns])].map((name) => writer.quote(name)).join(", ");
  const where = key.map((name) => `${writer.quote(name)} = ?`).join(" AND ");
  for (const parameters of chosen) {
    const { rows } = await connection.run({
      text: `SELECT ${wanted} FROM ${from} WHERE ${where}`,
      parameters,
    });
    yield* rows;
  }
}

/**
 * @module
 * Tables to populate: `item` (what there is), `__result` (what is computed, one row a key) and `calls`, a table without a key in which
 * each compute leaves a row, so that nothing done twice goes unseen.
 */
import type { Connection } from "../../../src/connection/connection.ts";
import { Heading, type HeadingAttribute } from "../../../src/definition/heading.ts";
import type { JobQueue } from "../../../src/jobs/queue.ts";
import type { LeaseTiming } from "../../../src/jobs/timing.ts";
import type { Populatable } from "../../../src/populate/populatable.ts";
import type { TableNode } from "../../../src/query/nodes.ts";
import type { Make } from "../../../src/table/make.ts";

export type Generation = "legacy" | "current";

/** A hundredth of the real times would be lost in the servers' clocks; these are the least that work, `~jobs` having whole seconds. */
export const quick: LeaseTiming = { leaseS: 2, beatS: 0.5, graceS: 1, pollS: 0.3, idleTransactionS: 2 };

export function attribute(name: string, fields: Partial<HeadingAttribute> = {}): HeadingAttribute {
  return {
    name,
    type: "int",
    kind: "integer",
    inKey: false,
    nullable: false,
    default: undefined,
    autoIncrement: false,
    comment: "",
    annotation: undefined,
    ...fields,
  };
}

/** A key with several kinds of attributes, since hashes and bound values depend on them. */
const key = [
  attribute("id", { inKey: true }),
  attribute("code", { inKey: true, type: "varchar(16)", kind: "string" }),
  attribute("day", { inKey: true, type: "date", kind: "temporal" }),
];
export const itemHeading = new Heading([...key, attribute("value")]);
export const resultHeading = new Heading([
  ...key,
  attribute("square", { type: "bigint" }),
  attribute("worker", { type: "varchar(32)", kind: "string" }),
]);
const callsHeading = new Heading([attribute("id"), attribute("pid")]);

export interface Fixture {
  readonly connection: Connection;
  readonly schema: string;
  readonly generation: Generation;
}

export async function createTables({ connection, schema }: Fixture): Promise<void> {
  const { ddl, writer } = connection.dialect;
  for (const [table, heading] of [
    ["item", itemHeading],
    ["__result", resultHeading],
  ] as const) {
    for (const statement of ddl.createTable({ schema, table, heading, foreignKeys: [], indexes: [] }))
      await connection.run(statement);
  }
  const [id, pid] = callsHeading.names.map((name) => writer.quote(name));
  await connection.run({
    text: `CREATE TABLE ${writer.table(schema, "calls")} (${id} int NOT NULL, ${pid} int NOT NULL)`,
    parameters: [],
  });
}

export async function insertItems({ connection, schema }: Fixture, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) => [i + 1, `c${i + 1}`, "2024-01-31", i * 10]);
  await connection.run(
    connection.dialect.writer.insert({
      schema,
      table: "item",
      columns: itemHeading.names,
      rows,
      onDuplicate: "error",
      key: itemHeading.primaryKey,
    }),
  );
}

export function keyOf(id: number): { id: number; code: string; day: string } {
  return { id, code: `c${id}`, day: "2024-01-31" };
}

/** Where an attempt can be stopped: `fetch` is just after the claim, `fenced` in the insert transaction after its first statement, `insert`
 *  just before COMMIT. */
export type Part = "fetch" | "compute" | "fenced" | "insert";

/** A make that squares `value`; `at` is called at each part, to wait, fail or be killed there. */
export function squares(
  fixture: Fixture,
  worker: string,
  at: (part: Part, id: number) => Promise<void> = async () => {},
): Make {
  const { connection, schema } = fixture;
  const { writer } = connection.dialect;
  const idOf = (key: object) => (key as { id: number }).id;
  return {
    fetch: async (key) => {
      await at(connection.inTransaction ? "fenced" : "fetch", idOf(key));
      const { rows } = await connection.run({
        text: `SELECT value FROM ${writer.table(schema, "item")} WHERE id=?`,
        parameters: [idOf(key)],
      });
      return rows;
    },
    compute: async (key, fetched, { signal }) => {
      await connection.run({
        text: `INSERT INTO ${writer.table(schema, "calls")} VALUES (?,?)`,
        parameters: [idOf(key), process.pid],
      });
      await at("compute", idOf(key));
      signal.throwIfAborted();
      const [{ value }] = fetched as [{ value: number }];
      return value ** 2;
    },
    insert: async (key, computed) => {
      const { id, code, day } = key as ReturnType<typeof keyOf>;
      await connection.run(
        writer.insert({
          schema,
          table: "__result",
          columns: resultHeading.names,
          rows: [[id, code, day, computed as number, worker]],
          onDuplicate: "error",
          key: resultHeading.primaryKey,
        }),
      );
      await at("insert", id);
    },
  };
}

export function resultTable(fixture: Fixture, make: Make | undefined): Populatable {
  const node: TableNode = { kind: "table", schema: fixture.schema, table: "item", heading: itemHeading };
  return { ...fixture, table: "__result", heading: resultHeading, make, keySource: () => new Source(node) };
}

class Source {
  readonly node: TableNode;
  constructor(node: TableNode) {
    this.node = node;
  }
}

export async function rowsOf(
  { connection, schema }: Fixture,
  table: string,
  order = "id",
): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await connection.run({
    text: `SELECT * FROM ${connection.dialect.writer.table(schema, table)} ORDER BY ${order}`,
    parameters: [],
  });
  return rows;
}

/** Name of the job table of `__result`. */
export function jobsTable({ connection, generation }: Fixture): string {
  return generation === "legacy" && connection.dialect.can.concurrentWriters ? "~jobs" : "~~result";
}

export async function jobRows(fixture: Fixture): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await fixture.connection.run({
    text: `SELECT * FROM ${fixture.connection.dialect.writer.table(fixture.schema, jobsTable(fixture))} ORDER BY connection_id`,
    parameters: [],
  });
  return rows;
}

/** Moves the expiry of every lease, as if that time had passed (or the server's clock had been set). */
export async function moveExpiry(queue: JobQueue, seconds: number): Promise<void> {
  const { words, connection } = queue;
  const moved = connection.dialect.can.concurrentWriters
    ? `${words.expiry} + INTERVAL ${seconds} SECOND`
    : `strftime('%Y-%m-%d %H:%M:%f', ${words.expiry}, '${seconds} seconds')`;
  await connection.run({
    text: `UPDATE ${words.jobs} SET ${words.expiry} = ${moved} WHERE status='reserved'`,
    parameters: [],
  });
}

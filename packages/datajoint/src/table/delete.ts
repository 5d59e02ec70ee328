/**
 * @module
 * Deletes rows with everything that depends on them, in one transaction: all or nothing (contract: datajoint.md 6.3).
 *
 * The rows are found through the catalogue's foreign keys, across schemas, and deleted children first; a server's error text is never
 * read. What a newcomer would get wrong: rows of a part go only with their master's row, unless `partIntegrity` says otherwise.
 */
import { Connection } from "../connection/connection.ts";
import {
  type Bases,
  cascade,
  isSelfContained,
  occursIn,
  type RowSet,
  rowsOf,
} from "../dependencies/cascade.ts";
import { type DependencyGraph, loadGraph, refName, type TableRef } from "../dependencies/graph.ts";
import { type Orphaned, orphanedParts } from "../dependencies/part-rule.ts";
import { DataJointError, IntegrityError, ValueError } from "../errors.ts";
import type { HasNode } from "../query/condition.ts";
import { shown } from "../query/encode-value.ts";
import type { ConditionNode, QueryNode, TableNode } from "../query/nodes.ts";
import { project } from "../query/project.ts";
import { Query } from "../query/query.ts";
import { TableSource } from "./source.ts";

export interface DeleteOptions {
  /** Counts what would go, table by table, and deletes nothing. Default: false. */
  readonly preview?: boolean;
  /** What happens when rows of a part would go and their master's row would stay. "enforce": nothing is deleted and it is an error;
   *  "cascade": the master's row goes too, with all that depends on it; "ignore": the part's rows go alone. Default: "enforce". */
  readonly partIntegrity?: "enforce" | "cascade" | "ignore";
}

/** Rows of one table. */
export interface TableCount extends TableRef {
  readonly count: number;
}

export interface DeleteResult {
  /** Rows of the table itself. */
  readonly count: number;
  /** Rows of every table that had some, parents first. */
  readonly tables: readonly TableCount[];
  /** Whether nothing was deleted, since only a preview was asked for. */
  readonly isPreview: boolean;
}

/** Keys of one statement, when the rows have to be named one by one. */
const keysAtOnce = 200;

/**
 * Deletes the rows of a query and everything that depends on them.
 *
 * @param query  a table class, or one restricted: `Session.restrict({ subject: "m1" })`
 * @throws DataJointError when the query is no restricted table, or tables refer to each other in a circle
 * @throws IntegrityError when parts would be deleted without their masters
 */
export async function deleteFrom(query: HasNode, options: DeleteOptions = {}): Promise<DeleteResult> {
  const { source, node } = query instanceof Query ? query : ((query as { query?: Query }).query ?? missing());
  const connection = source instanceof TableSource ? source.connection : source;
  return connection instanceof Connection ? deleteRows(connection, node, options) : missing();
}

function missing(): never {
  throw new DataJointError(
    "deleteFrom() takes a table class or a restriction of one: Session.restrict(...).",
  );
}

/** As `deleteFrom`, for a node. */
export async function deleteRows(
  connection: Connection,
  node: QueryNode,
  options: DeleteOptions = {},
): Promise<DeleteResult> {
  const { partIntegrity } = options;
  if (partIntegrity !== undefined && !/^(enforce|cascade|ignore)$/.test(partIntegrity))
    throw new ValueError(`partIntegrity is "enforce", "cascade" or "ignore", not ${shown(partIntegrity)}.`);
  const root = rootOf(node);
  const graph = await loadGraph(connection, [root.base.schema]);
  const plan = new Plan(connection, graph);
  if (options.preview === true) {
    const { sets } = await plan.make([root], options);
    return result(root, await countAll(connection, sets), true);
  }
  const counts = new Map<string, TableCount>();
  await connection.atomically(async () => {
    counts.clear();
    const { roots, sets } = await plan.make([root], options);
    for (const [name, set] of sets) counts.set(name, { ...refOf(set), count: 0 });
    const isSimple = roots.every(({ conditions }) => conditions.every(isSelfContained));
    if (isSimple) return deleteAll(connection, sets, counts);
    // the conditions look at rows that are about to go, so the rows are named before the first is deleted
    const named: RowSet[] = [];
    for (const set of roots) named.push(...(await byKeys(connection, set)));
    for (const set of named)
      await deleteAll(connection, cascade(graph, [set], await plan.bases([set])), counts);
  });
  return result(root, [...counts.values()], false);
}

/** A table and what restricts it. @throws DataJointError for other queries */
function rootOf(node: QueryNode): RowSet {
  const conditions: ConditionNode[] = [];
  let source = node;
  while (source.kind === "restrict") {
    conditions.push(source.isNegated ? { kind: "not", operand: source.condition } : source.condition);
    source = source.source;
  }
  if (source.kind !== "table")
    throw new DataJointError(
      `Only rows of one table can be deleted, and this query is a ${source.kind}. Restrict the table by it: deleteFrom(Session.restrict(query)).`,
    );
  if (conditions.length === 0) return { base: source, isWhole: true, conditions: [] };
  const condition: ConditionNode =
    conditions.length === 1 ? conditions[0]! : { kind: "and", operands: conditions };
  return { base: source, isWhole: false, conditions: [condition] };
}

interface Planned {
  /** The rows asked for, and rows of masters that have to go with their parts. */
  readonly roots: readonly RowSet[];
  readonly sets: ReadonlyMap<string, RowSet>;
}

/** Works out what goes, without deleting. */
class Plan {
  readonly #connection: Connection;
  readonly #graph: DependencyGraph;
  readonly #bases = new Map<string, TableNode>();

  constructor(connection: Connection, graph: DependencyGraph) {
    this.#connection = connection;
    this.#graph = graph;
  }

  /** @throws IntegrityError when parts would go without their masters and that is not allowed */
  async make(roots: readonly RowSet[], { partIntegrity = "enforce" }: DeleteOptions): Promise<Planned> {
    const sets = cascade(this.#graph, roots, await this.bases(roots));
    if (partIntegrity === "ignore") return { roots, sets };
    const masters: RowSet[] = [];
    for (const orphaned of orphanedParts(this.#graph, sets)) {
      const count = await countOf(this.#connection, orphaned.rows);
      if (count === 0) continue;
      if (partIntegrity === "enforce") throw refusal(orphaned, count);
      masters.push(await this.#masterRows(orphaned));
    }
    if (masters.length === 0) return { roots, sets };
    return this.make([...roots, ...masters], { partIntegrity });
  }

  /** Every table that depends on the roots, with its heading. */
  async bases(roots: readonly RowSet[]): Promise<Bases> {
    for (const { base } of roots) this.#bases.set(refName(base), base);
    for (const table of this.#graph.descendants(roots.map(({ base }) => base))) await this.#base(table);
    return this.#bases;
  }

  async #base(table: TableRef): Promise<TableNode> {
    const known = this.#bases.get(refName(table));
    if (known !== undefined) return known;
    const { schema, table: name } = table;
    const heading = await this.#connection.dialect.catalogue.heading(this.#connection, schema, name);
    const base: TableNode = { kind: "table", schema, table: name, heading };
    this.#bases.set(refName(table), base);
    return base;
  }

  /** The rows of the master that orphaned rows of a part belong to. */
  async #masterRows({ part, master, edge, rows }: Orphaned): Promise<RowSet> {
    if (edge === undefined)
      throw new DataJointError(
        `${refName(part)} refers to its master ${refName(master)} only through other tables, so its masters cannot be found. Delete from the master, or use partIntegrity "ignore".`,
      );
    const base = await this.#base(master);
    const condition = occursIn(base.heading, edge.parentColumns, rows, edge.columns);
    return { base, isWhole: false, conditions: [condition] };
  }
}

function refusal({ part, master }: Orphaned, count: number): IntegrityError {
  return new IntegrityError(
    `Nothing was deleted: ${count} ${count === 1 ? "row" : "rows"} of the part ${refName(part)} would go, but the ${count === 1 ? "row" : "rows"} of the master ${refName(master)} would stay. Delete from the master; or pass partIntegrity: "cascade" to delete the master's rows too, or "ignore".`,
    "part_integrity",
  );
}

/** Children first. */
async function deleteAll(
  connection: Connection,
  sets: ReadonlyMap<string, RowSet>,
  counts: Map<string, TableCount>,
): Promise<void> {
  for (const [name, set] of [...sets].reverse()) {
    const { affectedRows } = await connection.run(connection.dialect.writer.delete(rowsOf(set)));
    counts.set(name, { ...refOf(set), count: counts.get(name)!.count + affectedRows });
  }
}

async function countAll(connection: Connection, sets: ReadonlyMap<string, RowSet>): Promise<TableCount[]> {
  const counts: TableCount[] = [];
  for (const set of sets.values())
    counts.push({ ...refOf(set), count: await countOf(connection, rowsOf(set)) });
  return counts;
}

async function countOf(connection: Connection, node: QueryNode): Promise<number> {
  const { rows } = await connection.run(connection.dialect.writer.count(node));
  return Number(rows[0]!.n);
}

/** The rows of a set, named by their primary keys, some in each set. */
async function byKeys(connection: Connection, set: RowSet): Promise<RowSet[]> {
  const { base } = set;
  const key = base.heading.attributes.filter(({ inKey }) => inKey);
  const { rows } = await connection.run(connection.dialect.writer.select(project(rowsOf(set), [])));
  const sets: RowSet[] = [];
  for (let from = 0; from < rows.length; from += keysAtOnce) {
    const conditions = rows.slice(from, from + keysAtOnce).map((row): ConditionNode => {
      const operands = key.map(
        (attribute): ConditionNode => ({ kind: "equals", attribute, value: row[attribute.name]! }),
      );
      return operands.length === 1 ? operands[0]! : { kind: "and", operands };
    });
    sets.push({ base, isWhole: false, conditions: [{ kind: "or", operands: conditions }] });
  }
  return sets;
}

function refOf({ base }: RowSet): TableRef {
  return { schema: base.schema, table: base.table };
}

function result(root: RowSet, counts: readonly TableCount[], isPreview: boolean): DeleteResult {
  const own = counts.find((count) => refName(count) === refName(root.base));
  return { count: own?.count ?? 0, tables: counts.filter(({ count }) => count > 0), isPreview };
}

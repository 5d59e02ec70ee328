/**
 * @module
 * Which tables refer to which, as the catalogue knows it: the graph of foreign keys below one or several schemas, across schemas.
 *
 * An edge is a foreign key, from the child that holds it to its parent. What a newcomer would get wrong: two tables may be joined by
 * several edges, and a child may lie in a schema that nobody here activated.
 */
import type { Session } from "../connection/driver.ts";
import { DataJointError } from "../errors.ts";
import type { Dialect, ForeignKey } from "../sql/dialect.ts";

/** A table by its names in the database. */
export interface TableRef {
  readonly schema: string;
  readonly table: string;
}

/** A text that names one table: for keys of maps. */
export function refName({ schema, table }: TableRef): string {
  return `${schema}.${table}`;
}

export function childOf({ schema, table }: ForeignKey): TableRef {
  return { schema, table };
}

export function parentOf({ parentSchema, parentTable }: ForeignKey): TableRef {
  return { schema: parentSchema, table: parentTable };
}

export class DependencyGraph {
  readonly edges: readonly ForeignKey[];
  readonly #below = new Map<string, ForeignKey[]>();
  readonly #above = new Map<string, ForeignKey[]>();

  constructor(edges: readonly ForeignKey[]) {
    this.edges = edges;
    for (const edge of edges) {
      listed(this.#below, refName(parentOf(edge))).push(edge);
      listed(this.#above, refName(childOf(edge))).push(edge);
    }
  }

  /** Foreign keys of other tables that refer to this one. */
  below(table: TableRef): readonly ForeignKey[] {
    return this.#below.get(refName(table)) ?? [];
  }

  /** The foreign keys of a table. */
  above(table: TableRef): readonly ForeignKey[] {
    return this.#above.get(refName(table)) ?? [];
  }

  /**
   * The tables and everything that refers to them, directly or not; parents before children.
   *
   * @throws DataJointError when tables refer to each other in a circle, or one to itself
   */
  descendants(roots: readonly TableRef[]): readonly TableRef[] {
    const done = new Set<string>();
    const open: TableRef[] = [];
    const ordered: TableRef[] = [];
    const visit = (table: TableRef): void => {
      const name = refName(table);
      if (done.has(name)) return;
      const start = open.findIndex((other) => refName(other) === name);
      if (start >= 0) {
        const circle = [...open.slice(start), table].map(refName).join(" <- ");
        throw new DataJointError(
          `Tables refer to each other in a circle: ${circle}. What depends on what cannot be told; drop one of these foreign keys, or work on these tables with SQL.`,
        );
      }
      open.push(table);
      for (const edge of this.below(table)) visit(childOf(edge));
      open.pop();
      done.add(name);
      ordered.push(table);
    };
    for (const root of roots) visit(root);
    return ordered.reverse();
  }
}

/**
 * Reads the foreign keys of schemas, and of every schema whose tables refer to them, directly or not.
 *
 * @param schemas  where to begin
 */
export async function loadGraph(
  connection: Session & { readonly dialect: Dialect },
  schemas: readonly string[],
): Promise<DependencyGraph> {
  const known = new Set<string>();
  const edges = new Map<string, ForeignKey>();
  let next = [...new Set(schemas)];
  while (next.length > 0) {
    for (const schema of next) known.add(schema);
    for (const edge of await connection.dialect.catalogue.foreignKeys(connection, next))
      edges.set(edgeName(edge), edge);
    next = [...new Set([...edges.values()].map(({ schema }) => schema))].filter(
      (schema) => !known.has(schema),
    );
  }
  // hidden tables belong to the machinery: stored values are kept, job tables follow their own rules
  return new DependencyGraph([...edges.values()].filter((edge) => !isHidden(edge)));
}

function isHidden({ table, parentTable }: ForeignKey): boolean {
  return table.startsWith("~") || parentTable.startsWith("~");
}

function edgeName(edge: ForeignKey): string {
  return JSON.stringify([refName(childOf(edge)), edge.columns, refName(parentOf(edge)), edge.parentColumns]);
}

function listed(map: Map<string, ForeignKey[]>, name: string): ForeignKey[] {
  const list = map.get(name) ?? [];
  map.set(name, list);
  return list;
}

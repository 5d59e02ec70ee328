/**
 * @module
 * What is to be computed: key source minus target, under the caller's restrictions, worked out by the server.
 */

import type { HeadingAttribute } from "../definition/heading.ts";
import { DataJointError } from "../errors.ts";
import { type JobKey, keyOfRow } from "../jobs/job-key.ts";
import type { Condition } from "../query/condition.ts";
import type { QueryNode, TableNode } from "../query/nodes.ts";
import { project } from "../query/project.ts";
import { restrict } from "../query/restrict.ts";
import { top } from "../query/top.ts";
import type { Populatable } from "./populatable.ts";

export class Todo {
  /** Attributes of the key source's key, as the target has them and in its order. */
  readonly key: readonly HeadingAttribute[];
  /** Whether one key may have several rows in the target. */
  readonly isKeyPartial: boolean;
  readonly #table: Populatable;
  readonly #source: QueryNode;
  readonly #target: TableNode;
  readonly #left: QueryNode;

  /** @throws DataJointError when the key source has no key, or one that is not part of the table's */
  constructor(table: Populatable, restrictions: readonly Condition[] = []) {
    this.#table = table;
    const names = checkedKey(table);
    this.key = table.heading.attributes.filter((attribute) => names.has(attribute.name));
    this.isKeyPartial = names.size < table.heading.primaryKey.length;
    const restricted = restrictions.reduce<QueryNode>(
      (node, condition) => restrict(node, condition),
      table.keySource().node,
    );
    this.#source = project(restricted, []);
    this.#target = { kind: "table", schema: table.schema, table: table.table, heading: table.heading };
    this.#left = {
      kind: "restrict",
      source: this.#source,
      condition: { kind: "in", query: project(this.#target, []), shared: [...names], isNullable: false },
      isNegated: true,
      heading: this.#source.heading,
    };
  }

  /** The keys that are left, in the order of the key source's key; at most `limit` of them. */
  async keys(limit?: number): Promise<readonly JobKey[]> {
    const { connection } = this.#table;
    const node = top(this.#left, limit === undefined ? {} : { limit });
    const { rows } = await connection.run(connection.dialect.writer.select(node));
    return rows.map((row) => keyOfRow(row, this.key));
  }

  /** How many keys are left. */
  remaining(): Promise<number> {
    return this.#count(this.#left);
  }

  /** How many keys there are, computed or not. */
  total(): Promise<number> {
    return this.#count(this.#source);
  }

  /** Whether the target has a row of this key; inside a transaction, as that sees it. */
  async isPresent(key: JobKey): Promise<boolean> {
    const { connection } = this.#table;
    const { rows } = await connection.run(
      connection.dialect.writer.exists(restrict(this.#target, { ...key })),
    );
    return Number(rows[0]!.n) > 0;
  }

  async #count(node: QueryNode): Promise<number> {
    const { connection } = this.#table;
    const { rows } = await connection.run(connection.dialect.writer.count(node));
    return Number(rows[0]!.n);
  }
}

function checkedKey(table: Populatable): ReadonlySet<string> {
  const name = table.className ?? table.table;
  const names = table.keySource().node.heading.primaryKey;
  if (names.length === 0)
    throw new DataJointError(
      `The key source of ${name} has no primary key, so there are no keys to compute.`,
    );
  const missing = names.filter((part) => !table.heading.primaryKey.includes(part));
  if (missing.length > 0) {
    throw new DataJointError(
      `The key source of ${name} has ${missing.map((part) => `'${part}'`).join(", ")} in its key, which the primary key of ${name} (${table.heading.primaryKey.join(", ")}) lacks. Project or aggregate it away in keySource.`,
    );
  }
  return new Set(names);
}

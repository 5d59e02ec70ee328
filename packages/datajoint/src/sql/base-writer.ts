/**
 * @module
 * Statements: queries, counts, inserts, updates, deletes. A dialect extends this and overrides the short methods at the end of block-writer.ts.
 */
import type { SqlValue, Statement } from "../connection/driver.ts";
import type { HeadingAttribute } from "../definition/heading.ts";
import { DataJointError } from "../errors.ts";
import type { QueryNode } from "../query/nodes.ts";
import { isOpen, pick } from "./block.ts";
import { BlockWriter, type Scope } from "./block-writer.ts";
import {
  columnDefault,
  type InsertSpec,
  type SelectOptions,
  type SqlWriter,
  type UpdateSpec,
} from "./dialect.ts";
import { bind, type Fragment, joined, raw, sql } from "./fragment.ts";

export abstract class BaseWriter extends BlockWriter implements SqlWriter {
  select(node: QueryNode, options: SelectOptions = {}): Statement {
    const scope: Scope = { aliases: 0 };
    const isCast = options.floats !== "text" && node.heading.attributes.some(isSingle);
    const written = this.block(node, scope);
    // the columns of a union are those of its operands
    const block = isCast && written.compound !== undefined ? this.wrap(written, scope) : written;
    const columns = !isCast
      ? block.columns
      : block.columns.map((column) => {
          const attribute = node.heading.get(column.name);
          return attribute !== undefined && isSingle(attribute)
            ? { ...column, sql: this.asDouble(column.sql) }
            : column;
        });
    const { text, parameters } = this.text({ ...block, columns });
    const computed = new Set(
      node.heading.attributes.filter((attribute) => attribute.kind === "computed").map(({ name }) => name),
    );
    return computed.size === 0 ? { text, parameters } : { text, parameters, computed };
  }

  count(node: QueryNode): Statement {
    const scope: Scope = { aliases: 0 };
    const block = this.block(node, scope);
    const open = isOpen(block) ? block : this.wrap(block, scope);
    return this.text({ ...open, columns: [{ name: "n", sql: raw("count(*)"), isComputed: true }] });
  }

  exists(node: QueryNode): Statement {
    return sql`SELECT EXISTS(${this.text(this.block(node, { aliases: 0 }))}) AS ${this.name("n")}`;
  }

  insert(spec: InsertSpec): Statement {
    const scope: Scope = { aliases: 0 };
    const rows = Array.isArray(spec.rows)
      ? sql`VALUES ${joined(
          (spec.rows as readonly (readonly (SqlValue | typeof columnDefault)[])[]).map(
            (row) => sql`(${joined(row.map(writeValue), ",")})`,
          ),
          ",",
        )}`
      : this.insertSource(spec.rows as QueryNode, spec.columns, scope);
    const verb = raw(spec.onDuplicate === "replace" ? "REPLACE" : "INSERT");
    const head = sql`${verb} INTO ${raw(this.table(spec.schema, spec.table))} (${this.names(spec.columns)}) ${rows}`;
    return spec.onDuplicate === "skip" ? sql`${head} ${this.skipDuplicates(spec)}` : head;
  }

  update(spec: UpdateSpec): Statement {
    const assign = ([name, value]: readonly [string, SqlValue | typeof columnDefault]) =>
      sql`${this.name(name)}=${writeValue(value)}`;
    const assignments = joined([...spec.assignments].map(assign), ",");
    const key = joined(
      [...spec.key].map(([name, value]) => sql`(${this.name(name)}=${bind(value)})`),
      " AND ",
    );
    return sql`UPDATE ${raw(this.table(spec.schema, spec.table))} SET ${assignments} WHERE ${key}`;
  }

  delete(node: QueryNode): Statement {
    let source = node;
    while (source.kind === "restrict") source = source.source;
    if (source.kind !== "table") {
      throw new DataJointError(
        "Only the rows of one table can be deleted: restrict the table itself, by a query if need be.",
      );
    }
    const table = raw(this.table(source.schema, source.table));
    const block = this.block(node, { aliases: 0 });
    if (block.where.length === 0) return sql`DELETE FROM ${table}`;
    // MySQL refuses a subquery on the table it deletes from, unless it is a derived table of its own
    const key = this.names(source.heading.primaryKey);
    return sql`DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM (${this.text(pick(block, source.heading.primaryKey))}) AS ${this.name("q")})`;
  }

  private insertSource(node: QueryNode, columns: readonly string[], scope: Scope): Fragment {
    const block = pick(this.asOpen(this.block(node, scope), scope), columns);
    // wrapped, so that ON DUPLICATE KEY finds only the target's columns by their bare names, and SQLite sees a WHERE before ON CONFLICT
    return sql`${this.text(this.wrap(block, scope))} WHERE TRUE`;
  }
}

/** Whether a column is a 32-bit float. */
function isSingle(attribute: HeadingAttribute): boolean {
  return attribute.kind === "float" && /^float\b/i.test(attribute.type);
}

function writeValue(value: SqlValue | typeof columnDefault): Fragment {
  return value === columnDefault ? raw("DEFAULT") : bind(value);
}

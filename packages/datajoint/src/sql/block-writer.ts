/**
 * @module
 * Nodes to standard SQL, as blocks: one SELECT in parts.
 *
 * A node adds to its source's block where SQL evaluates in the same order (FROM, WHERE, GROUP BY, SELECT, DISTINCT, ORDER BY, LIMIT), else
 * the block is wrapped as a derived table and a new one begins. The databases merge derived tables again, so wrapping costs text, not time;
 * not wrapping where one must is how limits and restrictions get lost.
 */
import { DataJointError } from "../errors.ts";
import type {
  AggregateNode,
  JoinNode,
  ProjectNode,
  QueryNode,
  RestrictNode,
  TopNode,
  UnionNode,
  UniversalNode,
} from "../query/nodes.ts";
import { type Block, type Column, isOpen, namesOf, pick } from "./block.ts";
import { writeCondition, writeExpression } from "./condition-writer.ts";
import type { InsertSpec } from "./dialect.ts";
import { type Fragment, joined, raw, sql } from "./fragment.ts";

/** Numbers the derived tables of one statement. */
export interface Scope {
  aliases: number;
}

export abstract class BlockWriter {
  /** The SELECT of a node, in parts. */
  block(node: QueryNode, scope: Scope): Block {
    switch (node.kind) {
      case "table":
        return {
          columns: this.plain(node.heading.names),
          from: raw(this.table(node.schema, node.table)),
          isComplete: true,
          isChain: false,
          where: [],
        };
      case "restrict":
        return this.restrict(node, scope);
      case "project":
        return this.project(node, scope);
      case "join":
        return this.join(node, scope);
      case "aggregate":
        return this.aggregate(node, scope);
      case "universal":
        return this.universal(node, scope);
      case "union":
        return this.union(node, scope);
      case "top":
        return this.top(node, scope);
      default: {
        const unknown: never = node;
        throw new DataJointError(`No SQL for ${String((unknown as QueryNode).kind)}`);
      }
    }
  }

  /** A block as text. */
  text(block: Block): Fragment {
    // a derived table needs a column, a relation does not
    const columns =
      block.columns.length === 0 ? [{ name: "_", sql: raw("1"), isComputed: true }] : block.columns;
    const list = columns.map((column) =>
      this.isPlain(column) ? column.sql : sql`${column.sql} AS ${this.name(column.name)}`,
    );
    if (block.compound !== undefined && block.order === undefined) return block.compound;
    let text = sql`SELECT ${raw(block.isDistinct ? "DISTINCT " : "")}${joined(list, ",")} FROM ${block.from}`;
    if (block.where.length > 0) text = sql`${text} WHERE ${joined(block.where, " AND ")}`;
    if (block.groupBy !== undefined && block.groupBy.length > 0)
      text = sql`${text} GROUP BY ${joined(block.groupBy, ",")}`;
    return block.order === undefined ? text : sql`${text} ${block.order}`;
  }

  /** The block as a derived table of a new one. */
  wrap(block: Block, scope: Scope): Block {
    const alias = this.name(`q${scope.aliases++}`);
    return {
      columns: this.plain(namesOf(block)),
      from: sql`(${this.text(block)}) AS ${alias}`,
      isComplete: true,
      isChain: false,
      where: [],
    };
  }

  name(name: string): Fragment {
    return raw(this.quote(name));
  }

  names(names: readonly string[]): Fragment {
    return raw(names.map((name) => this.quote(name)).join(","));
  }

  private restrict(node: RestrictNode, scope: Scope): Block {
    let block = this.block(node.source, scope);
    const used = writeCondition(this, node.condition, node.isNegated, columnsOf(block), scope);
    if (!isOpen(block) || used.usesComputed) {
      block = this.wrap(block, scope);
      return {
        ...block,
        where: [writeCondition(this, node.condition, node.isNegated, columnsOf(block), scope).sql],
      };
    }
    return { ...block, where: [...block.where, used.sql] };
  }

  private project(node: ProjectNode, scope: Scope): Block {
    let block = this.block(node.source, scope);
    const write = (): { columns: Column[]; usesComputed: boolean } => {
      const sources = columnsOf(block);
      let usesComputed = false;
      const columns = [...node.columns].map(([name, source]): Column => {
        switch (source.kind) {
          case "attribute":
            return { ...sources.get(source.name)!, name };
          case "null":
            return { name, sql: raw("NULL"), isComputed: true };
          default: {
            const written = writeExpression(this, source.expression, sources);
            usesComputed ||= written.usesComputed;
            return { name, sql: written.sql, isComputed: true };
          }
        }
      });
      return { columns, usesComputed };
    };
    let written = isOpen(block) ? write() : undefined;
    if (written === undefined || written.usesComputed) {
      block = this.wrap(block, scope);
      written = write();
    }
    return { ...block, columns: written.columns, isComplete: false };
  }

  private join(node: JoinNode, scope: Scope): Block {
    const left = this.item(this.block(node.left, scope), scope, !node.isLeft);
    const right = this.item(this.block(node.right, scope), scope, false);
    return {
      columns: this.plain(node.heading.names),
      from: this.joinItems(left, right, node.shared, node.isLeft),
      isComplete: !node.isLeft,
      isChain: true,
      where: [],
    };
  }

  private aggregate(node: AggregateNode, scope: Scope): Block {
    const key = node.source.heading.primaryKey;
    const left = this.item(this.block(node.source, scope), scope, false);
    const right = this.item(this.block(node.group, scope), scope, false);
    const sources = new Map(
      this.plain([...node.source.heading.names, ...node.group.heading.names]).map((column) => [
        column.name,
        column,
      ]),
    );
    const computed = [...node.computed].map(
      ([name, expression]): Column => ({
        name,
        sql: writeExpression(this, expression, sources).sql,
        isComputed: true,
      }),
    );
    const grouped: Block = {
      columns: [...this.plain(key), ...computed],
      from: this.joinItems(left, right, node.shared, node.keepsAllRows),
      isComplete: false,
      isChain: false,
      where: [],
      groupBy: key.map((name) => this.name(name)),
    };
    if (node.kept.length === 0) return grouped;
    // Joined back by key: MariaDB does not know that the key determines the other attributes, and refuses them beside GROUP BY.
    const kept = this.wrap(
      pick(this.asOpen(this.block(node.source, scope), scope), [...key, ...node.kept]),
      scope,
    );
    const counted = this.wrap(grouped, scope);
    return {
      columns: this.plain(node.heading.names),
      from: this.joinItems(kept.from, counted.from, key, false),
      isComplete: true,
      isChain: true,
      where: [],
    };
  }

  private universal(node: UniversalNode, scope: Scope): Block {
    const source = this.block(node.source, scope);
    if (node.computed.size === 0) {
      if (node.names.length > 0) return { ...pick(this.asOpen(source, scope), node.names), isDistinct: true };
      // no attributes: one row when the source has any
      return { ...this.asOpen(source, scope), columns: [], isComplete: false, order: this.limit(1, 0) };
    }
    let block = this.asOpen(source, scope);
    const write = () => {
      const sources = columnsOf(block);
      return [...node.computed].map(([name, expression]) => ({
        name,
        ...writeExpression(this, expression, sources),
      }));
    };
    let computed = write();
    if (
      computed.some(({ usesComputed }) => usesComputed) ||
      node.names.some((name) => !this.isPlain(columnsOf(block).get(name)!))
    ) {
      block = this.wrap(block, scope);
      computed = write();
    }
    return {
      ...block,
      columns: [
        ...this.plain(node.names),
        ...computed.map(({ name, sql }): Column => ({ name, sql, isComputed: true })),
      ],
      isComplete: false,
      // with no names the whole source is one group, and gives one row also when it is empty
      groupBy: node.names.map((name) => this.name(name)),
    };
  }

  private union(node: UnionNode, scope: Scope): Block {
    const names = node.heading.names;
    const operands = node.operands.map((operand) =>
      this.text(pick(this.asOpen(this.block(operand, scope), scope), names)),
    );
    const compound = joined(operands, node.isDistinct ? " UNION " : " UNION ALL ");
    return {
      columns: this.plain(names),
      from: compound,
      compound,
      isComplete: false,
      isChain: false,
      where: [],
    };
  }

  private top(node: TopNode, scope: Scope): Block {
    let block = this.block(node.source, scope);
    if (block.order !== undefined || block.compound !== undefined) block = this.wrap(block, scope);
    const items = node.order.map(
      ({ name, isDescending }) => sql`${this.name(name)}${raw(isDescending ? " DESC" : "")}`,
    );
    const order = items.length === 0 ? [] : [sql`ORDER BY ${joined(items, ",")}`];
    const limit = node.limit === undefined && node.offset === 0 ? [] : [this.limit(node.limit, node.offset)];
    return { ...block, isComplete: false, order: joined([...order, ...limit], " ") };
  }

  /** The block as an operand of JOIN: a bare table, a chain of them, or a derived table. */
  private item(block: Block, scope: Scope, mayBeChain: boolean): Fragment {
    const isBare =
      isOpen(block) && block.isComplete && block.where.length === 0 && (mayBeChain || !block.isChain);
    return isBare ? block.from : this.wrap(block, scope).from;
  }

  private joinItems(left: Fragment, right: Fragment, shared: readonly string[], isLeft: boolean): Fragment {
    if (shared.length > 0)
      return sql`${left} ${raw(isLeft ? "LEFT JOIN" : "JOIN")} ${right} USING (${this.names(shared)})`;
    return isLeft ? sql`${left} LEFT JOIN ${right} ON TRUE` : sql`${left} CROSS JOIN ${right}`;
  }

  protected asOpen(block: Block, scope: Scope): Block {
    return isOpen(block) ? block : this.wrap(block, scope);
  }

  private plain(names: readonly string[]): Column[] {
    return names.map((name) => ({ name, sql: this.name(name), isComputed: false }));
  }

  private isPlain(column: Column): boolean {
    return column.sql.parameters.length === 0 && column.sql.text === this.quote(column.name);
  }

  // ---- what a dialect says

  abstract quote(name: string): string;
  abstract table(schema: string, table: string): string;
  /** A FLOAT with all its digits. */
  abstract asDouble(value: Fragment): Fragment;
  /** A decimal's text, to be compared exactly with a decimal column. */
  abstract asDecimal(value: Fragment): Fragment;
  /** The scalar at a path of a JSON attribute, as text, or as `type` (a type that CAST knows). */
  abstract jsonValue(attribute: Fragment, path: string, type: string | undefined): Fragment;
  /** The same where it is part of an expression, next to a number perhaps. */
  jsonOperand(attribute: Fragment, path: string): Fragment {
    return this.jsonValue(attribute, path, undefined);
  }
  /** The user's SQL between names and literals, in words that mean the same here as on MySQL. */
  expressionText(text: string): string {
    return text;
  }
  /** A text behind LIKE, where a backslash escapes. */
  likePattern(value: Fragment): Fragment {
    return value;
  }
  /** Whether columns have the values of one of the rows. */
  isAmong(columns: readonly Fragment[], rows: readonly (readonly Fragment[])[]): Fragment {
    if (columns.length === 1)
      return sql`(${columns[0]!} IN (${joined(
        rows.map((row) => row[0]!),
        ",",
      )}))`;
    return sql`((${joined(columns, ",")}) IN (${this.rowList(rows)}))`;
  }

  /** Rows of several values each, as IN takes them. */
  rowList(rows: readonly (readonly Fragment[])[]): Fragment {
    return joined(
      rows.map((row) => sql`(${joined(row, ",")})`),
      ",",
    );
  }

  abstract skipDuplicates(spec: InsertSpec): Fragment;
  /** LIMIT with an offset; without a limit, an offset alone. */
  abstract limit(limit: number | undefined, offset: number): Fragment;
}

function columnsOf(block: Block): ReadonlyMap<string, Column> {
  return new Map(block.columns.map((column) => [column.name, column]));
}

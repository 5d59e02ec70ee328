/**
 * @module
 * A query: rows of the database, described and not yet read. Every method that changes it gives a new one.
 *
 * Nothing is sent until fetch, count and their kin are awaited. What a newcomer would get wrong: rows have no order unless one is asked
 * for, and a limit alone takes the first rows by key.
 */
import type { Heading } from "../definition/heading.ts";
import { DataJointError } from "../errors.ts";
import { type AggregateOptions, aggregate } from "./aggregate.ts";
import {
  AllOf,
  type HasNode,
  isQuery,
  Not,
  nodeOf,
  type RestrictOptions,
  type UniversalCondition,
} from "./condition.ts";
import { makeRowDecoder } from "./decode-row.ts";
import { narrowed, ordered, read } from "./fetch.ts";
import { type JoinOptions, join } from "./join.ts";
import type { QueryNode } from "./nodes.ts";
import { type ProjectionItem, project } from "./project.ts";
import type { QuerySource } from "./query-source.ts";
import { restrict, subtract } from "./restrict.ts";
import { Top, type TopOptions, top } from "./top.ts";
import { union } from "./union.ts";
import { asWholeKey } from "./whole-key.ts";

/** Values to compare attributes with, and values inside JSON attributes by path. */
export type Mapping<Row> = {
  readonly [Name in keyof Row]?:
    | Row[Name]
    | (Row[Name] extends number | null ? bigint | boolean : never)
    | null;
} & { readonly [path: `${string}.${string}` | `${string}[${string}`]: unknown };

/** What a query of such rows can be restricted by; condition.ts says what each means. */
export type RowCondition<Row> =
  | string
  | boolean
  | Mapping<Row>
  | HasNode
  | Not
  | AllOf
  | UniversalCondition
  | Top
  | readonly RowCondition<Row>[];

/** Row type of a query or table class; `any` where it is not known. */
export type OperandRow<T> =
  T extends Query<infer Row, any> ? Row : T extends { readonly query: Query<infer Row, any> } ? Row : any;

/** Key type of a query or table class. */
export type OperandKey<T> =
  T extends Query<any, infer Key> ? Key : T extends { readonly query: Query<any, infer Key> } ? Key : any;

/** What proj() takes of such rows beside plain names. */
type ItemOf<Row> = (string & keyof Row) | "..." | `-${string}` | Exclude<ProjectionItem, string>;

type Nullable<Row> = { [Name in keyof Row]: Row[Name] | null };

/** Rows to fetch: all, or some of them in an order. As soon as one is given, rows come in that order, by key where it leaves a choice. */
export type FetchOptions = TopOptions;

export class Query<Row extends object = any, Key extends object = any> implements HasNode {
  readonly source: QuerySource;
  readonly node: QueryNode;

  constructor(source: QuerySource, node: QueryNode) {
    this.source = source;
    this.node = node;
  }

  get heading(): Heading {
    return this.node.heading;
  }

  /** Names of the primary key's attributes. */
  get primaryKey(): readonly string[] {
    return this.heading.primaryKey;
  }

  /**
   * The rows for which the condition holds: SQL text, a mapping of attributes to values, a list (any of its members), a query (rows that
   * match one of its rows), `not(...)`, `allOf(...)`, a Top, or a boolean.
   *
   * @throws UnknownAttributeError for a name that no attribute has
   * @throws ValueError for a value that no such attribute can have
   */
  restrict(condition: RowCondition<Row>, options?: RestrictOptions): Query<Row, Key> {
    if (condition instanceof Top) return this.top(condition.options);
    this.#refuseForeign(condition, "restrict()");
    return this.#with(restrict(this.node, condition as never, options));
  }

  /** The rows that `restrict` leaves over, also those for which the condition is NULL. */
  subtract(condition: RowCondition<Row>, options?: RestrictOptions): Query<Row, Key> {
    if (condition instanceof Top) return this.subtract(this.top(condition.options).proj());
    this.#refuseForeign(condition, "subtract()");
    return this.#with(subtract(this.node, condition as never, options));
  }

  /** Other attributes of the same rows; the key always stays. `"..."` keeps all, `"-a"` drops, `{ new: "old" }` renames,
   *  `{ copy: "(old)" }` copies, `{ n: "a + b" }` computes. Without names: the key alone. */
  proj(): Query<Key, Key>;
  proj(all: "..."): Query<Row, Key>;
  proj<Name extends string & keyof Row>(...names: readonly Name[]): Query<Key & Pick<Row, Name>, Key>;
  proj(...items: readonly ItemOf<Row>[]): Query<any, any>;
  proj(...items: readonly ProjectionItem[]): Query<any, any> {
    return this.#with(project(this.node, items));
  }

  /** Pairs of rows that are equal in all attributes that both queries have.
   *  @throws DataJointError when such an attribute is secondary on both sides */
  join<Other extends HasNode>(
    other: Other,
    options: JoinOptions & { readonly left: true },
  ): Query<Row & Nullable<OperandRow<Other>>, Key>;
  join<Other extends HasNode>(
    other: Other,
    options?: JoinOptions,
  ): Query<Row & OperandRow<Other>, Key & OperandKey<Other>>;
  join(other: HasNode, options?: JoinOptions): Query<any, any> {
    return this.#with(join(this.node, this.#nodeOf(other, "join()"), options));
  }

  /** One row per row of this query, with expressions over the rows of `group` that match it: `{ n: "count(*)" }`. */
  aggr<Computed extends Readonly<Record<string, string>>>(
    group: HasNode,
    computed: Computed,
    options?: AggregateOptions,
  ): Query<Key & { [Name in keyof Computed]: any }, Key> {
    return this.#with(aggregate(this.node, this.#nodeOf(group, "aggr()"), computed, options));
  }

  /** The keys of both queries, with the secondary attributes of each, null where it lacks the key. */
  union<Other extends HasNode>(
    other: Other,
  ): Query<Key & Nullable<Omit<Row & OperandRow<Other>, keyof Key>>, Key> {
    return this.#with(union(this.node, this.#nodeOf(other, "union()")));
  }

  /** The first rows in an order; without options, all of them by key. */
  top(options: TopOptions = {}): Query<Row, Key> {
    return this.#with(top(this.node, options));
  }

  /** All rows. */
  async fetch(options: FetchOptions = {}): Promise<Row[]> {
    return (await read(this.source, ordered(this.node, options))) as Row[];
  }

  /** The only row, or one attribute of it.
   *  @throws DataJointError when the query has no row, or more than one */
  async fetch1(): Promise<Row>;
  async fetch1<Name extends string & keyof Row>(name: Name): Promise<Row[Name]>;
  async fetch1<Name extends string & keyof Row>(...names: readonly Name[]): Promise<Pick<Row, Name>>;
  async fetch1(...names: readonly string[]): Promise<unknown> {
    const node = top(this.node, { limit: 2 });
    const rows =
      names.length === 0
        ? await read(this.source, node)
        : await read(this.source, narrowed(node, names), names);
    const [row] = rows;
    if (row === undefined || rows.length > 1) {
      const found = row === undefined ? "no row" : `${await this.count()} rows`;
      throw new DataJointError(`fetch1() wants exactly one row, and the query has ${found}.`);
    }
    return names.length === 1 ? row[names[0]!] : row;
  }

  /** The primary keys. As a condition, such a key may have attributes that the query lacks: they are passed over. */
  async keys(options: FetchOptions = {}): Promise<Key[]> {
    return (await this.#select(this.primaryKey, options)).map(asWholeKey) as Key[];
  }

  /** All values of one attribute. */
  async column<Name extends string & keyof Row>(
    name: Name,
    options: FetchOptions = {},
  ): Promise<Row[Name][]> {
    return (await this.#select([name], options)).map((row) => row[name]) as Row[Name][];
  }

  /** The values of some attributes, as one list each. */
  async columns<Name extends string & keyof Row>(
    ...names: readonly Name[]
  ): Promise<{ [N in Name]: Row[N][] }> {
    const rows = await this.#select(names, {});
    return Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])) as {
      [N in Name]: Row[N][];
    };
  }

  /** The first rows by key. */
  async head(limit = 25): Promise<Row[]> {
    return this.fetch({ limit });
  }

  /** The last rows by key, in the order of the key. */
  async tail(limit = 25): Promise<Row[]> {
    return (await this.fetch({ limit, orderBy: "KEY desc" })).reverse();
  }

  /** Rows one after the other, without holding them all; leaving the loop ends the query. */
  async *stream(options: FetchOptions = {}): AsyncGenerator<Row, void, undefined> {
    const node = ordered(this.node, options);
    const decode = makeRowDecoder(node.heading.attributes, this.source.stores);
    for await (const row of this.source.stream(this.source.dialect.writer.select(node))) {
      const decoded = decode(row);
      yield (decoded instanceof Promise ? await decoded : decoded) as Row;
    }
  }

  /** How many rows the query has. */
  async count(): Promise<number> {
    const { rows } = await this.source.run(this.source.dialect.writer.count(this.node));
    return Number(rows[0]!.n);
  }

  /** Whether the query has a row. */
  async exists(): Promise<boolean> {
    const { rows } = await this.source.run(this.source.dialect.writer.exists(this.node));
    return Number(rows[0]!.n) === 1;
  }

  async #select(names: readonly string[], options: FetchOptions): Promise<Record<string, unknown>[]> {
    return read(this.source, narrowed(ordered(this.node, options), names), names);
  }

  #with(node: QueryNode): Query<any, any> {
    return new Query(this.source, node);
  }

  /** Queries within a condition have to be on this connection: their SQL is sent there. */
  #refuseForeign(condition: unknown, what: string): void {
    if (Array.isArray(condition)) for (const member of condition) this.#refuseForeign(member, what);
    else if (condition instanceof Not) this.#refuseForeign(condition.condition, what);
    else if (condition instanceof AllOf) this.#refuseForeign(condition.conditions, what);
    else if (isQuery(condition)) this.#nodeOf(condition, what);
  }

  #nodeOf(other: HasNode, what: string): QueryNode {
    const node = nodeOf(other, what);
    const { source } = (other instanceof Query ? other : (other as { query?: Query }).query) ?? this;
    if (source.identity !== this.source.identity) {
      throw new DataJointError(
        `${what} was given a query on another connection. Fetch its keys and restrict by them instead.`,
      );
    }
    return node;
  }
}

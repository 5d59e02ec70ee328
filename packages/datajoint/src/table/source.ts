/**
 * @module
 * What queries of table classes read from: the table's connection, and the stores of its schema.
 */
import type { Connection } from "../connection/connection.ts";
import type { RunResult, SqlRow, Statement } from "../connection/driver.ts";
import type { QuerySource, StoreReader } from "../query/query-source.ts";
import type { Dialect } from "../sql/dialect.ts";
import type { BoundTable } from "./bound-table.ts";

/** A connection that can also read values from stores. */
export class TableSource implements QuerySource {
  readonly connection: Connection;
  readonly stores: StoreReader | undefined;

  constructor(connection: Connection, stores: StoreReader | undefined) {
    this.connection = connection;
    this.stores = stores;
  }

  get dialect(): Dialect {
    return this.connection.dialect;
  }

  /** Tables of one connection may be combined, whatever their schemas. */
  get identity(): object {
    return this.connection;
  }

  run(statement: Statement): Promise<RunResult> {
    return this.connection.run(statement);
  }

  stream(statement: Statement): AsyncIterable<SqlRow> {
    return this.connection.stream(statement);
  }
}

/** The source of a table's queries. */
export function sourceOf(bound: BoundTable): QuerySource {
  return new TableSource(bound.connection, bound.storeReader);
}

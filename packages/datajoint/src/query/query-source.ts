/**
 * @module
 * What a query needs of the database it reads from. A Connection is one; table classes give one that can also read values from stores.
 */
import type { Session, SqlValue } from "../connection/driver.ts";
import type { HeadingAttribute } from "../definition/heading.ts";
import type { Dialect } from "../sql/dialect.ts";

/** Reads values that lie outside the database, from what the column says of them. */
export interface StoreReader {
  /** @param stored  the column's value, never null: 16 bytes of a hash, or JSON text with url and size */
  read(attribute: HeadingAttribute, stored: SqlValue): Promise<unknown>;
}

export interface QuerySource extends Session {
  readonly dialect: Dialect;
  /** Reads `blob@store` and its kin; without it such attributes cannot be fetched. */
  readonly stores?: StoreReader | undefined;
  /** Same for all sources that reach one database: queries are combined only if theirs is. Default: not checked. */
  readonly identity?: object | undefined;
}

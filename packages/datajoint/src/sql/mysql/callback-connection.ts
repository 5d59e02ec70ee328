/**
 * @module
 * mysql2's callback interface under its promises: the only one that streams rows. Its types hide it; this is the part used here.
 */
import type { Connection as Mysql2Connection } from "mysql2/promise";
import type { ResultColumn } from "./read-rows.ts";

export interface QueryOptions {
  readonly sql: string;
  /** Rows as arrays, each value what `typeCast` makes of it. */
  readonly rowsAsArray?: true;
  readonly typeCast?: (field: { buffer(): Buffer | null }) => Buffer | null;
}

export interface StreamedQuery<Row> {
  on(event: "fields", listener: (fields: ResultColumn[]) => void): void;
  /** @param options.highWaterMark  rows that may wait before the socket is paused */
  stream(options: { readonly highWaterMark: number }): AsyncIterable<Row> & { destroy(error: Error): void };
}

export interface CallbackConnection {
  query<Row>(query: string | QueryOptions, values?: readonly unknown[]): StreamedQuery<Row>;
}

export function callbackConnection(session: Mysql2Connection): CallbackConnection {
  return (session as unknown as { readonly connection: CallbackConnection }).connection;
}

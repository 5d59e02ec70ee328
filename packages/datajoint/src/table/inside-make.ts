/**
 * @module
 * Which auto-populated tables may be inserted into right now: those whose `make` is at its insert part, with their parts.
 *
 * Ambient, like transactions: it holds for whatever `work` runs and awaits, and for nothing that runs beside it.
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** A table by its names in the database. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

const inside = new AsyncLocalStorage<readonly TableName[]>();

/** Runs `work` with leave to insert into the tables and their parts, beside those that are allowed already. */
export function runInsideMake<T>(tables: readonly TableName[], work: () => T): T {
  return inside.run([...(inside.getStore() ?? []), ...tables], work);
}

/** Whether a table, or the master it is a part of, is being made. */
export function isInsideMake(schema: string, table: string): boolean {
  const allowed = inside.getStore() ?? [];
  return allowed.some(
    (made) => made.schema === schema && (made.table === table || table.startsWith(`${made.table}__`)),
  );
}

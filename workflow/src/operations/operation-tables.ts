/**
 * @module
 * Binds the hidden tables of `pipeline/operation.ts` where they are, and says who writes into them.
 */
import { hostname, userInfo } from "node:os";
import { type Connection, MissingTableError, retry } from "@tenon/datajoint";
import * as operation from "../pipeline/operation.ts";

export interface BindOptions {
  readonly prefix: string;
  readonly generation: "legacy" | "current";
  /** Make what is missing. Default true. */
  readonly create?: boolean;
}

/** Binds the tables. Without `create` those that are missing stay unbound, which is no difference: the first worker makes them.
 * @returns where the database differs from the definitions, one sentence each; none without `create` */
export async function bindOperationTables(
  connection: Connection,
  { prefix, generation, create = true }: BindOptions,
): Promise<readonly string[]> {
  try {
    await operation.schema.activate(connection, `${prefix}workerlog`, operation, { create, generation });
  } catch (error) {
    if (create || !(error instanceof MissingTableError)) throw error;
    return [];
  }
  return create ? operation.schema.differences : [];
}

type OperationTable =
  | typeof operation.Pause
  | typeof operation.Priority
  | typeof operation.Retry
  | typeof operation.Run
  | typeof operation.Backup;

/** Whether a table is in the database. */
export function isThere(table: OperationTable): boolean {
  return table.declaration.bound !== undefined;
}

/** The person or account that runs this program, as `user@host`. */
export function whoami(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // an account of a container need not be in its passwd file
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}

/** Many workers write here at once: what a deadlock or a busy file refuses is done again. */
export function again<T>(work: () => Promise<T>): Promise<T> {
  return retry(work, { signal: never });
}

const never = new AbortController().signal;

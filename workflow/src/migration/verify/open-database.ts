/**
 * @module
 * Opens the configured database of a migration: one that is there. A file that is not there would be made by opening it, and an empty
 * database is nothing to verify.
 */
import { existsSync } from "node:fs";
import { type Connection, connect } from "@tenon/datajoint";
import type { Settings } from "../../settings/settings.ts";

/** Thrown when there is no database where the configuration says. */
export class NoDatabaseError extends Error {
  override readonly name = "NoDatabaseError";
  readonly path: string;
  constructor(path: string) {
    super(
      `There is no database at ${path}. Is this the lab's folder, and is the server's name in the configuration (database.host or DJ_HOST)? \`tenon migrate db\` makes it from the dumps.`,
    );
    this.path = path;
  }
}

/** @throws NoDatabaseError, AccessError, LostConnectionError */
export async function openDatabase({ database }: Settings): Promise<Connection> {
  if (database.kind === "sqlite" && !existsSync(database.path)) throw new NoDatabaseError(database.path);
  return connect(database);
}

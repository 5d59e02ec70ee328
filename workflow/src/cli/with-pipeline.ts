/**
 * @module
 * What commands that need the database have in common: the settings, a connection, the bound pipeline, and closing it again.
 */
import { type Connection, connect } from "@tenon/datajoint";
import { activatePipeline } from "../pipeline/activate.ts";
import type { Settings } from "../settings/settings.ts";
import type { Context } from "./command.ts";

export interface Bound {
  readonly connection: Connection;
  readonly settings: Settings;
}

/** Runs `work` with the pipeline bound to the configured database, and closes the connection whatever happens. */
export async function withPipeline(
  context: Context,
  work: (bound: Bound) => Promise<number>,
): Promise<number> {
  const settings = context.settings();
  const connection = await connect(settings.database);
  try {
    const differences = await activatePipeline(connection, settings);
    for (const difference of differences) context.err.write(`warning: ${difference}\n`);
    return await work({ connection, settings });
  } finally {
    await connection.close();
  }
}

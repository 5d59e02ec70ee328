/**
 * @module
 * What commands that need the database have in common: the settings, a connection, the bound pipeline, and closing it again.
 */
import { existsSync } from "node:fs";
import { type Connection, connect, MissingTableError } from "@tenon/datajoint";
import type { Lab } from "../populate/lab.ts";
import { openLab } from "../populate/open-lab.ts";
import type { Settings } from "../settings/settings.ts";
import type { Context } from "./command.ts";

export interface Bound {
  readonly connection: Connection;
  readonly settings: Settings;
  readonly lab: Lab;
}

export interface WithPipelineOptions {
  /** Makes the database and what is missing in it; false for commands that only look. Default true. */
  readonly create?: boolean;
}

/** Thrown when a command that only looks finds no pipeline to look at. */
export class NoPipelineError extends Error {
  override readonly name = "NoPipelineError";
}

/** Runs `work` with the pipeline bound to the configured database, and closes the connection whatever happens.
 * @throws NoPipelineError */
export async function withPipeline(
  context: Context,
  work: (bound: Bound) => Promise<number>,
  { create = true }: WithPipelineOptions = {},
): Promise<number> {
  const settings = context.settings();
  const { database, prefix } = settings;
  if (!create && database.kind === "sqlite" && !existsSync(database.path))
    throw new NoPipelineError(
      `There is no database at ${database.path} yet. Is this the lab's folder? \`tenon session add\` and the workers make it.`,
    );
  const connection = await connect(database);
  try {
    const { lab, differences } = await openLab(connection, settings, { create }).catch((cause: unknown) => {
      if (!(cause instanceof MissingTableError)) throw cause;
      throw new NoPipelineError(
        `${connection.name} holds no whole pipeline whose schemas begin with '${prefix}'. Is custom.database.prefix right? \`tenon session add\` and the workers make what is missing.`,
        { cause },
      );
    });
    for (const difference of differences) context.err.write(`warning: ${difference}\n`);
    return await work({ connection, settings, lab });
  } finally {
    await connection.close();
  }
}

/**
 * @module
 * The views of a dump, made after its tables. mysqldump writes each twice: a placeholder with the columns first, then the view.
 */
import { LostConnectionError, type RawSession } from "@tenon/datajoint";
import { DumpError, type Problem } from "../dump/dump-error.ts";
import type { DumpCommand } from "../dump/dump-statement.ts";
import { sessionStatement } from "./loader.ts";
import { quoted, type TargetServer, viewStatement } from "./target-ddl.ts";

/** Makes the last definition of each view, again and again while one more can be made: a view may read another that comes later.
 * @returns those that cannot be made, each with why */
export async function makeViews(
  session: RawSession,
  commands: readonly DumpCommand[],
  schemas: ReadonlySet<string>,
  server: TargetServer,
  path: string,
): Promise<Problem[]> {
  const last = new Map(commands.map((command) => [`${command.schema}.${command.name}`, command]));
  let waiting = [...last.values()];
  while (waiting.length > 0) {
    const failed: { readonly command: DumpCommand; readonly error: unknown }[] = [];
    for (const command of waiting) {
      try {
        await session.run(sessionStatement(command.session));
        await session.run(`USE ${quoted(command.schema!)}`);
        await session.run(viewStatement(command, schemas, server, `${path}:${command.line}`));
      } catch (error) {
        if (error instanceof LostConnectionError) throw error;
        failed.push({ command, error });
      }
    }
    if (failed.length === waiting.length)
      return failed.map(({ command, error }) => ({
        code: error instanceof DumpError ? error.code : "object-skipped",
        where: `${path}:${command.line}`,
        message:
          error instanceof DumpError
            ? error.message
            : `The view ${command.name} cannot be made here: ${(error as Error).message} Its tables and rows are in; make it by hand if it is needed.`,
      }));
    waiting = failed.map(({ command }) => command);
  }
  return [];
}

/**
 * @module
 * `tenon paramset add`: a set of parameters for a clustering method.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { PythonValue } from "../../ingest/dict-to-uuid.ts";
import { addParamset, checkMethod, methodsOfNewDatabase } from "../../ingest/paramsets.ts";
import { checkSorterParameters } from "../../ingest/sorter-parameters.ts";
import type { Settings } from "../../settings/settings.ts";
import { type Command, required, UsageError, wholeNumber } from "../command.ts";
import { withPipeline } from "../with-pipeline.ts";

export const paramsetAdd: Command = {
  summary: "add a parameter set for a clustering method",
  usage: "--method NAME --description TEXT [--params FILE.json] [--index N]",
  details: `
The parameters are hashed as datajoint-python does, so that the same set is never stored twice. For the method 'tenon' unknown names are refused.`,
  options: {
    method: { type: "string", value: "NAME", help: "clustering method, e.g. tenon" },
    description: { type: "string", value: "TEXT", help: "what it is for" },
    params: {
      type: "string",
      value: "FILE",
      help: "JSON object of parameters; default: the method's own defaults",
    },
    index: { type: "string", value: "N", help: "paramset_idx; default: the next free one" },
    "dry-run": { type: "boolean", help: "check the parameters, insert nothing" },
  },
  words: [0, 0],
  async run(args, context) {
    const method = required(args, "method");
    const description = required(args, "description");
    const file = args.options["params"] as string | undefined;
    const params = file === undefined ? {} : await readParams(resolve(context.folder, file));
    const index = wholeNumber(args, "index");
    if (method === "tenon") checkSorterParameters(params);
    if (args.options["dry-run"] === true) {
      context.out.write(
        context.json
          ? `${JSON.stringify({ method, params, dryRun: true })}\n`
          : "the parameters are good; nothing was inserted\n",
      );
      return 0;
    }
    refuseUnknownMethod(method, context.settings());
    return withPipeline(context, async ({ connection }) => {
      const added = await addParamset(connection, {
        method,
        description,
        params,
        index,
      });
      context.out.write(
        context.json
          ? `${JSON.stringify({ method, ...added })}\n`
          : `paramset ${added.paramset_idx} (${method}) ${added.isNew ? "added" : "was there already"}\n`,
      );
      return 0;
    });
  },
};

/** Where there is no database yet its methods are those that it would be made with.
 * @throws TaskError */
function refuseUnknownMethod(method: string, { database }: Settings): void {
  if (database.kind === "sqlite" && !existsSync(database.path)) checkMethod(method, methodsOfNewDatabase);
}

async function readParams(path: string): Promise<Readonly<Record<string, PythonValue>>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new UsageError(`--params: cannot read ${path} as JSON: ${(error as Error).message}`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new UsageError(`--params: ${path} must hold one JSON object.`);
  return value as Readonly<Record<string, PythonValue>>;
}

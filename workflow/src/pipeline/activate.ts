/**
 * @module
 * Binds the pipeline's modules to the schemas of one database: one module, one schema, `<prefix><module>`.
 *
 * Modules are listed parents first. What exists is bound as it is (an imported database wins over our definitions); what is missing is
 * declared when `create` is set.
 */
import type { Connection, Schema } from "@tenon/datajoint";
import * as analysis from "./analysis.ts";
import * as ephys from "./ephys.ts";
import * as ephysReport from "./ephys-report.ts";
import * as ephysSorter from "./ephys-sorter.ts";
import * as lab from "./lab.ts";
import * as probe from "./probe.ts";
import * as session from "./session.ts";
import * as subject from "./subject.ts";
import * as workerLog from "./worker-log.ts";

/** Modules by the ending of their schema's name, parents first. */
export const modules = {
  lab,
  subject,
  session,
  probe,
  ephys,
  ephys_sorter: ephysSorter,
  ephys_report: ephysReport,
  analysis,
  workerlog: workerLog,
} as const;

export interface ActivateOptions {
  readonly prefix: string;
  /** Generation of schemas that are new. */
  readonly generation: "legacy" | "current";
  /** Make the schemas and tables that are missing. Default true. */
  readonly create?: boolean;
  readonly stores?: Readonly<Record<string, { readonly protocol: "file"; readonly location: string }>>;
}

/** Binds every module; returns where the database differs from the definitions, one sentence each. */
export async function activatePipeline(
  connection: Connection,
  options: ActivateOptions,
): Promise<readonly string[]> {
  const differences: string[] = [];
  for (const [name, module] of Object.entries(modules)) {
    const schema: Schema = module.schema;
    await schema.activate(connection, `${options.prefix}${name}`, module, {
      create: options.create ?? true,
      generation: options.generation,
      ...(options.stores === undefined ? {} : { stores: options.stores }),
    });
    differences.push(...schema.differences);
  }
  return differences;
}

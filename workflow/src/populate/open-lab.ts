/**
 * @module
 * From settings to a pipeline that can be used: schemas bound, steps registered, the laboratory's folders known.
 *
 * Whoever counts what is left needs the steps too, since some of them say themselves which keys they have.
 */
import type { Connection, PopulateTable } from "@tenon/datajoint";
import { type MachineLimits, machineLimits } from "../operations/machine-limits.ts";
import { bindOperationTables } from "../operations/operation-tables.ts";
import { activatePipeline } from "../pipeline/activate.ts";
import type { Settings } from "../settings/settings.ts";
import { attemptStates } from "./attempt-state.ts";
import { Lab } from "./lab.ts";
import type { TableStep } from "./process.ts";
import { makeAllSteps } from "./steps/make-all-steps.ts";
import { workers } from "./worker.ts";

export interface OpenLab {
  readonly lab: Lab;
  /** Where the database differs from the definitions, one sentence each. */
  readonly differences: readonly string[];
}

/** Binds the pipeline to a database and registers its steps.
 * @param options.create  makes schemas and tables that are missing; default true
 * @throws MissingTableError when a schema is missing and not to be made */
export async function openLab(
  connection: Connection,
  settings: Settings,
  options: { readonly create?: boolean } = {},
): Promise<OpenLab> {
  const differences = [
    ...(await activatePipeline(connection, { ...settings, ...options })),
    ...(await bindOperationTables(connection, { ...settings, ...options })),
  ];
  const lab = new Lab({
    rawRoots: settings.rawRoots,
    processedRoot: settings.processedRoot,
    threads: settings.threads ?? limitsOf(settings).cpus,
    stateOf: attemptStates(tablesByProcess()),
    stores: Object.values(settings.stores).map((store) => store.location),
  });
  makeAllSteps(lab);
  return { lab, differences };
}

/** What this process may use: of the machine, its control group and its Slurm job, and of the configuration. */
export function limitsOf({ limits }: Settings): MachineLimits {
  return machineLimits({ env: process.env, configured: limits });
}

/** Every step of the workers that fills a table, in their order. */
export function tableSteps(): readonly TableStep[] {
  return Object.values(workers).flatMap(({ steps }) => steps.filter((step) => step.kind === "table"));
}

function tablesByProcess(): ReadonlyMap<string, PopulateTable> {
  return new Map(tableSteps().map(({ process, table }) => [process, table]));
}

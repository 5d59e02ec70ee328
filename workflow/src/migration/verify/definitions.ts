/**
 * @module
 * The database's tables beside the code's definitions. Differences are notes: an imported database is used as it is.
 *
 * And what is left to do, where the database holds the whole pipeline: after a good import it is what the platform had left.
 */
import type { Schema } from "@tenon/datajoint";
import { modules } from "../../pipeline/activate.ts";
import { openLab } from "../../populate/open-lab.ts";
import { pipelineStatus, type StepStatus } from "../../populate/status.ts";
import type { Check } from "./check.ts";

/** Compares every module of the code whose schema is there. Binds them, makes nothing.
 * @returns whether all modules are bound */
export async function compareDefinitions({ connection, settings, findings }: Check): Promise<boolean> {
  const there = new Set(await connection.dialect.catalogue.schemas(connection));
  let whole = true;
  for (const [name, module] of Object.entries(modules)) {
    const schema: Schema = module.schema;
    const full = `${settings.prefix}${name}`;
    if (!there.has(full)) {
      whole = false;
      findings.note(
        "definition-not-compared",
        full,
        "The schema is not in the database; a worker makes it when it starts.",
      );
      continue;
    }
    try {
      await schema.activate(connection, full, module, { create: false, stores: settings.stores });
    } catch (error) {
      whole = false;
      findings.note("definition-not-compared", full, (error as Error).message);
      continue;
    }
    for (const difference of schema.differences)
      if (!isHiddenAndAbsent(difference)) findings.note("definition-differs", full, difference);
    whole &&= schema.differences.every(
      (difference) => !difference.endsWith("is not in the database.") || isHiddenAndAbsent(difference),
    );
  }
  return whole;
}

/** Hidden tables (`schema.~name`) are made when a worker starts, and nothing that only looks needs them. */
function isHiddenAndAbsent(difference: string): boolean {
  return /^[^.\s]+\.~\S+ .*is not in the database\.$/.test(difference);
}

/** What each step has done and has left. */
export async function readPopulation(check: Check, isWhole: boolean): Promise<readonly StepStatus[]> {
  if (!isWhole) {
    check.findings.note(
      "population-unknown",
      check.settings.prefix,
      "The database holds no whole pipeline of this code; what is left to do is known once a worker has started.",
    );
    return [];
  }
  await openLab(check.connection, check.settings, { create: false });
  return pipelineStatus();
}

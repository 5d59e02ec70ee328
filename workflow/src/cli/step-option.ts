/**
 * @module
 * `--step` and `--worker` of the commands that look after workers: names checked against those of `worker.ts`.
 */
import { workers } from "../populate/worker.ts";
import { type Arguments, UsageError } from "./command.ts";

/** All steps of the workers, in their order. */
export function knownSteps(): readonly string[] {
  return Object.values(workers).flatMap(({ steps }) => steps.map(({ process }) => process));
}

/** The steps whose names hold the text of `--step`; undefined without it.
 * @throws UsageError when there are none */
export function stepsOf(
  args: Arguments,
  among: readonly string[] = knownSteps(),
): readonly string[] | undefined {
  const text = args.options["step"] as string | undefined;
  if (text === undefined) return undefined;
  const found = among.filter((process) => process.includes(text));
  if (found.length === 0)
    throw new UsageError(`--step: no step's name holds '${text}'. The steps are: ${among.join(", ")}.`);
  return found;
}

/** The one step that `--step` means: by its whole name, or by a part that only one has; undefined without it.
 * @throws UsageError */
export function oneStepOf(args: Arguments): string | undefined {
  const found = stepsOf(args);
  if (found === undefined) return undefined;
  const text = args.options["step"] as string;
  const exact = found.find((process) => process === text || process.endsWith(`.${text}`));
  if (exact !== undefined) return exact;
  if (found.length > 1)
    throw new UsageError(`--step: '${text}' may be ${found.join(", ")}. Give the whole name.`);
  return found[0]!;
}

/** The worker that `--worker` names; undefined without it.
 * @throws UsageError */
export function workerOf(args: Arguments): string | undefined {
  const name = args.options["worker"] as string | undefined;
  if (name !== undefined && workers[name] === undefined)
    throw new UsageError(
      `--worker: no worker '${name}'. The workers are: ${Object.keys(workers).join(", ")}.`,
    );
  return name;
}

/**
 * @module
 * Parameters of the built-in sorter as a parameter set holds them: checked before they are stored, and again before they are used.
 *
 * What a newcomer would get wrong: the set holds only what differs from the defaults, so that its hash does not change with the release.
 */
import { DEFAULT_SORTER_PARAMETERS, type GivenSorterParameters, sorterParameters } from "@tenon/ephys";
import { nearestName } from "../settings/keys.ts";
import type { PythonValue } from "./dict-to-uuid.ts";

/** Thrown when the built-in sorter cannot be run with a parameter set; `parameter` is the dotted name. */
export class SorterParametersError extends Error {
  override readonly name = "SorterParametersError";
  readonly parameter: string;
  /** The name that was probably meant. */
  readonly suggestion: string | undefined;
  constructor(message: string, parameter: string, suggestion?: string, options?: ErrorOptions) {
    super(message, options);
    this.parameter = parameter;
    this.suggestion = suggestion;
  }
}

type Params = Readonly<Record<string, PythonValue>>;

/** Checks names, types and ranges of a parameter set for the method `tenon`.
 * @returns the same set, typed
 * @throws SorterParametersError for the first parameter that is unknown, of another type or out of range */
export function checkSorterParameters(params: Params): GivenSorterParameters {
  refuseUnknown(params, DEFAULT_SORTER_PARAMETERS, "");
  for (const [group, defaults] of Object.entries(DEFAULT_SORTER_PARAMETERS))
    if (isGroup(defaults) && isGroup(params[group]))
      refuseUnknown(params[group] as Params, defaults, `${group}.`);
  try {
    sorterParameters(params as GivenSorterParameters);
  } catch (cause) {
    const { parameter, message } = cause as Error & { readonly parameter?: string };
    throw new SorterParametersError(message, parameter ?? "", undefined, { cause });
  }
  return params as GivenSorterParameters;
}

function refuseUnknown(params: Params, known: object, before: string): void {
  const names = Object.keys(known);
  for (const name of Object.keys(params)) {
    if (names.includes(name)) continue;
    const near = inAnotherGroup(name) ?? nearestName(name, names);
    const hint = near === undefined ? `There are: ${names.join(", ")}.` : `Did you mean '${near}'?`;
    throw new SorterParametersError(
      `The sorter 'tenon' has no parameter '${before}${name}'. ${hint}`,
      `${before}${name}`,
      near,
    );
  }
}

/** A name that stands in the wrong place: `bandHz` belongs into `preprocessing`. */
function inAnotherGroup(name: string): string | undefined {
  if (name in DEFAULT_SORTER_PARAMETERS) return name;
  for (const [group, defaults] of Object.entries(DEFAULT_SORTER_PARAMETERS))
    if (isGroup(defaults) && name in defaults) return `${group}.${name}`;
  return undefined;
}

function isGroup(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

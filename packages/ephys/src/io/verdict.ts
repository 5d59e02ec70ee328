/**
 * @module
 * What `verifySession` says of a recording. The field names are a promise of `tenon session verify --json`.
 */
import { RecordingError } from "../errors.ts";

/** Something that keeps a recording from being used as it is. `code` is stable for scripts. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** A verdict on one recording; null where nothing could be told. */
export interface RecordingVerdict {
  /** "spikeglx", "binary", or "unknown" when nothing recognised the path. */
  readonly format: string;
  /** The file that identifies the recording. */
  readonly path: string;
  /** Whole samples in the file, not those that its description promises. */
  readonly sampleCount: number | null;
  /** Channels with a contact. */
  readonly channelCount: number | null;
  readonly samplingRateHz: number | null;
  /** One number when all channels have it, else one for each channel; uV per bit. */
  readonly gainUvPerBit: number | readonly number[] | null;
  readonly durationS: number | null;
  readonly probe: { readonly part: string; readonly serial: string; readonly contactCount: number } | null;
  readonly problems: readonly Problem[];
}

export interface VerifyOptions {
  /** Compare the file's SHA1 with the one in the meta file: reads the whole file. Default false. */
  readonly checkSha1?: boolean;
  /** The time that file times are compared with, ms since 1970. Default now. */
  readonly now?: number;
}

/** Runs a step; what it throws on purpose becomes a problem. @returns the step's value, undefined when it threw */
export async function tryStep<T>(problems: Problem[], step: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    const problem = problemOf(error);
    // two steps may stumble over the same line of a description
    if (!problems.some(({ message }) => message === problem.message)) problems.push(problem);
    return undefined;
  }
}

/** Makes a problem of an error. */
export function problemOf(error: unknown): Problem {
  if (error instanceof RecordingError) return { code: error.code, message: error.message };
  return { code: "unreadable", message: error instanceof Error ? error.message : String(error) };
}

/** One number when all are equal, else the list; null when there are none. */
export function uniformOrList(values: Float64Array | undefined): number | number[] | null {
  if (values === undefined || values.length === 0) return null;
  return values.every((value) => value === values[0]) ? values[0] : Array.from(values);
}

/**
 * @module
 * Fields of a JSON file that a person wrote: each checked for its type, each complaint naming the file, the field and what was there.
 */
import { readFile } from "node:fs/promises";
import { RecordingError } from "../errors.ts";
import { asRecordingError } from "./file-errors.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads a JSON file that holds one object. @throws RecordingError `missingCode` when absent, `bad-json` when it is not an object */
export async function readJsonObject(path: string, missingCode: string, what: string): Promise<JsonObject> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw asRecordingError(error, path, missingCode, what);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RecordingError(`${what} '${path}' is not JSON: ${why}`, "bad-json", path, { cause: error });
  }
  if (!isObject(value))
    throw new RecordingError(
      `${what} '${path}' must hold one JSON object, got ${show(value)}`,
      "bad-json",
      path,
    );
  return value;
}

/** Tells whether a JSON value is an object (and no list). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value of a JSON file, shortened for a message. */
export function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Reads fields of one object of a JSON file. `where` names the object in messages ("", "probes[0]."). */
export class Fields {
  readonly #object: JsonObject;
  readonly #path: string;
  readonly #where: string;
  readonly #code: string;

  constructor(object: JsonObject, path: string, where: string, code: string) {
    this.#object = object;
    this.#path = path;
    this.#where = where;
    this.#code = code;
  }

  has(key: string): boolean {
    return this.#object[key] !== undefined && this.#object[key] !== null;
  }

  raw(key: string): unknown {
    return this.#object[key];
  }

  /** @throws RecordingError naming every key that is not among `known` */
  refuseUnknown(known: readonly string[]): void {
    const unknown = Object.keys(this.#object).filter((key) => !known.includes(key));
    if (unknown.length > 0)
      throw this.error(
        `has unknown ${unknown.length > 1 ? "keys" : "key"} ${unknown.map((key) => `'${key}'`).join(", ")}. ` +
          `Keys are: ${known.join(", ")}.`,
      );
  }

  text(key: string): string {
    const value = this.#object[key];
    if (typeof value !== "string" || value === "") throw this.wrong(key, "a text");
    return value;
  }

  oneOf<T extends string>(key: string, choices: readonly T[]): T {
    const value = this.#object[key];
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw this.wrong(key, `one of ${choices.join(", ")}`);
    return found;
  }

  /** A finite number of at least `minimum` (above it when `isAbove`). */
  number(key: string, minimum = Number.NEGATIVE_INFINITY, isAbove = false): number {
    const value = this.#object[key];
    const isIn = typeof value === "number" && Number.isFinite(value) && value >= minimum;
    if (!isIn || (isAbove && value === minimum))
      throw this.wrong(
        key,
        minimum === Number.NEGATIVE_INFINITY
          ? "a number"
          : `a number ${isAbove ? "above" : "of at least"} ${minimum}`,
      );
    return value;
  }

  integer(key: string, minimum: number): number {
    const value = this.number(key, minimum);
    if (!Number.isInteger(value)) throw this.wrong(key, "a whole number");
    return value;
  }

  /** A list of `count` finite numbers (of any length when `count` is undefined). */
  numbers(key: string, count?: number): number[] {
    return this.#list(key, count, "numbers", (value) => typeof value === "number" && Number.isFinite(value));
  }

  texts(key: string, count?: number): string[] {
    return this.#list(key, count, "texts", (value) => typeof value === "string");
  }

  /** A list of points, each of 2 or 3 finite numbers. */
  points(key: string): number[][] {
    return this.#list(
      key,
      undefined,
      "points [x, y]",
      (value) =>
        Array.isArray(value) && (value.length === 2 || value.length === 3) && value.every(Number.isFinite),
    );
  }

  wrong(key: string, expected: string): RecordingError {
    return this.error(`needs ${expected} in '${this.#where}${key}', got ${show(this.#object[key])}.`);
  }

  error(sentence: string): RecordingError {
    return new RecordingError(`'${this.#path}' ${sentence}`, this.#code, this.#path);
  }

  // every caller's test of the elements is what makes the cast true
  #list<T>(key: string, count: number | undefined, what: string, isGood: (value: unknown) => boolean): T[] {
    const value = this.#object[key];
    if (!Array.isArray(value) || !value.every(isGood)) throw this.wrong(key, `a list of ${what}`);
    if (count !== undefined && value.length !== count)
      throw this.error(`needs ${count} ${what} in '${this.#where}${key}', got ${value.length}.`);
    return value as T[];
  }
}

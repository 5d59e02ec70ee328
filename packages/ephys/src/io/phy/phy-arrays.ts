/**
 * @module
 * The `.npy` files of a sorter's output folder, with their lengths checked. Vectors may be written as (n), (n, 1) or (1, n).
 */
import { join } from "node:path";
import { RecordingError } from "../../errors.ts";
import { type NpyArray, npyNumbers, readNpy } from "../npy/read-npy.ts";

export class PhyArrays {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  numbers(name: string, array: NpyArray): Float64Array {
    return npyNumbers(array, this.path(name));
  }

  /** Reads a file that must be there. @throws RecordingError `missing-npy`, `bad-npy`, `inconsistent` */
  async vector(name: string): Promise<Float64Array> {
    return this.#asVector(name, await readNpy(this.path(name)));
  }

  /** Reads a file; undefined when there is none. @throws RecordingError `bad-npy` */
  async optional(name: string): Promise<NpyArray | undefined> {
    try {
      return await readNpy(this.path(name));
    } catch (error) {
      if (error instanceof RecordingError && error.code === "missing-npy") return undefined;
      throw error;
    }
  }

  /** Reads a vector. @param length  what it must have, when given; @throws RecordingError `bad-npy`, `inconsistent` */
  async optionalVector(name: string, length?: number): Promise<Float64Array | undefined> {
    const array = await this.optional(name);
    if (array === undefined) return undefined;
    const values = this.#asVector(name, array);
    if (length !== undefined && values.length !== length)
      throw inconsistent(this.path(name), `has ${values.length} values, but spike_times.npy has ${length}.`);
    return values;
  }

  /** Reads a matrix. @param rows, columns  what it must have; undefined for any; @throws RecordingError `bad-npy`, `inconsistent` */
  async optionalMatrix(name: string, rows?: number, columns?: number): Promise<Float64Array | undefined> {
    const array = await this.optional(name);
    if (array === undefined) return undefined;
    const { shape } = array;
    const fits = shape.length === 2 && shape[0] === (rows ?? shape[0]) && shape[1] === (columns ?? shape[1]);
    if (!fits)
      throw inconsistent(
        this.path(name),
        `has shape (${shape.join(", ")}); expected (${rows ?? "any"}, ${columns ?? "any"}) by the files beside it.`,
      );
    return this.numbers(name, array);
  }

  #asVector(name: string, array: NpyArray): Float64Array {
    const { shape } = array;
    if (shape.filter((size) => size !== 1).length > 1)
      throw inconsistent(
        this.path(name),
        `has shape (${shape.join(", ")}); expected one value for each spike or channel.`,
      );
    return this.numbers(name, array);
  }
}

/** The error for a file that does not fit the others of its folder. */
export function inconsistent(path: string, sentence: string): RecordingError {
  return new RecordingError(
    `'${path}' ${sentence} The files are of different runs or a copy is not complete: copy the whole folder again.`,
    "inconsistent",
    path,
  );
}

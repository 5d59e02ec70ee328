/**
 * @module
 * Every error that this package throws on purpose: a literal `name`, the fields a caller can act on, and a sentence with expected, got,
 * where, and what to do.
 */

/** Thrown when something went wrong that no subclass names better. The base of all errors of this package. */
export class EphysError extends Error {
  override readonly name: string = "EphysError";
}

/** Thrown when an array's length does not fit the shape that its companions say. */
export class ShapeError extends EphysError {
  override readonly name = "ShapeError";
}

/** Thrown when a parameter is out of its range, or unknown; `parameter` names it. */
export class ParameterError extends EphysError {
  override readonly name = "ParameterError";
  readonly parameter: string;
  constructor(message: string, parameter: string) {
    super(message);
    this.parameter = parameter;
  }
}

/** Thrown when a file is absent, cut short, or not what its description says. `code` is stable for scripts. */
export class RecordingError extends EphysError {
  override readonly name = "RecordingError";
  readonly code: string;
  readonly path: string;
  constructor(message: string, code: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}

/** Thrown when a matrix that must be positive definite is not; `index` is the row where the factorisation stopped. */
export class NotPositiveDefiniteError extends EphysError {
  override readonly name = "NotPositiveDefiniteError";
  readonly index: number;
  constructor(message: string, index: number) {
    super(message);
    this.index = index;
  }
}

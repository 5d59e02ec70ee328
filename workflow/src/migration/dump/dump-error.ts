/** @module The error of dumps: a stable code, and where it is. */

/** Thrown when a dump cannot be read, or holds what must not be carried out. `code` is stable, `where` is `FILE:LINE` or a table. */
export class DumpError extends Error {
  override readonly name = "DumpError";
  readonly code: string;
  readonly where: string;
  constructor(code: string, where: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.where = where;
  }
}

/** Something missing, refused or left out: one line of a report. */
export interface Problem {
  /** Stable, kebab-case. */
  readonly code: string;
  /** `FILE:LINE`, `schema.table`, or a file. */
  readonly where: string;
  /** A sentence: what was found and what to do. */
  readonly message: string;
}

/**
 * @module
 * What can be wrong on the way of files from a bucket to a folder: problems of one object, which the run names and goes on, and errors
 * that end the run. Both carry a code that scripts may rely on; `docs/how-to/migrate.md` says what to do for each.
 */

/** Problems of one object or file: it is not in the folder, or not as the source has it. */
export type ObjectProblemCode =
  | "access-denied"
  | "archived-object"
  | "content-differs"
  | "fetch-failed"
  | "file-missing"
  | "file-size-differs"
  | "key-escapes-root"
  | "key-not-a-path"
  | "keys-collide"
  | "local-file-differs"
  | "local-file-unverifiable"
  | "object-changed"
  | "object-gone"
  | "symlink-leads-out"
  | "write-failed";

/** What ends a run. */
export type RunProblemCode =
  | "access-denied"
  | "certificate-refused"
  | "clock-differs"
  | "credentials-expired"
  | "credentials-missing"
  | "credentials-refused"
  | "disk-full"
  | "insecure-endpoint"
  | "no-such-bucket"
  | "not-enough-space"
  | "nothing-configured"
  | "nothing-found"
  | "server-error"
  | "server-unreachable"
  | "target-busy"
  | "target-unusable"
  | "wrong-region";

export interface FileProblem {
  readonly code: ObjectProblemCode | RunProblemCode;
  /** `s3://bucket/key`, a local path, or the source of a run that ended. */
  readonly where: string;
  /** One sentence, with what to do. */
  readonly message: string;
}

/** What is worth saying and makes nothing fail. */
export interface FileNote {
  readonly code:
    | "changed-at-source"
    | "extra-file"
    | "gone-from-source"
    | "kept-aside"
    | "may-be-archived"
    | "unverifiable"
    | "more";
  readonly where: string;
  readonly message: string;
}

/** Thrown when no file can be fetched any more; what is in the folder already stays, and the same command goes on from there. */
export class FilesError extends Error {
  override readonly name = "FilesError";
  readonly code: RunProblemCode;
  readonly where: string;
  constructor(code: RunProblemCode, where: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.where = where;
  }
}

/** Thrown when one object cannot be fetched; the run goes on with the others. */
export class ObjectError extends Error {
  override readonly name = "ObjectError";
  readonly code: ObjectProblemCode;
  constructor(code: ObjectProblemCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

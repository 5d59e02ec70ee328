/**
 * @module
 * The one function that turns errors of SQLite into ours, by extended result code.
 *
 * SQLite has one code (1) for bad syntax, missing tables and missing columns alike; for that code alone the text decides, and it is the
 * text of the version that Node carries.
 */
import {
  AccessError,
  DataJointError,
  DuplicateError,
  IntegrityError,
  MissingAttributeError,
  MissingTableError,
  QueryError,
  QuerySyntaxError,
  RetryTransactionError,
  SettingsError,
  UnknownAttributeError,
  ValueError,
} from "../../errors.ts";

interface SqliteError extends Error {
  readonly errcode?: number;
}

const busy = 5;
const locked = 6;

/** Whether another process, or another handle of this one, holds the lock. */
export function isBusy(error: unknown): boolean {
  const code = (error as SqliteError).errcode;
  return code !== undefined && ((code & 0xff) === busy || (code & 0xff) === locked);
}

/** @param path  the file, for messages */
export function translateError(error: unknown, path: string, statement?: string): Error {
  if (error instanceof DataJointError) return error;
  if (!(error instanceof Error))
    return new DataJointError(`SQLite threw: ${String(error)}`, { cause: error });
  const code = (error as SqliteError).errcode;
  const options = { cause: error };
  const says = error.message;
  if (code === undefined) return new QueryError(says, "unknown", statement, options);
  const name = String(code);
  switch (code) {
    case 1555:
    case 2067:
    case 2579:
      return new DuplicateError(
        `${says}. With skipDuplicates: true such rows are left out.`,
        name,
        statement,
        options,
      );
    // ON DELETE RESTRICT reports itself as a trigger
    case 787:
    case 1811:
      return new IntegrityError(
        `${says}: a row that is referred to is missing, or rows of other tables refer to this one.`,
        name,
        statement,
        options,
      );
    case 1299:
      return new MissingAttributeError(`${says}. Every row needs that attribute.`, name, statement, options);
    case 275:
    case 3091:
      return new ValueError(`The database refused a value: ${says}`, undefined, options);
  }
  switch (code & 0xff) {
    case 1:
      return translateText(says, name, statement, options);
    case busy:
    case locked:
      return new RetryTransactionError(
        `The database ${path} is locked by another process. If it stays so, look for one that is stopped inside a transaction.`,
        name,
        statement,
        options,
      );
    case 3:
    case 23:
      return new AccessError(says, name, statement, options);
    case 8:
      return new AccessError(
        `The database ${path} is read-only: ${says}. Check the rights of the file and its folder.`,
        name,
        statement,
        options,
      );
    case 10:
      return new QueryError(
        `Reading or writing ${path} failed (${says}): check the disk; nothing of this transaction is kept.`,
        name,
        statement,
        options,
      );
    case 11:
      return new SettingsError(
        `The database ${path} is damaged: ${says}. Restore it from a copy.`,
        "path",
        options,
      );
    case 13:
      return new QueryError(
        `The disk of ${path} is full: ${says}. Nothing of this transaction is kept; free space and run it again.`,
        name,
        statement,
        options,
      );
    case 14:
      return new SettingsError(
        `The database ${path} cannot be opened: is the folder there, and may this user write in it?`,
        "path",
        options,
      );
    case 18:
    case 20:
      return new ValueError(`The database refused a value: ${says}`, undefined, options);
    case 26:
      return new SettingsError(`The file ${path} is not a SQLite database.`, "path", options);
    default:
      return new QueryError(says, name, statement, options);
  }
}

function translateText(
  says: string,
  code: string,
  statement: string | undefined,
  options: ErrorOptions,
): Error {
  if (/^no such table|^no such view/.test(says)) return new MissingTableError(says, options);
  if (/^no such column|has no column named|^ambiguous column/.test(says))
    return new UnknownAttributeError(says, code, statement, options);
  if (
    /syntax error|^incomplete input|^unrecognized token|^no such function|^wrong number of arguments/.test(
      says,
    )
  ) {
    return new QuerySyntaxError(says, code, statement, options);
  }
  return new QueryError(says, code, statement, options);
}

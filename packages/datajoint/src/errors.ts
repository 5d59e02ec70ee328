/**
 * @module
 * Every error that this package throws on purpose. Names follow datajoint-python's tree (contract: datajoint.md 10), since users know
 * them. `name` is a literal, so `switch (error.name)` narrows; `cause` keeps the driver's error.
 */

/** Thrown when something went wrong that no subclass names better. The base of all errors of this package. */
export class DataJointError extends Error {
  override readonly name: string = "DataJointError";
}

/** Thrown when a table definition cannot be read. `line` counts from 1. */
export class DefinitionError extends DataJointError {
  override readonly name = "DefinitionError";
  readonly line: number;
  constructor(message: string, line: number) {
    super(`Line ${line} of the definition: ${message}`);
    this.line = line;
  }
}

/** Thrown when the server closed the connection, or cannot be reached. Inside a transaction nothing was committed. */
export class LostConnectionError extends DataJointError {
  override readonly name = "LostConnectionError";
}

/** Thrown when a setting is missing, unknown or contradicts another; `key` names it. */
export class SettingsError extends DataJointError {
  override readonly name = "SettingsError";
  readonly key: string;
  constructor(message: string, key: string, options?: ErrorOptions) {
    super(message, options);
    this.key = key;
  }
}

/** Thrown when the database refused a statement for a reason that no subclass names. `code` is the server's number or name. */
export class QueryError extends DataJointError {
  override readonly name: string = "QueryError";
  readonly code: string;
  readonly statement: string | undefined;
  constructor(message: string, code: string, statement?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.statement = statement;
  }
}

/** Thrown when the text of a condition or expression is not SQL that the server can read. */
export class QuerySyntaxError extends QueryError {
  override readonly name = "QuerySyntaxError";
}

/** Thrown when the account lacks a privilege, or user name and password do not match. */
export class AccessError extends QueryError {
  override readonly name = "AccessError";
}

/** Thrown when a row with this primary or unique key is there already. */
export class DuplicateError extends QueryError {
  override readonly name = "DuplicateError";
}

/** Thrown when a foreign key refuses a row, or rows of other tables refer to what should go. */
export class IntegrityError extends QueryError {
  override readonly name = "IntegrityError";
}

/** Thrown when an attribute is named that the table or query does not have. */
export class UnknownAttributeError extends QueryError {
  override readonly name = "UnknownAttributeError";
}

/** Thrown when a row lacks an attribute that has no default. */
export class MissingAttributeError extends QueryError {
  override readonly name = "MissingAttributeError";
}

/** Thrown when the transaction should be run again from its start: deadlock, lock wait, changed snapshot, busy file. */
export class RetryTransactionError extends QueryError {
  override readonly name = "RetryTransactionError";
}

/** Thrown when a table or schema is not in the database. Not a QueryError, as in datajoint-python. */
export class MissingTableError extends DataJointError {
  override readonly name = "MissingTableError";
}

/** Thrown when a value does not fit its attribute: wrong type, too long, not a member. `attribute` names it. */
export class ValueError extends DataJointError {
  override readonly name = "ValueError";
  readonly attribute: string | undefined;
  constructor(message: string, attribute?: string, options?: ErrorOptions) {
    super(message, options);
    this.attribute = attribute;
  }
}

/** Thrown when bytes are not a blob that this package can read, or a value cannot be written as one. `offset` is in bytes. */
export class BlobError extends DataJointError {
  override readonly name = "BlobError";
  readonly offset: number | undefined;
  constructor(message: string, offset?: number, options?: ErrorOptions) {
    super(message, options);
    this.offset = offset;
  }
}

/** Thrown when a write could not be read back by the users of that schema's generation, or would bypass a rule of theirs. */
export class RefusedError extends DataJointError {
  override readonly name = "RefusedError";
}

/** Thrown when an object that a row refers to is not in its store. */
export class MissingExternalFile extends DataJointError {
  override readonly name = "MissingExternalFile";
}

/** Thrown when the job row no longer carries this claim's token: another worker took it over, or a person removed it. */
export class LeaseLostError extends DataJointError {
  override readonly name = "LeaseLostError";
}

/**
 * @module
 * What a dump is made of, as `readDump` gives it.
 */
import type { SessionState } from "./session-state.ts";
import type { Token } from "./sql-tokens.ts";
import type { StatementKind } from "./statement-kind.ts";

/** Where a statement stands. */
export interface Place {
  /** Of the first byte, in the unpacked text. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** What the dump's SET statements have come to. */
  readonly session: SessionState;
}

/** Rows of one table: a whole INSERT or a piece of one. */
export interface InsertRows extends Place {
  readonly kind: "insert";
  /** The qualifier, else the schema of the last USE; undefined when there was none. */
  readonly schema: string | undefined;
  readonly table: string;
  readonly isQualified: boolean;
  readonly verb: "INSERT" | "INSERT IGNORE" | "REPLACE";
  /** The columns named; undefined for all of the table. */
  readonly columns: readonly string[] | undefined;
  /** Rows as they stand, `(1,'a'),(2,NULL)`, without what follows them. */
  readonly values: Buffer;
  /** Ends of the rows in `values`, one behind each `)`. */
  readonly rowEnds: Int32Array;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Any other statement. */
export interface DumpCommand extends Place {
  readonly kind: StatementKind;
  /** What it is about: its qualifier, else that of the last USE; for `create-database` and `use` the schema itself. */
  readonly schema: string | undefined;
  /** The table, view, trigger; undefined where there is none. */
  readonly name: string | undefined;
  readonly isQualified: boolean;
  /** As it stands, without its delimiter. */
  readonly bytes: Buffer;
  /** All versioned comments taken as code; byte strings. */
  readonly tokens: readonly Token[];
}

/** A line comment; mysqldump says there who it is and that it came to its end. */
export interface DumpComment extends Place {
  readonly kind: "comment";
  readonly text: string;
}

/** What stands at the end of the file without a delimiter: the file was cut, or written by hand. */
export interface DumpRest extends Place {
  readonly kind: "incomplete";
  readonly table: string | undefined;
  /** Its first bytes. */
  readonly text: string;
}

export type DumpStatement = InsertRows | DumpCommand | DumpComment | DumpRest;

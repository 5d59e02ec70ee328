/**
 * @module
 * What a statement is, from its tokens, and the schema and name of what it is about.
 *
 * It is asked with all versioned comments taken as code, so that nothing can hide in one.
 */
import { nameOf, type Token } from "./sql-tokens.ts";

export type StatementKind =
  | "create-database"
  | "create-table"
  | "alter-table"
  | "drop"
  | "use"
  | "set"
  | "view"
  | "trigger"
  | "routine"
  | "event"
  | "grant"
  | "lock"
  | "transaction"
  | "flush"
  | "replication"
  | "statistics"
  | "alter-database"
  | "client-command"
  | "other";

export interface Classified {
  readonly kind: StatementKind;
  /** The qualifier in front of the name; undefined without one. */
  readonly schema?: string | undefined;
  /** Of the table, view, schema; undefined where there is none. */
  readonly name?: string | undefined;
}

const ddlNoise = new Set([
  "OR",
  "REPLACE",
  "TEMPORARY",
  "ALGORITHM",
  "UNDEFINED",
  "MERGE",
  "TEMPTABLE",
  "DEFINER",
  "SQL",
  "SECURITY",
  "INVOKER",
  "AGGREGATE",
  "IF",
  "NOT",
  "EXISTS",
  "ONLINE",
  "OFFLINE",
  "IGNORE",
]);
const objects: Readonly<Record<string, StatementKind>> = {
  TABLE: "create-table",
  DATABASE: "create-database",
  SCHEMA: "create-database",
  VIEW: "view",
  TRIGGER: "trigger",
  PROCEDURE: "routine",
  FUNCTION: "routine",
  PACKAGE: "routine",
  EVENT: "event",
  USER: "grant",
  ROLE: "grant",
};
const plain: Readonly<Record<string, StatementKind>> = {
  USE: "use",
  GRANT: "grant",
  REVOKE: "grant",
  LOCK: "lock",
  UNLOCK: "lock",
  COMMIT: "transaction",
  BEGIN: "transaction",
  START: "transaction",
  FLUSH: "flush",
  CHANGE: "replication",
  ANALYZE: "statistics",
};

/** @param tokens  all of them, without the delimiter */
export function classify(tokens: readonly Token[]): Classified {
  const first = tokens[0]?.kind === "word" ? tokens[0].value : "";
  const second = tokens[1]?.value ?? "";
  switch (first) {
    case "SET":
      return {
        kind:
          second === "PASSWORD" || second === "ROLE" || (second === "DEFAULT" && tokens[2]?.value === "ROLE")
            ? "grant"
            : "set",
      };
    case "CREATE":
      return classifyDdl(tokens, (kind) => kind);
    case "DROP":
      return classifyDdl(tokens, (kind) => (kind === "grant" ? "grant" : "drop"));
    case "ALTER":
      return classifyDdl(tokens, (kind) =>
        kind === "create-table"
          ? "alter-table"
          : kind === "create-database"
            ? "alter-database"
            : kind === "grant"
              ? "grant"
              : "other",
      );
    case "RENAME":
      return { kind: second === "USER" ? "grant" : "other" };
    case "USE":
      return { kind: "use", name: nameOf(tokens[1]) };
    case "CHANGE":
      return { kind: second === "MASTER" || second === "REPLICATION" ? "replication" : "other" };
    default:
      return { kind: plain[first] ?? "other" };
  }
}

function classifyDdl(tokens: readonly Token[], kindOf: (kind: StatementKind) => StatementKind): Classified {
  let depth = 0;
  for (let i = 1; i < Math.min(tokens.length, 40); i++) {
    const token = tokens[i]!;
    if (token.text === "(") depth++;
    else if (token.text === ")") depth--;
    if (depth > 0 || token.kind !== "word") continue;
    const object = objects[token.value];
    if (object === undefined) {
      // names of definers stand among them: DEFINER=root@localhost
      if (ddlNoise.has(token.value) || isDefiner(tokens, i)) continue;
      return { kind: "other" };
    }
    // CREATE FUNCTION f RETURNS STRING SONAME 'x.so' loads code into the server
    if (object === "routine" && tokens.some(({ value }) => value === "SONAME")) return { kind: "other" };
    let at = i + 1;
    while (tokens[at]?.kind === "word" && /^(IF|NOT|EXISTS|BODY)$/.test(tokens[at]!.value)) at++;
    const isQualified = tokens[at + 1]?.text === "." && nameOf(tokens[at + 2]) !== undefined;
    const kind = kindOf(object);
    return isQualified
      ? { kind, schema: nameOf(tokens[at]), name: nameOf(tokens[at + 2]) }
      : { kind, name: nameOf(tokens[at]) };
  }
  return { kind: "other" };
}

function isDefiner(tokens: readonly Token[], i: number): boolean {
  return tokens[i - 1]?.text === "=" || tokens[i - 1]?.text === "@";
}

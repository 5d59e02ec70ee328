/**
 * @module
 * A CREATE of the dump as the server that it goes to takes it: versioned comments resolved for that server, no DEFINER, collations that it
 * does not know replaced everywhere by the same one (columns of a foreign key must agree), and nothing in it but a table's own definition.
 */
import { DumpError } from "../dump/dump-error.ts";
import type { DumpCommand } from "../dump/dump-statement.ts";
import { joined, type Token, tokenize, type VersionedComment } from "../dump/sql-tokens.ts";
import { readTableDdl } from "../dump/table-ddl.ts";
import { type Rename, unchanged } from "./renamed-survey.ts";

export interface TargetServer {
  readonly isMariadb: boolean;
  /** `8.4.3` is 80403, MariaDB's `10.11.6` 101106. */
  readonly version: number;
  /** In lower case, with their character set before them. */
  readonly collations: ReadonlySet<string>;
}

/** Told of what does not stand as the dump has it. */
export type OnReplaced = (what: "collation" | "engine", from: string, to: string) => void;

/** Options and words with which a CREATE TABLE reaches beyond its own table. */
const reaching = new Set([
  "SELECT",
  "LIKE",
  "DIRECTORY",
  "CONNECTION",
  "UNION",
  "TABLESPACE",
  "FEDERATED",
  "CONNECT",
  "SPIDER",
  "LOAD_FILE",
]);

/**
 * The statement that makes the table, with `IF NOT EXISTS`, in UTF-8's or the dump's own bytes.
 *
 * @param schema  it is made in
 * @param onReplaced  told of each collation that was replaced
 * @param rename  what the schemas of its parents are called here
 * @throws DumpError `statement-refused` when it holds more than a definition
 */
export function tableStatement(
  command: DumpCommand,
  schema: string,
  server: TargetServer,
  where: string,
  onReplaced: OnReplaced,
  rename: Rename = unchanged,
): Buffer {
  const tokens = resolved(command, server, where);
  const open = tokens.findIndex(({ text }) => text === "(");
  if (open < 0 || readTableDdl(tokens) === undefined)
    throw refused(where, command.name, "it has no list of columns");
  for (const token of tokens) {
    if (token.kind !== "word") continue;
    if (reaching.has(token.value))
      throw refused(
        where,
        command.name,
        `it holds '${token.text}', which reaches beyond a table's definition`,
      );
  }
  const body = withParents(
    withTransactions(withKnownCollations(tokens.slice(open), server, onReplaced), onReplaced),
    rename,
  );
  const name = `${quoted(schema)}.${quoted(command.name ?? "")}`;
  return Buffer.concat([
    Buffer.from(`CREATE TABLE IF NOT EXISTS ${name} `, "utf8"),
    Buffer.from(joined(body), "latin1"),
  ]);
}

/** `CREATE DATABASE IF NOT EXISTS`, with the dump's character set and collation where the server knows them. */
export function databaseStatement(
  command: DumpCommand | undefined,
  schema: string,
  server: TargetServer,
  where: string,
  onReplaced: OnReplaced,
): string {
  const tokens = command === undefined ? [] : resolved(command, server, where);
  const kept = withKnownCollations(tokens, server, onReplaced);
  const collate = valueBehind(kept, "COLLATE");
  const charset = valueBehind(kept, "SET") ?? valueBehind(kept, "CHARSET");
  const word = (text: string | undefined) => text !== undefined && /^\w+$/.test(text);
  return `CREATE DATABASE IF NOT EXISTS ${quoted(schema)}${word(charset) ? ` CHARACTER SET ${charset}` : ""}${word(collate) ? ` COLLATE ${collate}` : ""}`;
}

/**
 * A view as it may be made here: without the old server's DEFINER, with the rights of who reads it.
 * @throws DumpError `statement-refused` when it reads schemas that the dump does not name
 */
export function viewStatement(
  command: DumpCommand,
  schemas: ReadonlySet<string>,
  server: TargetServer,
  where: string,
): Buffer {
  const tokens = resolved(command, server, where);
  const from = tokens.findIndex(({ kind, value }) => kind === "word" && value === "VIEW");
  const rest = tokens.slice(from + 1);
  for (const [i, token] of rest.entries()) {
    if (token.text !== "." || rest[i - 1]?.kind !== "name" || rest[i + 1]?.kind !== "name") continue;
    // the qualifier of a column is a table of the view's own FROM, and follows no other dot
    if (rest[i - 2]?.text === "." || rest[i + 2]?.text !== ".") continue;
    if (!schemas.has(rest[i - 1]!.value))
      throw refused(
        where,
        command.name,
        `it reads the schema ${rest[i - 1]!.value}, which the dump does not name`,
      );
  }
  for (const [i, token] of rest.entries())
    if (
      (token.kind === "word" && /^(FROM|JOIN)$/.test(token.value)) ||
      (token.text === "," && rest[i + 1]?.kind === "name")
    ) {
      let at = i + 1;
      while (rest[at]?.text === "(") at++;
      const [schema, dot, table] = rest.slice(at, at + 3);
      const isTable =
        schema?.kind === "name" && dot?.text === "." && table?.kind === "name" && rest[at + 3]?.text !== ".";
      if (token.kind === "word" && isTable && !schemas.has(schema.value))
        throw refused(
          where,
          command.name,
          `it reads the schema ${schema.value}, which the dump does not name`,
        );
    }
  return Buffer.from(`CREATE OR REPLACE SQL SECURITY INVOKER VIEW ${joined(rest)}`, "latin1");
}

/** The tokens that this server would see. */
function resolved(command: DumpCommand, server: TargetServer, where: string): readonly Token[] {
  const mode = command.session.sqlMode?.toUpperCase() ?? "";
  return tokenize(
    command.bytes.toString("latin1"),
    {
      ansiQuotes: /\bANSI(_QUOTES)?\b/.test(mode),
      backslashEscapes: !mode.includes("NO_BACKSLASH_ESCAPES"),
      isExecuted: ({ isMariadb, version }: VersionedComment) =>
        server.isMariadb
          ? // MariaDB leaves out what is for MySQL 5.7 and later
            version <= server.version && (isMariadb || version < 50_700 || version >= 100_000)
          : !isMariadb && version <= server.version,
    },
    where,
  );
}

function withKnownCollations(
  tokens: readonly Token[],
  server: TargetServer,
  onReplaced: OnReplaced,
): Token[] {
  return tokens.map((token, i) => {
    if (token.kind !== "word" || !isBehindCollate(tokens, i)) return token;
    const name = token.text.toLowerCase();
    if (server.collations.has(name)) return token;
    const other = substitute(name, server);
    if (other === undefined) return token;
    onReplaced("collation", name, other);
    return { ...token, text: other, value: other.toUpperCase() };
  });
}

/** Engines without transactions: rows and the ledger could part, and DataJoint's inserts need them. */
function withTransactions(tokens: readonly Token[], onReplaced: OnReplaced): Token[] {
  return tokens.map((token, i) => {
    const isEngine =
      tokens[i - 1]?.text === "=" && tokens[i - 2]?.value === "ENGINE" && tokens[i - 2]!.kind === "word";
    if (!isEngine || token.value === "INNODB" || token.kind !== "word") return token;
    onReplaced("engine", token.text, "InnoDB");
    return { ...token, text: "InnoDB", value: "INNODB" };
  });
}

/** Schemas of foreign keys' parents under their new names. */
function withParents(tokens: readonly Token[], rename: Rename): Token[] {
  return tokens.map((token, i) => {
    const before = tokens[i - 1];
    const isSchema =
      before?.kind === "word" &&
      before.value === "REFERENCES" &&
      tokens[i + 1]?.text === "." &&
      token.kind === "name";
    if (!isSchema) return token;
    const value = rename(Buffer.from(token.value, "latin1").toString("utf8"));
    const bytes = Buffer.from(value, "utf8").toString("latin1");
    return { ...token, value: bytes, text: quoted(bytes) };
  });
}

function isBehindCollate(tokens: readonly Token[], i: number): boolean {
  const before = tokens[i - 1]?.text === "=" ? tokens[i - 2] : tokens[i - 1];
  return before?.kind === "word" && before.value === "COLLATE";
}

/** The nearest collation that the server has: the same character set, the same regard of case and accents where there is one. */
function substitute(name: string, { collations }: TargetServer): string | undefined {
  const charset = name.slice(0, name.indexOf("_"));
  const ending = /_(bin|as_cs|ai_ci|as_ci|ci)$/.exec(name)?.[1] ?? "ci";
  const candidates =
    ending === "bin" || ending === "as_cs"
      ? [`${charset}_0900_as_cs`, `${charset}_uca1400_as_cs`, `${charset}_bin`]
      : ending === "as_ci"
        ? [`${charset}_0900_as_ci`, `${charset}_uca1400_as_ci`, `${charset}_unicode_520_ci`]
        : [
            `${charset}_0900_ai_ci`,
            `${charset}_uca1400_ai_ci`,
            `${charset}_unicode_520_ci`,
            `${charset}_general_ci`,
          ];
  return candidates.find((candidate) => collations.has(candidate));
}

function valueBehind(tokens: readonly Token[], word: string): string | undefined {
  const at = tokens.findIndex(({ kind, value }) => kind === "word" && value === word);
  if (at < 0) return undefined;
  return (tokens[at + 1]?.text === "=" ? tokens[at + 2] : tokens[at + 1])?.text;
}

function refused(where: string, name: string | undefined, why: string): DumpError {
  return new DumpError(
    "statement-refused",
    where,
    `The definition of ${name ?? "a table"} at ${where} is not carried out: ${why}. Ask for a dump of the pipeline's tables alone.`,
  );
}

export function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

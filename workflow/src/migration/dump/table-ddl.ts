/**
 * @module
 * What a CREATE TABLE says: columns, keys, foreign keys, options. Read from its tokens; texts are decoded.
 *
 * `external` columns name their store in the comment (`:blob@datajoint-blob:`), as datajoint-python 0.14 writes them.
 */
import { decodeBytes } from "./character-sets.ts";
import { nameOf, type Token } from "./sql-tokens.ts";

export interface DumpColumn {
  readonly name: string;
  /** As written, words in lower case: `int(10) unsigned`, `enum('a','b')`. */
  readonly type: string;
  readonly nullable: boolean;
  /** The text of a literal default, an expression as written (`current_timestamp()`), null for NULL or none. */
  readonly default: string | null;
  readonly isDefaultExpression: boolean;
  readonly autoIncrement: boolean;
  readonly isGenerated: boolean;
  readonly charset: string | undefined;
  readonly collation: string | undefined;
  readonly comment: string;
}

export interface DumpForeignKey {
  readonly name: string | undefined;
  readonly columns: readonly string[];
  /** undefined: the table's own schema. */
  readonly parentSchema: string | undefined;
  readonly parentTable: string;
  readonly parentColumns: readonly string[];
}

export interface DumpIndex {
  readonly unique: boolean;
  readonly columns: readonly string[];
}

export interface TableDdl {
  readonly columns: readonly DumpColumn[];
  readonly primaryKey: readonly string[];
  readonly indexes: readonly DumpIndex[];
  readonly foreignKeys: readonly DumpForeignKey[];
  readonly engine: string | undefined;
  readonly charset: string | undefined;
  readonly collation: string | undefined;
  readonly comment: string;
}

/** A store that a column's values lie in. */
export interface ExternalColumn {
  readonly column: string;
  readonly kind: "blob" | "attach" | "filepath" | "object";
  readonly store: string;
}

const keyWords = new Set([
  "PRIMARY",
  "UNIQUE",
  "KEY",
  "INDEX",
  "CONSTRAINT",
  "FOREIGN",
  "FULLTEXT",
  "SPATIAL",
  "CHECK",
  "PERIOD",
]);
const typeWords = new Set(["UNSIGNED", "SIGNED", "ZEROFILL", "PRECISION", "VARYING", "BINARY"]);

/** @param tokens  the whole statement; undefined when it has no list of columns (`LIKE`, `SELECT`) */
export function readTableDdl(tokens: readonly Token[], charset = "utf8mb4"): TableDdl | undefined {
  const open = tokens.findIndex((token) => token.text === "(");
  const close = open < 0 ? -1 : closing(tokens, open);
  if (close < 0) return undefined;
  const text = (bytes: string) => decodeBytes(bytes, charset);
  const columns: DumpColumn[] = [];
  const indexes: DumpIndex[] = [];
  const foreignKeys: DumpForeignKey[] = [];
  let primaryKey: string[] = [];
  for (const item of splitList(tokens.slice(open + 1, close))) {
    const first = item[0];
    if (first === undefined) continue;
    if (first.kind === "word" && keyWords.has(first.value)) {
      const words = item.map((token) => (token.kind === "word" ? token.value : ""));
      if (words.includes("FOREIGN")) foreignKeys.push(readForeignKey(item, text));
      else if (words.includes("PRIMARY")) primaryKey = readNames(item, text);
      else if (!words.includes("CHECK") && first.value !== "PERIOD")
        indexes.push({ unique: words.includes("UNIQUE"), columns: readNames(item, text) });
    } else {
      columns.push(readColumn(item, text));
      const words = item.map((token) => (token.kind === "word" ? token.value : ""));
      if (words.includes("PRIMARY")) primaryKey = [columns.at(-1)!.name];
      else if (words.includes("UNIQUE")) indexes.push({ unique: true, columns: [columns.at(-1)!.name] });
    }
  }
  const options = tokens.slice(close + 1);
  return {
    columns,
    primaryKey,
    indexes,
    foreignKeys,
    engine: option(options, "ENGINE")?.toLowerCase(),
    charset: (option(options, "CHARSET") ?? option(options, "SET"))?.toLowerCase(),
    collation: option(options, "COLLATE")?.toLowerCase(),
    comment: text(option(options, "COMMENT") ?? ""),
  };
}

/** The columns whose values lie in a store. */
export function externalColumns(ddl: TableDdl): ExternalColumn[] {
  return ddl.columns.flatMap(({ name, comment }) => {
    const found = /^:<?(blob|attach|filepath|object|hash|npy)@([^:>]*)>?:/.exec(comment);
    if (found === null) return [];
    const kind = /^(hash|npy)$/.test(found[1]!) ? "object" : (found[1] as ExternalColumn["kind"]);
    return [{ column: name, kind, store: found[2]! }];
  });
}

/** The `)` that closes the `(` at `open`; -1 without one. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]!.text === "(") depth++;
    if (tokens[i]!.text === ")" && --depth === 0) return i;
  }
  return -1;
}

/** What stands between the commas that are in no parentheses. */
function splitList(tokens: readonly Token[]): Token[][] {
  const items: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === "(") depth++;
    if (token.text === ")") depth--;
    if (token.text === "," && depth === 0) items.push([]);
    else items.at(-1)!.push(token);
  }
  return items;
}

type Decode = (bytes: string) => string;

/** The names in the first parentheses: `(`a`,`b`(10) DESC)`. */
function readNames(item: readonly Token[], text: Decode): string[] {
  const open = item.findIndex((token) => token.text === "(");
  if (open < 0) return [];
  return splitList(item.slice(open + 1, closing(item, open))).map((part) => text(nameOf(part[0]) ?? ""));
}

function readForeignKey(item: readonly Token[], text: Decode): DumpForeignKey {
  const at = item.findIndex((token) => token.value === "REFERENCES" && token.kind === "word");
  const parent = item.slice(at + 1);
  const isQualified = parent[1]?.text === ".";
  const decoded = (token: Token | undefined) => text(nameOf(token) ?? "");
  return {
    name: item[0]!.value === "CONSTRAINT" && item[1]!.value !== "FOREIGN" ? decoded(item[1]) : undefined,
    columns: readNames(item, text),
    parentSchema: isQualified ? decoded(parent[0]) : undefined,
    parentTable: decoded(parent[isQualified ? 2 : 0]),
    parentColumns: readNames(parent, text),
  };
}

function readColumn(item: readonly Token[], text: Decode): DumpColumn {
  let at = 1;
  let type = item[at++]?.text.toLowerCase() ?? "";
  if (item[at]?.text === "(") {
    const close = closing(item, at);
    type += item
      .slice(at, close + 1)
      .map((token) => token.text)
      .join("");
    at = close + 1;
  }
  for (; item[at]?.kind === "word" && typeWords.has(item[at]!.value); at++)
    type += ` ${item[at]!.text.toLowerCase()}`;
  const words = item.map((token) => (token.kind === "word" ? token.value : ""));
  const valueBehind = (word: string, offset = 1): Token | undefined => {
    const i = topLevel(item, word, at);
    return i < 0 ? undefined : item[i + offset];
  };
  const isGenerated = topLevel(item, "AS", at) >= 0;
  const defaultAt = topLevel(item, "DEFAULT", at);
  const written = defaultAt < 0 ? [] : defaultTokens(item, defaultAt + 1);
  const isLiteral =
    written.length > 0 &&
    written.every((token) => /^(string|number)$/.test(token.kind) || /^[-+]$/.test(token.text));
  const isNull = written.length === 0 || (written.length === 1 && written[0]!.value === "NULL");
  const comment = valueBehind("COMMENT");
  return {
    name: text(nameOf(item[0]) ?? ""),
    type: text(type),
    nullable: !words.some((word, i) => word === "NOT" && words[i + 1] === "NULL"),
    default: isNull
      ? null
      : isLiteral
        ? text(written.map((token) => token.value).join(""))
        : text(written.map((token) => token.text).join("")),
    isDefaultExpression: !isNull && !isLiteral,
    autoIncrement: words.includes("AUTO_INCREMENT"),
    isGenerated,
    charset: (valueBehind("SET") ?? valueBehind("CHARSET"))?.value.toLowerCase(),
    collation: valueBehind("COLLATE")?.value.toLowerCase(),
    comment: comment?.kind === "string" ? text(comment.value) : "",
  };
}

/** The word, outside parentheses, from `from` on; -1 without it. */
function topLevel(item: readonly Token[], word: string, from: number): number {
  let depth = 0;
  for (let i = from; i < item.length; i++) {
    const token = item[i]!;
    if (token.text === "(") depth++;
    else if (token.text === ")") depth--;
    else if (depth === 0 && token.kind === "word" && token.value === word) return i;
  }
  return -1;
}

/** The tokens of a default: a sign and a number, a literal with its introducer, a word with its parentheses, or parentheses. */
export function defaultTokens(item: readonly Token[], from: number): readonly Token[] {
  let at = from;
  if (/^[-+]$/.test(item[at]?.text ?? "")) at++;
  if (item[at]?.kind === "word" && /^(_\w+|[XBN])$/i.test(item[at]!.text) && item[at + 1]?.kind === "string")
    return item.slice(at + 1, at + 2);
  const start = at;
  if (item[at]?.text !== "(") at++;
  // 0.50 comes as number, dot, number
  while (item[at]?.text === "." && !item[at]!.isSpaced) at += 2;
  if (item[at]?.text === "(" && item[start]?.kind !== "string" && item[start]?.kind !== "number")
    at = closing(item, at) + 1;
  return item.slice(from, at);
}

function option(options: readonly Token[], word: string): string | undefined {
  const at = topLevel(options, word, 0);
  if (at < 0) return undefined;
  const value = options[at + 1]?.text === "=" ? options[at + 2] : options[at + 1];
  return value?.kind === "word" ? value.text : value?.value;
}

/**
 * @module
 * Reads a table definition, line by line; what its names refer to is resolved later (`declaration.ts`).
 *
 *     # table comment
 *     name [= default] : type [# comment]
 *     -> [nullable, unique] Parent            also Module.Parent, Master.Part, master
 *     -> Parent.proj(new='old', ...)
 *     ---
 *     [unique] index (name, ...)
 *
 * This parser is the judge of what a definition means; `definition-types.ts` mirrors it (contract: datajoint.md 2.1, 2.2). What a newcomer
 * would get wrong: a default ends at the first colon outside of quotes, so `at="12:30:00" : time` is fine and `at=12:30 : time` is not.
 */
import { DefinitionError } from "../errors.ts";

export interface AttributeItem {
  readonly kind: "attribute";
  readonly name: string;
  /** The type as written. */
  readonly type: string;
  /** The default as written; undefined without one. */
  readonly default: string | undefined;
  readonly comment: string;
  readonly inKey: boolean;
  /** Line of the definition, from 1. */
  readonly line: number;
}

export interface ForeignKeyItem {
  readonly kind: "foreignKey";
  /** As written: `Session`, `ElectrodeConfig.Electrode`, `master`. */
  readonly parent: string;
  /** Old names of the parent's key by their new ones. */
  readonly renames: ReadonlyMap<string, string>;
  readonly isNullable: boolean;
  readonly isUnique: boolean;
  readonly inKey: boolean;
  readonly line: number;
}

export interface IndexItem {
  readonly kind: "index";
  readonly isUnique: boolean;
  /** Attribute names, or expressions as written. */
  readonly items: readonly string[];
  readonly line: number;
}

export type DefinitionItem = AttributeItem | ForeignKeyItem | IndexItem;

export interface ParsedDefinition {
  readonly comment: string;
  readonly items: readonly DefinitionItem[];
}

/** @throws DefinitionError naming the line */
export function parseDefinition(text: string): ParsedDefinition {
  const lines = text.split("\n");
  const items: DefinitionItem[] = [];
  let comment = "";
  let inKey = true;
  let isFirst = true;
  lines.forEach((raw, index) => {
    const line = raw.trim();
    const number = index + 1;
    if (line === "") return;
    const wasFirst = isFirst;
    isFirst = false;
    if (line.startsWith("#")) {
      if (wasFirst) comment = checkedComment(line.slice(1).trim(), "The table's comment", number);
      return;
    }
    if (line.startsWith("---") || line.startsWith("___")) inKey = false;
    else if (/^[^"'#]*->/.test(line)) items.push(foreignKey(line, inKey, number));
    else if (/^(unique\s+)?index\s*\(/i.test(line)) items.push(indexItem(line, number));
    else items.push(attribute(line, inKey, number));
  });
  return { comment, items };
}

function attribute(line: string, inKey: boolean, number: number): AttributeItem {
  const colon = outsideQuotes(line, ":");
  if (colon < 0) throw new DefinitionError(`expected 'name : type', got '${line}'.`, number);
  const head = line.slice(0, colon);
  const [type, comment] = splitComment(line.slice(colon + 1));
  const equals = head.indexOf("=");
  const name = (equals < 0 ? head : head.slice(0, equals)).trim();
  const written = equals < 0 ? undefined : head.slice(equals + 1).trim();
  if (name.startsWith("_"))
    throw new DefinitionError(
      `'${name}' begins with an underscore, which marks hidden columns. Begin with a letter.`,
      number,
    );
  if (!/^[a-z][a-z0-9_]*$/.test(name) || name.length > 64)
    throw new DefinitionError(
      `'${name}' is no attribute name: lower-case letters, digits and underscores, beginning with a letter, at most 64.`,
      number,
    );
  if (written === "") throw new DefinitionError(`attribute '${name}' has an '=' but no default.`, number);
  if (written !== undefined && /['"]/.test(written) && !isQuoted(written))
    throw new DefinitionError(
      `the default of '${name}' is no text in quotes: ${written} (a quote inside is doubled)`,
      number,
    );
  if (type === "") throw new DefinitionError(`attribute '${name}' has no type.`, number);
  return {
    kind: "attribute",
    name,
    type,
    default: written,
    comment: checkedComment(comment, `The comment of '${name}'`, number),
    inKey,
    line: number,
  };
}

const referencePattern =
  /^->\s*(?:\[(?<options>[^\]]*)\]\s*)?(?<parent>[A-Za-z_][\w.]*?)(?:\.proj\((?<renames>[^()]*)\))?\s*(?:\(\s*\))?\s*(?:#.*)?$/;

function foreignKey(line: string, inKey: boolean, number: number): ForeignKeyItem {
  const found = referencePattern.exec(line);
  if (found === null)
    throw new DefinitionError(
      `'${line}' is no reference that can be read: expected '-> Parent', '-> [nullable] Parent' or '-> Parent.proj(new="old")'.`,
      number,
    );
  const { options = "", parent = "", renames = "" } = found.groups!;
  const flags = options
    .split(",")
    .map((option) => option.trim().toLowerCase())
    .filter((option) => option !== "");
  const unknown = flags.find((flag) => flag !== "nullable" && flag !== "unique");
  if (unknown !== undefined)
    throw new DefinitionError(
      `'${unknown}' is no option of a reference; there are nullable and unique.`,
      number,
    );
  const isNullable = flags.includes("nullable");
  if (isNullable && inKey)
    throw new DefinitionError(`a reference in the primary key cannot be nullable: '${line}'.`, number);
  return {
    kind: "foreignKey",
    parent,
    renames: readRenames(renames, line, number),
    isNullable,
    isUnique: flags.includes("unique"),
    inKey,
    line: number,
  };
}

function readRenames(text: string, line: string, number: number): ReadonlyMap<string, string> {
  const renames = new Map<string, string>();
  for (const piece of text.split(",")) {
    if (piece.trim() === "") continue;
    const found = /^\s*([a-z][a-z0-9_]*)\s*=\s*(?:"([a-z][a-z0-9_]*)"|'([a-z][a-z0-9_]*)')\s*$/.exec(piece);
    if (found === null)
      throw new DefinitionError(
        `'${piece.trim()}' in '${line}' is no rename: expected new="old", in lower-case names.`,
        number,
      );
    const [, name = "", old = found[3]!] = found;
    if ([...renames.values()].includes(old))
      throw new DefinitionError(`'${old}' is renamed twice in '${line}'.`, number);
    renames.set(name, old);
  }
  return renames;
}

function indexItem(line: string, number: number): IndexItem {
  const [body] = splitComment(line);
  const found = /^(unique\s+)?index\s*\((.*)\)$/is.exec(body);
  if (found === null)
    throw new DefinitionError(`'${line}' is no index: expected 'index (name, ...)'.`, number);
  const items = splitItems(found[2]!);
  if (items.length === 0) throw new DefinitionError(`the index '${line}' names no attribute.`, number);
  return { kind: "index", isUnique: found[1] !== undefined, items, line: number };
}

/** Splits at commas that are outside of parentheses. */
function splitItems(text: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const character = text[i];
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (i < text.length && (character !== "," || depth > 0)) continue;
    const item = text.slice(start, i).trim();
    if (item !== "") items.push(item);
    start = i + 1;
  }
  return items;
}

/** Where a character stands outside of quotes; -1 when nowhere. */
function outsideQuotes(text: string, wanted: string): number {
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === wanted) return i;
    else if (character === "'" || character === '"') quote = character;
  }
  return -1;
}

/** A text and the comment behind the first `#` outside of quotes. */
function splitComment(text: string): [string, string] {
  const hash = outsideQuotes(text, "#");
  if (hash < 0) return [text.trim(), ""];
  return [
    text.slice(0, hash).trim(),
    text
      .slice(hash + 1)
      .replace(/#+\s*$/, "")
      .trim(),
  ];
}

function isQuoted(text: string): boolean {
  const quote = text[0]!;
  return (
    text.length >= 2 &&
    /^['"]/.test(text) &&
    text.endsWith(quote) &&
    !text
      .slice(1, -1)
      .replaceAll(quote + quote, "")
      .includes(quote)
  );
}

function checkedComment(comment: string, what: string, line: number): string {
  if (comment.startsWith(":"))
    throw new DefinitionError(
      `${what} begins with a colon, which marks stored types: '${comment}'. Begin with a word.`,
      line,
    );
  return comment;
}

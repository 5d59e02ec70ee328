/**
 * @module
 * Reads SQL that the user wrote (conditions, computed attributes) far enough to know its names and literals.
 *
 * Names are checked against the heading and quoted. Text literals, in '…' or "…" as MySQL takes them, are bound as parameters, so that they
 * mean the same on every database (SQLite would take "…" for a name); literal.ts says what they are. Functions, operators and words with
 * capitals go through as they are.
 */
import type { Heading } from "../definition/heading.ts";
import { QuerySyntaxError, UnknownAttributeError } from "../errors.ts";
import { literalValue } from "./literal.ts";
import type { Expression, ExpressionPiece } from "./nodes.ts";

/** Never an attribute, whatever the heading says. */
const operators = new Set(
  "and or not is in between like null true false case when then else end as".split(" "),
);

/** Words that SQL knows in this place; an attribute of that name comes first. */
const keywords = new Set(
  (
    "xor div mod rlike regexp glob escape collate binary distinct all any some exists interval asc desc over partition by order rows range " +
    "preceding following current row unbounded separator select from where group having limit offset union on using join left inner cross " +
    "values cast convert signed unsigned integer decimal char date time datetime timestamp double float real json " +
    "microsecond second minute hour day week month quarter year current_date current_time current_timestamp localtime localtimestamp " +
    "utc_date utc_time utc_timestamp unknown nocase sounds"
  ).split(" "),
);

const tokenPattern =
  /(?<string>'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*")|(?<quoted>`(?:[^`]|``)+`)|(?<number>\d[\w.]*|\.\d\w*)|(?<word>[A-Za-z_$][\w$]*(?:\.[A-Za-z_][\w]*|\[\d+\])*(?::(?:(?:un)?signed|double|float|decimal\(\d+(?:,\d+)?\)|char\(\d+\)|date|datetime|time))?)|(?<space>\s+)|(?<other>[\s\S])/gy;

export interface ExpressionOptions {
  /** Whether FLOAT attributes are read with all digits, as values that reach the user must be. Default: false. */
  readonly exactFloats?: boolean;
}

/**
 * Reads an expression over the attributes of a heading.
 *
 * @param where  what the expression is, for messages: `The condition`, `Attribute 'n'`
 * @throws UnknownAttributeError for a lower-case word that is neither an attribute nor SQL's
 * @throws QuerySyntaxError for an unclosed quote, a comment, `;`, `?`, `||` or `&&`
 * @throws ValueError for a text that a date or time is compared with, and that is none
 */
export function parseExpression(
  text: string,
  heading: Heading,
  where: string,
  options: ExpressionOptions = {},
): Expression {
  if (text.trim() === "") throw new QuerySyntaxError(`${where} is empty.`, "expression", text);
  const pieces: ExpressionPiece[] = [];
  const tokens = [...text.matchAll(tokenPattern)];
  tokens.forEach((token, i) => {
    const { string, quoted, word, other } = token.groups!;
    if (string !== undefined) pieces.push({ kind: "literal", ...literalValue(tokens, i, heading) });
    else if (quoted !== undefined) pieces.push(quotedPiece(quoted, heading, options));
    else if (word !== undefined) pieces.push(wordPiece(word, tokens, i, heading, where, text, options));
    else {
      const next = tokens[i + 1]?.[0];
      if (other !== undefined) refuse(other, next, where, text);
      pieces.push({ kind: "text", text: token[0] });
    }
  });
  return { pieces: merged(pieces) };
}

/** Names of the attributes that an expression uses. */
export function namesIn(expression: Expression): ReadonlySet<string> {
  return new Set(
    expression.pieces.flatMap((piece) =>
      piece.kind === "name" || piece.kind === "json" ? [piece.name] : [],
    ),
  );
}

function wordPiece(
  word: string,
  tokens: readonly RegExpMatchArray[],
  i: number,
  heading: Heading,
  where: string,
  text: string,
  options: ExpressionOptions,
): ExpressionPiece {
  const asText: ExpressionPiece = { kind: "text", text: word };
  const [base = "", type] = word.split(/:(?=[a-z])/);
  const [head = "", ...path] = base.split(/\.|(?=\[)/);
  if (path.length > 0) {
    if (heading.get(head)?.kind === "json") {
      return { kind: "json", name: head, path: base.slice(head.length).replace(/^\./, ""), type };
    }
    throw new UnknownAttributeError(
      `${where} '${text}': '${head}' is no JSON attribute, so '${base}' names nothing.`,
      "expression",
      text,
    );
  }
  if (type !== undefined)
    throw new QuerySyntaxError(`${where} '${text}' cannot be read at '${word}'.`, "expression", text);
  const isLower = word === word.toLowerCase();
  if (operators.has(word) || !isLower) return asText;
  const before = neighbour(tokens, i, -1);
  const after = neighbour(tokens, i, 1);
  // a call, and the type in CAST(x AS type)
  if (after === "(" || before?.toLowerCase() === "as") return asText;
  const attribute = heading.get(word);
  if (attribute !== undefined && !isUnitOfInterval(tokens, i)) return namePiece(word, heading, options);
  if (keywords.has(word)) return asText;
  throw new UnknownAttributeError(
    `${where} '${text}': attribute '${word}' is not found. The attributes are ${heading.names.join(", ")}.`,
    "expression",
    text,
  );
}

function namePiece(name: string, heading: Heading, options: ExpressionOptions): ExpressionPiece {
  const attribute = heading.get(name)!;
  const isSingle =
    options.exactFloats === true && attribute.kind === "float" && /^float\b/i.test(attribute.type);
  return { kind: "name", name, isSingle };
}

function quotedPiece(quoted: string, heading: Heading, options: ExpressionOptions): ExpressionPiece {
  const name = quoted.slice(1, -1).replaceAll("``", "`");
  return heading.has(name) ? namePiece(name, heading, options) : { kind: "text", text: quoted };
}

/** `interval 2 day`: the unit, also where an attribute has its name. */
function isUnitOfInterval(tokens: readonly RegExpMatchArray[], i: number): boolean {
  const words = tokens.slice(0, i).filter((token) => token.groups!.space === undefined);
  return words.at(-2)?.[0].toLowerCase() === "interval";
}

function neighbour(tokens: readonly RegExpMatchArray[], i: number, step: number): string | undefined {
  let at = i + step;
  while (tokens[at]?.groups?.space !== undefined) at += step;
  return tokens[at]?.[0];
}

function refuse(character: string, next: string | undefined, where: string, text: string): void {
  const fail = (problem: string): never => {
    throw new QuerySyntaxError(`${where} '${text}' ${problem}`, "expression", text);
  };
  if (character === "'" || character === '"' || character === "`") fail(`has an unclosed ${character}.`);
  if (character === ";") fail("holds a ';': only one expression may stand there.");
  if (character === "?") fail("holds a '?': write the value itself.");
  if (character === "#" || (character === "-" && next === "-") || (character === "/" && next === "*"))
    fail("holds a comment.");
  // MySQL's `||` is OR, SQLite's joins texts
  if (character === next && (character === "|" || character === "&"))
    fail(
      `holds '${character}${character}', which databases read differently: write ${character === "|" ? "OR, or concat(a, b)" : "AND"}.`,
    );
}

function merged(pieces: readonly ExpressionPiece[]): ExpressionPiece[] {
  const result: ExpressionPiece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (piece.kind === "text" && last?.kind === "text")
      result[result.length - 1] = { kind: "text", text: last.text + piece.text };
    else result.push(piece);
  }
  return result;
}

/**
 * @module
 * Text literals of expressions: what they mean to MySQL, and in the form in which attributes are kept, so that databases that compare texts
 * find what MySQL finds.
 *
 * What a newcomer would get wrong: `day > '2024-1-5'` compares dates on MySQL, but texts on SQLite, where nothing would be found. So a text
 * next to a date or time is read as one.
 */
import type { Heading, HeadingAttribute } from "../definition/heading.ts";
import { canonicalTemporal } from "./temporal.ts";

type Tokens = readonly RegExpMatchArray[];

export interface Literal {
  readonly value: string;
  readonly isPattern: boolean;
}

/**
 * Reads the text literal at a place among the tokens of an expression.
 *
 * @throws ValueError when it is compared with a date or time, and is none
 */
export function literalValue(tokens: Tokens, i: number, heading: Heading): Literal {
  const words = tokens.filter((token) => token.groups!.space === undefined);
  const at = words.indexOf(tokens[i]!);
  const text = unquote(tokens[i]![0]);
  const isPattern = wordAt(words, at - 1) === "like" && wordAt(words, at + 1) !== "escape";
  const attribute = comparedWith(words, at, heading);
  const value = attribute?.kind === "temporal" ? canonicalTemporal(attribute, text, false) : text;
  return { value, isPattern };
}

/** The attribute that the literal is compared with: `a = '…'`, `'…' < a`, `a BETWEEN '…' AND '…'`, `a IN ('…', '…')`. */
function comparedWith(words: Tokens, at: number, heading: Heading): HeadingAttribute | undefined {
  const attribute = (place: number) => heading.get(wordAt(words, place).replaceAll("`", ""));
  const beforeNot = (place: number) => (wordAt(words, place) === "not" ? place - 1 : place);
  let place = at - 1;
  while (isComparison(wordAt(words, place))) place--;
  if (place < at - 1) return attribute(place);
  place = at + 1;
  while (isComparison(wordAt(words, place))) place++;
  if (place > at + 1) return attribute(place);
  const before = wordAt(words, at - 1);
  if (before === "between") return attribute(beforeNot(at - 2));
  if (before === "and" && wordAt(words, at - 3) === "between") return attribute(beforeNot(at - 4));
  place = at - 1;
  while (wordAt(words, place) === "," || words[place]?.groups?.string !== undefined) place--;
  if (wordAt(words, place) === "(" && wordAt(words, place - 1) === "in")
    return attribute(beforeNot(place - 2));
  return undefined;
}

function isComparison(word: string): boolean {
  return word === "=" || word === "<" || word === ">" || word === "!";
}

function wordAt(words: Tokens, place: number): string {
  return words[place]?.[0].toLowerCase() ?? "";
}

const escapes: Readonly<Record<string, string>> = {
  "0": "\0",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  Z: "\x1a",
};

/** The value of a literal as MySQL reads it: doubled quotes and backslashes; `\%` and `\_` keep theirs, for LIKE. */
function unquote(literal: string): string {
  const quote = literal[0]!;
  return literal.slice(1, -1).replaceAll(/\\([\s\S])|''|""/g, (found, escaped: string | undefined) => {
    if (escaped === undefined) return found[0] === quote ? quote : found;
    if (escaped === "%" || escaped === "_") return found;
    return escapes[escaped] ?? escaped;
  });
}

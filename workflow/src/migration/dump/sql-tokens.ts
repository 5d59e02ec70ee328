/**
 * @module
 * One SQL statement as tokens, with versioned comments (`/*!40101 ... *\/`, MariaDB's `/*M!100100 ... *\/`) resolved as a server would.
 *
 * Texts are byte strings: one character (U+0000 to U+00FF) is one byte of the dump, whatever its character set; keywords and punctuation are
 * ASCII in every set that a dump may use (character-sets.ts). What a newcomer would get wrong: what stands in a versioned comment is code, so
 * it must be looked at like the rest, and `joined(tokens)` is what may be sent: it holds no comment any more.
 */
import { DumpError } from "./dump-error.ts";

export interface Token {
  /** `word`: keyword, function, bare name, `name`: quoted name, `string`: literal in quotes, `number`, `symbol`: one character. */
  readonly kind: "word" | "name" | "string" | "number" | "symbol";
  /** As it stands. */
  readonly text: string;
  /** A word in upper case; a name or string without quotes and escapes; else like `text`. */
  readonly value: string;
  /** White space or a comment stood before it. */
  readonly isSpaced: boolean;
  /** It stood in a versioned comment. */
  readonly isConditional: boolean;
}

export interface TokenRules {
  /** sql_mode ANSI_QUOTES: "x" is a name. Default: false. */
  readonly ansiQuotes?: boolean;
  /** False under sql_mode NO_BACKSLASH_ESCAPES. Default: true. */
  readonly backslashEscapes?: boolean;
  /** Whether what a versioned comment holds is code. Default: always. */
  readonly isExecuted?: (comment: VersionedComment) => boolean;
}

export interface VersionedComment {
  /** `/*M!`: for MariaDB alone. */
  readonly isMariadb: boolean;
  /** 50001, 100100; 0 without a number. */
  readonly version: number;
}

const wordPattern = /[A-Za-z0-9_$\x80-\xff]+/y;
const versionPattern = /\d{5,6}/y;
const spacePattern = /[\s\0]+/y;

/**
 * @param text  one statement, as a byte string
 * @throws DumpError `dump-syntax` for a string, name or comment without an end
 */
export function tokenize(text: string, rules: TokenRules = {}, where = ""): Token[] {
  const { ansiQuotes = false, backslashEscapes = true, isExecuted = () => true } = rules;
  const tokens: Token[] = [];
  let at = 0;
  let isSpaced = false;
  let depth = 0;
  const add = (kind: Token["kind"], end: number, value: string) => {
    tokens.push({ kind, text: text.slice(at, end), value, isSpaced, isConditional: depth > 0 });
    at = end;
    isSpaced = false;
  };
  const skipTo = (mark: string, from: number) => {
    const end = text.indexOf(mark, from);
    if (end < 0 && mark !== "\n") throw unfinished("comment", where);
    at = end < 0 ? text.length : end + mark.length;
    isSpaced = true;
  };
  while (at < text.length) {
    const c = text[at]!;
    if (matchAt(spacePattern, text, at) > 0) {
      at += matchAt(spacePattern, text, at);
      isSpaced = true;
    } else if (c === "'" || (c === '"' && !ansiQuotes)) {
      const end = endOfString(text, at, backslashEscapes);
      if (end < 0) throw unfinished("string", where);
      add("string", end, unquoteString(text.slice(at + 1, end - 1), c, backslashEscapes));
    } else if (c === "`" || c === '"') {
      const end = endOfString(text, at, false);
      if (end < 0) throw unfinished("name", where);
      add("name", end, text.slice(at + 1, end - 1).replaceAll(c + c, c));
    } else if (c === "#" || (c === "-" && /^--([\s\0]|$)/.test(text.slice(at, at + 3)))) skipTo("\n", at);
    else if (text.startsWith("/*!", at) || text.startsWith("/*M!", at)) {
      const isMariadb = text[at + 2] === "M";
      const from = at + (isMariadb ? 4 : 3);
      const digits = matchAt(versionPattern, text, from);
      const version = digits === 0 ? 0 : Number(text.slice(from, from + digits));
      if (isExecuted({ isMariadb, version })) {
        depth++;
        at = from + digits;
        isSpaced = true;
      } else skipTo("*/", from);
    } else if (text.startsWith("/*", at)) skipTo("*/", at + 2);
    else if (depth > 0 && text.startsWith("*/", at)) {
      depth--;
      at += 2;
      isSpaced = true;
    } else {
      const length = matchAt(wordPattern, text, at);
      if (length === 0) add("symbol", at + 1, c);
      else {
        const word = text.slice(at, at + length);
        const isNumber = /^(\d+|0x[0-9a-f]+|\d+e\d*)$/i.test(word);
        add(isNumber ? "number" : "word", at + length, isNumber ? word : word.toUpperCase());
      }
    }
  }
  if (depth > 0) throw unfinished("comment", where);
  return tokens;
}

/** The statement without its comments, as a byte string. */
export function joined(tokens: readonly Token[]): string {
  return tokens.map((token, i) => (token.isSpaced && i > 0 ? ` ${token.text}` : token.text)).join("");
}

/** The token as a name: quoted or bare; undefined for anything else. */
export function nameOf(token: Token | undefined): string | undefined {
  if (token?.kind === "name") return token.value;
  return token?.kind === "word" ? token.text : undefined;
}

/** Where the string that begins at `start` ends (one behind its closing quote); -1 when it does not. */
export function endOfString(text: string, start: number, backslashEscapes: boolean): number {
  const quote = text[start]!;
  for (let at = start + 1; ; ) {
    const found = text.indexOf(quote, at);
    if (found < 0) return -1;
    let backslashes = 0;
    if (backslashEscapes)
      while (found - 1 - backslashes > start && text[found - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 1) at = found + 1;
    else if (text[found + 1] === quote) at = found + 2;
    else return found + 1;
  }
}

const escapes: Readonly<Record<string, string>> = {
  "0": "\0",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  Z: "\x1a",
};

function unquoteString(inner: string, quote: string, backslashEscapes: boolean): string {
  const pattern = backslashEscapes
    ? new RegExp(`\\\\([^])|${quote}${quote}`, "g")
    : new RegExp(quote + quote, "g");
  return inner.replace(pattern, (_, escaped?: string) =>
    typeof escaped === "string" && backslashEscapes ? (escapes[escaped] ?? escaped) : quote,
  );
}

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

function unfinished(what: string, where: string): DumpError {
  return new DumpError(
    "dump-syntax",
    where,
    `A ${what} has no end${where === "" ? "" : ` in the statement at ${where}`}.`,
  );
}

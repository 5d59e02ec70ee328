/**
 * @module
 * Where a statement ends in bytes, as the mysql client splits: at the delimiter, outside strings, quoted names and comments. Versioned
 * comments are code, so what stands in them counts.
 *
 * What a newcomer would get wrong: the star of `/*!40001 SQL_NO_CACHE *\/* FROM t` opens no comment. MySQL's client knows that; Debian's mariadb
 * client 10.11 does not, and swallows what follows up to the next end of a comment (both run).
 */

export interface SplitRules {
  /** `;` unless a DELIMITER line said otherwise. */
  readonly delimiter: Buffer;
  readonly backslashEscapes: boolean;
  readonly ansiQuotes: boolean;
}

/**
 * The first byte of the delimiter.
 *
 * @param from  inside no string, name or comment
 * @returns -1 when it is not among the bytes up to `end`
 */
export function findStatementEnd(bytes: Buffer, from: number, end: number, rules: SplitRules): number {
  const { delimiter, backslashEscapes } = rules;
  const first = delimiter[0]!;
  // versioned comments that are open: `*/` ends one, and its slash opens no other
  let depth = 0;
  let p = from;
  while (p < end) {
    const c = bytes[p]!;
    // a delimiter may begin with any byte, also with one that means something else
    if (c === first && isAt(bytes, p, end, delimiter)) return p;
    switch (c) {
      case 0x27:
      case 0x22:
        p = skipQuoted(bytes, p, end, backslashEscapes && !(c === 0x22 && rules.ansiQuotes));
        break;
      case 0x60:
        p = skipQuoted(bytes, p, end, false);
        break;
      case 0x23:
        p = behind(bytes, p, end, 0x0a);
        break;
      case 0x2d:
        if (bytes[p + 1] === 0x2d && p + 2 < end && bytes[p + 2]! <= 0x20) p = behind(bytes, p, end, 0x0a);
        else p++;
        break;
      case 0x2f: {
        const length = versionedStart(bytes, p);
        if (length > 0) depth++;
        p = length > 0 ? p + length : skipComment(bytes, p, end);
        break;
      }
      case 0x2a:
        if (depth > 0 && p + 1 < end && bytes[p + 1] === 0x2f) {
          depth--;
          p += 2;
        } else p++;
        break;
      default:
        p++;
    }
  }
  return -1;
}

function isAt(bytes: Buffer, p: number, end: number, delimiter: Buffer): boolean {
  if (p + delimiter.length > end) return false;
  for (let i = 1; i < delimiter.length; i++) if (bytes[p + i] !== delimiter[i]) return false;
  return true;
}

function behind(bytes: Buffer, from: number, end: number, byte: number): number {
  const found = bytes.indexOf(byte, from);
  return found < 0 || found >= end ? end : found + 1;
}

/** Behind the closing quote, or `end`. A doubled quote ends and begins, which comes to the same. */
export function skipQuoted(bytes: Buffer, start: number, end: number, backslashEscapes: boolean): number {
  const quote = bytes[start]!;
  for (let at = start + 1; ; ) {
    const found = bytes.indexOf(quote, at);
    if (found < 0 || found >= end) return end;
    let first = found - 1;
    if (backslashEscapes) while (first > start && bytes[first] === 0x5c) first--;
    if ((found - 1 - first) % 2 === 0) return found + 1;
    at = found + 1;
  }
}

/** Bytes of the beginning of a comment that is code, MySQL's or MariaDB's; 0 when there is none. */
function versionedStart(bytes: Buffer, p: number): number {
  if (bytes[p + 1] !== 0x2a) return 0;
  if (bytes[p + 2] === 0x21) return 3;
  return bytes[p + 2] === 0x4d && bytes[p + 3] === 0x21 ? 4 : 0;
}

function skipComment(bytes: Buffer, p: number, end: number): number {
  if (bytes[p + 1] !== 0x2a) return p + 1;
  const found = bytes.indexOf("*/", p + 2, "latin1");
  return found < 0 || found + 2 > end ? end : found + 2;
}

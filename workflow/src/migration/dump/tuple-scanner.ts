/**
 * @module
 * The values of an INSERT, `(1,'a'),(2,NULL);`, found in bytes without decoding them: where each row ends, and that nothing but literals
 * stands there.
 *
 * It stops and goes on anywhere: `scan` is called again when more bytes have come, and never looks at a byte twice, however long a row is.
 * What a newcomer would get wrong: a quote behind an odd number of backslashes does not end a string, and a doubled one does not either.
 */

/** Where the scanner is; numbers, since it asks at every value. */
const beforeRow = 0;
const beforeValue = 1;
const inString = 2;
const afterQuote = 3;
const inWord = 4;
const afterValue = 5;
const afterRow = 6;
const atEnd = 7;

/** Bytes of a bare word: digits, letters, `_ . $`, and signs, which stand in numbers (`1e-5`). */
const isWordByte = new Uint8Array(256);
for (const c of "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.$+-")
  isWordByte[c.charCodeAt(0)] = 1;

const literalWord =
  /^(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|0x[0-9a-f]*|0b[01]+|null|default|true|false)$/i;
const introducer = /^(?:_[a-z0-9]+|n|x|b)$/i;

/** Bytes of a string that are looked at one by one before searching it for a quote, which has a price of its own. */
const shortString = 48;

/** Why the values cannot be taken: what stands there, and where. */
export interface Refusal {
  readonly at: number;
  readonly reason: string;
}

export class TupleScanner {
  /** Ends of the rows found by the last `scan`, one behind their `)`. */
  readonly rowEnds: number[] = [];
  /** The number of values in the last row. */
  valueCount = 0;
  #state = beforeRow;
  #position: number;
  /** Where the string or word in hand began; a string begins behind its quote. */
  #start = 0;
  #quote = 0x27;
  #isIntroduced = false;
  readonly #backslashEscapes: boolean;
  readonly #ansiQuotes: boolean;

  constructor(position: number, rules: { readonly backslashEscapes: boolean; readonly ansiQuotes: boolean }) {
    this.#position = position;
    this.#backslashEscapes = rules.backslashEscapes;
    this.#ansiQuotes = rules.ansiQuotes;
  }

  /** Behind the last byte looked at. */
  get position(): number {
    return this.#position;
  }

  /** Whether the `;` was found; `position` is behind it. */
  get isDone(): boolean {
    return this.#state === atEnd;
  }

  /** Bytes were moved to the front of another buffer. */
  shift(by: number): void {
    this.#position -= by;
    this.#start -= by;
  }

  /** Goes on from `position` to `end`; says what stands there that is no row of literals. */
  scan(bytes: Uint8Array, end: number): Refusal | undefined {
    const buffer = bytes as Buffer;
    const { rowEnds } = this;
    rowEnds.length = 0;
    let state = this.#state;
    let p = this.#position;
    let start = this.#start;
    let { valueCount } = this;
    while (p < end && state !== atEnd) {
      const c = bytes[p]!;
      switch (state) {
        case beforeValue: {
          const next = this.#isIntroduced ? p : skipPlainValue(bytes, p, end);
          if (next > p) {
            valueCount++;
            if (bytes[next] === 0x2c) p = next + 1;
            else {
              p = next;
              state = afterValue;
            }
          } else if (c === 0x27 || (c === 0x22 && !this.#ansiQuotes)) {
            this.#quote = c;
            state = inString;
            start = ++p;
          } else if (isWordByte[c] === 1) {
            state = inWord;
            start = p++;
          } else if (isSpace(c)) p++;
          else if (c === 0x29 && valueCount === 0 && !this.#isIntroduced) state = afterValue;
          else return this.#refuse(p, bytes);
          break;
        }
        case inWord: {
          while (p < end && isWordByte[bytes[p]!] === 1) p++;
          if (p === end) break;
          if (bytes[p] === 0x27 || this.#isIntroduced || !isLiteral(bytes, start, p)) {
            const word = buffer.toString("latin1", start, Math.min(p, start + 64));
            if (introducer.test(word) && !this.#isIntroduced) {
              this.#isIntroduced = true;
              state = beforeValue;
              break;
            }
            return this.#refuse(start, bytes);
          }
          this.#isIntroduced = false;
          valueCount++;
          state = afterValue;
          break;
        }
        case inString: {
          const quote = this.#quote;
          const limit = Math.min(end, p + shortString);
          while (p < limit && bytes[p] !== quote && bytes[p] !== 0x5c) p++;
          let at = p;
          if (at >= end) break;
          if (bytes[at] !== quote) {
            at = buffer.indexOf(quote, at);
            if (at < 0 || at >= end) {
              p = end;
              break;
            }
          }
          p = at + 1;
          if (this.#backslashEscapes && bytes[at - 1] === 0x5c) {
            let first = at - 1;
            while (first >= start && bytes[first] === 0x5c) first--;
            if ((at - 1 - first) % 2 === 1) break;
          }
          state = afterQuote;
          break;
        }
        case afterQuote:
          if (c === this.#quote) {
            state = inString;
            // backslashes are counted from here on
            start = ++p;
          } else {
            this.#isIntroduced = false;
            valueCount++;
            if (c === 0x2c) {
              state = beforeValue;
              p++;
            } else state = afterValue;
          }
          break;
        case afterValue:
          if (c === 0x2c) {
            state = beforeValue;
            p++;
          } else if (c === 0x29) {
            rowEnds.push(++p);
            this.valueCount = valueCount;
            state = afterRow;
          } else if (isSpace(c)) p++;
          else return this.#refuse(p, bytes);
          break;
        case afterRow:
          if (c === 0x2c) {
            state = beforeRow;
            p++;
          } else if (c === 0x3b) {
            state = atEnd;
            p++;
          } else if (isSpace(c)) p++;
          else return this.#refuse(p, bytes);
          break;
        default:
          if (c === 0x28) {
            state = beforeValue;
            valueCount = 0;
            p++;
          } else if (isSpace(c)) p++;
          else return this.#refuse(p, bytes);
      }
    }
    this.#state = state;
    this.#position = p;
    this.#start = start;
    this.valueCount = valueCount;
    return undefined;
  }

  #refuse(at: number, bytes: Uint8Array): Refusal {
    const found = (bytes as Buffer).toString("latin1", at, at + 40).replace(/[^\x20-\x7e]/g, "?");
    return { at, reason: `'${found}' stands where a literal value, ',' or ')' must be` };
  }
}

function isSpace(c: number): boolean {
  return c === 0x20 || (c >= 0x09 && c <= 0x0d);
}

/** Numbers and NULL, by far the most of what is not in quotes, when `,` or `)` follows at once: behind the value, else `start`. */
function skipPlainValue(bytes: Uint8Array, start: number, end: number): number {
  let p = start;
  let c = bytes[p]!;
  if (c === 0x4e) {
    if (bytes[p + 1] !== 0x55 || bytes[p + 2] !== 0x4c || bytes[p + 3] !== 0x4c) return start;
    p += 4;
    c = bytes[p]!;
  } else {
    if (c === 0x2d) c = bytes[++p]!;
    const first = p;
    while (c >= 0x30 && c <= 0x39) c = bytes[++p]!;
    if (p === first) return start;
    if (c === 0x2e) {
      c = bytes[++p]!;
      while (c >= 0x30 && c <= 0x39) c = bytes[++p]!;
    }
  }
  // what lies behind `end` are bytes of nobody
  return p < end && (c === 0x2c || c === 0x29) ? p : start;
}

function isLiteral(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 4096) return isHex(bytes, start, end);
  return literalWord.test((bytes as Buffer).toString("latin1", start, end));
}

/** A long word can only be 0x and hexadecimal digits. */
function isHex(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== 0x30 || (bytes[start + 1]! | 0x20) !== 0x78) return false;
  for (let p = start + 2; p < end; p++) {
    const c = bytes[p]!;
    if (!((c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66))) return false;
  }
  return true;
}

/**
 * @module
 * Character sets that a dump may be in, and how their bytes are read here.
 *
 * Only sets in which a quote and a backslash never are the second byte of a character: in the others (gbk, sjis, big5, cp932, gb18030) a
 * splitter of bytes could be led astray.
 */

/** MySQL's name → the label of a TextDecoder. MySQL's latin1 is Windows' 1252. */
const decoders: Readonly<Record<string, string>> = {
  utf8: "utf-8",
  utf8mb3: "utf-8",
  utf8mb4: "utf-8",
  latin1: "windows-1252",
  ascii: "utf-8",
  binary: "utf-8",
  latin2: "iso-8859-2",
  latin5: "iso-8859-9",
  latin7: "iso-8859-13",
  greek: "iso-8859-7",
  hebrew: "iso-8859-8",
  cp1250: "windows-1250",
  cp1251: "windows-1251",
  cp1256: "windows-1256",
  cp1257: "windows-1257",
  koi8r: "koi8-r",
  koi8u: "koi8-u",
};

export function isKnownCharset(name: string): boolean {
  return Object.hasOwn(decoders, name);
}

/** A byte string as people read it; bytes that are no text in `charset` become U+FFFD. */
export function decodeBytes(bytes: Uint8Array | string, charset: string): string {
  const buffer = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
  // a byte order mark is a character of the text like any other
  return new TextDecoder(decoders[charset] ?? "utf-8", { ignoreBOM: true }).decode(buffer);
}

/** The same, or undefined when the bytes are no text in `charset`. */
export function decodeExactly(bytes: Uint8Array, charset: string): string | undefined {
  try {
    return new TextDecoder(decoders[charset] ?? "utf-8", { ignoreBOM: true, fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

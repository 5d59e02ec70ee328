/**
 * @module
 * The header of a NumPy `.npy` file: `\x93NUMPY`, version, length, and a Python dictionary with `descr`, `fortran_order`, `shape`.
 *
 * Source: numpy.lib.format, versions 1.0, 2.0 and 3.0 (length of 2 bytes in 1.0, of 4 after; UTF-8 in 3.0).
 */
import { RecordingError } from "../../errors.ts";

export interface NpyHeader {
  /** As numpy writes it: "<f4", "|b1", ">i8". */
  readonly descr: string;
  readonly isFortranOrder: boolean;
  readonly shape: readonly number[];
  /** Byte where the values begin. */
  readonly dataStart: number;
}

const MAGIC = "\u0093NUMPY";
/** numpy aligns the values so. */
const ALIGNMENT = 64;

/** Reads the header at the beginning of a file's bytes. @throws RecordingError `bad-npy` naming `path` and what is wrong */
export function parseNpyHeader(bytes: Uint8Array, path: string): NpyHeader {
  const fail = (sentence: string) => new RecordingError(`'${path}' ${sentence}`, "bad-npy", path);
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  if (magic !== MAGIC)
    throw fail(`is not a .npy file: it does not begin with \\x93NUMPY (${bytes.length} bytes).`);
  const major = bytes[6];
  if (major !== 1 && major !== 2 && major !== 3)
    throw fail(`is a .npy file of version ${major}; versions 1 to 3 are known.`);
  const lengthBytes = major === 1 ? 2 : 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 + lengthBytes) throw fail("is cut in its header.");
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = 8 + lengthBytes + length;
  if (bytes.length < dataStart) throw fail("is cut in its header.");
  const text = new TextDecoder(major === 3 ? "utf-8" : "latin1").decode(
    bytes.subarray(8 + lengthBytes, dataStart),
  );
  return { ...parseDictionary(text, fail), dataStart };
}

function parseDictionary(text: string, fail: (sentence: string) => RecordingError) {
  const descr = /['"]descr['"]\s*:\s*(?:'([^']*)'|"([^"]*)")/.exec(text);
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text);
  const shape = /['"]shape['"]\s*:\s*\(([^)]*)\)/.exec(text);
  if (/['"]descr['"]\s*:\s*\[/.test(text))
    throw fail(`holds records with named fields, which are not read: ${text.trim()}`);
  if (descr === null || order === null || shape === null)
    throw fail(`has a header that lacks descr, fortran_order or shape: ${text.trim()}`);
  const sizes = shape[1]
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  // Python 2 wrote whole numbers as 3L
  const numbers = sizes.map((size) => Number(size.replace(/L$/, "")));
  if (!numbers.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw fail(`has a shape that is no list of sizes: (${shape[1]})`);
  return { descr: descr[1] ?? descr[2], isFortranOrder: order[1] === "True", shape: numbers };
}

/** The bytes of a header, version 1.0 (2.0 when the shape needs more than 65 535 bytes), padded as numpy pads it. */
export function formatNpyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const isLong = dictionary.length + 10 + ALIGNMENT > 65535;
  const prefix = isLong ? 12 : 10;
  const padding = ALIGNMENT - ((prefix + dictionary.length + 1) % ALIGNMENT);
  const text = dictionary + " ".repeat(padding % ALIGNMENT) + "\n";
  const bytes = new Uint8Array(prefix + text.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, isLong ? 2 : 1, 0]);
  if (isLong) view.setUint32(8, text.length, true);
  else view.setUint16(8, text.length, true);
  bytes.set(new TextEncoder().encode(text), prefix);
  return bytes;
}

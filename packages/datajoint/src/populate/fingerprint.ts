/**
 * @module
 * A hash of what `fetch` returned, so that a second fetch inside the insert transaction can be compared with the first without keeping a
 * copy. Equal values have equal hashes; the order of rows counts, that of an object's properties does not.
 */
import { createHash, type Hash } from "node:crypto";
import { DataJointError } from "../errors.ts";

/** @throws DataJointError for functions, symbols and promises, which have no value to compare, and for cycles */
export function fingerprint(value: unknown): string {
  const hash = createHash("sha256");
  add(hash, value, "fetch's result", new Set());
  return hash.digest("hex");
}

function add(hash: Hash, value: unknown, where: string, above: Set<object>): void {
  switch (typeof value) {
    case "undefined":
      text(hash, "undefined", "");
      break;
    case "boolean":
    case "bigint":
      text(hash, typeof value, String(value));
      break;
    case "number":
      text(hash, "number", Object.is(value, -0) ? "-0" : String(value));
      break;
    case "string":
      text(hash, "string", value);
      break;
    case "object":
      if (value === null) text(hash, "null", "");
      else if (above.has(value)) throw refused(where, "contains itself");
      else {
        above.add(value);
        addObject(hash, value, where, above);
        above.delete(value);
      }
      break;
    default:
      throw refused(where, `is a ${typeof value}`);
  }
}

function addObject(hash: Hash, value: object, where: string, above: Set<object>): void {
  const name = value.constructor?.name ?? "Object";
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    // a Buffer is bytes like any others
    text(hash, value instanceof Uint8Array ? "Uint8Array" : name, String(bytes.length));
    hash.update(bytes);
  } else if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    text(hash, "ArrayBuffer", String(value.byteLength));
    hash.update(new Uint8Array(value));
  } else if (Array.isArray(value)) {
    text(hash, "Array", String(value.length));
    for (const [i, member] of value.entries()) add(hash, member, `${where}[${i}]`, above);
  } else if (value instanceof Map) {
    text(hash, "Map", String(value.size));
    for (const [key, member] of value) {
      add(hash, key, `a key of ${where}`, above);
      add(hash, member, `${where}.get(${String(key)})`, above);
    }
  } else if (value instanceof Set) {
    text(hash, "Set", String(value.size));
    for (const member of value) add(hash, member, `a member of ${where}`, above);
  } else if (value instanceof Date) {
    text(hash, "Date", String(value.getTime()));
  } else if (value instanceof Promise) {
    throw refused(where, "is a promise that was not awaited");
  } else {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    text(hash, Object.getPrototypeOf(value) === null ? "Object" : name, String(entries.length));
    for (const [key, member] of entries) {
      text(hash, "key", key);
      add(hash, member, `${where}.${key}`, above);
    }
  }
}

/** The length goes first, so that no two sequences of pieces are the same bytes. */
function text(hash: Hash, kind: string, value: string): void {
  hash.update(`${kind}:${Buffer.byteLength(value)}:`);
  hash.update(value);
}

function refused(where: string, what: string): DataJointError {
  return new DataJointError(
    `${where} ${what}. What fetch returns is compared with a second fetch before the insert, so it is made of numbers, text, arrays, objects, Maps and bytes.`,
  );
}

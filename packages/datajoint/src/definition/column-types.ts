/**
 * @module
 * Types as definitions write them → columns: the type in MySQL's words, what its values are, and the label that the column's comment
 * keeps. One table for each generation (contract: datajoint.md 2.5, 2.6).
 *
 * What a newcomer would get wrong: plain `longblob` columns are raw bytes to datajoint-python 2.x and decoded values to 0.14. So a
 * definition's `longblob` becomes the codec `<blob>` in a current schema, and `int32` loses its label in a legacy one.
 */
import { DataJointError } from "../errors.ts";
import type { AttributeKind } from "./heading.ts";

export type ColumnGeneration = "legacy" | "current";

export interface ColumnType {
  /** In MySQL's words: `int unsigned`, `binary(16)`. */
  readonly type: string;
  readonly kind: AttributeKind;
  /** What the stored comment holds between colons; undefined for none. */
  readonly annotation: string | undefined;
  readonly isAutoIncrement: boolean;
  /** External store of `blob@store` and its kin; empty for the default store of `<blob@>`. */
  readonly store: string | undefined;
}

const integer =
  /^(?:(tiny|small|medium|big)?int|integer)\b\s*(\(\s*\d+\s*\))?\s*(unsigned)?\s*(auto_increment)?$/i;
const decimal = /^(decimal|numeric)\s*(\(\s*\d+\s*(?:,\s*\d+\s*)?\))?\s*(unsigned)?$/i;
const float = /^(double|float|real)\s*(\([\d\s,]*\))?\s*(unsigned)?$/i;
const text = /^(char|varchar)\s*\(\s*(\d+)\s*\)$/i;
const temporal = /^(datetime|date|timestamp|time|year)\s*(\(\s*\d\s*\))?$/i;
const blob = /^(tinyblob|blob|mediumblob|longblob)$/i;
const external = /^(blob|attach|filepath)@([a-z][-\w]*)$/i;
const codec = /^<\s*(\w+)\s*(?:@\s*([-\w]*)\s*)?>$/;
const core: Readonly<Record<string, string>> = {
  int8: "tinyint",
  int16: "smallint",
  int32: "int",
  int64: "bigint",
  float32: "float",
  float64: "double",
};

/**
 * Resolves a type.
 *
 * @param written  as in the definition: `varchar(32)`, `int unsigned`, `blob@store`, `<attach>`
 * @throws DataJointError for a type that DataJoint does not have
 */
export function resolveColumnType(written: string, generation: ColumnGeneration): ColumnType {
  const found =
    generation === "legacy"
      ? (common(written) ?? legacy(written))
      : labelled(common(written) ?? current(written));
  if (found !== undefined) return generation === "legacy" ? withoutCoreLabel(found) : found;
  if (/^(tiny|medium|long)?text$/i.test(written))
    throw new DataJointError(
      `'${written}' is no type of legacy schemas: use varchar(n), or longblob for long text.`,
    );
  if (/^(var)?char$/i.test(written))
    throw new DataJointError(`'${written}' lacks its length: write ${written}(32).`);
  throw new DataJointError(
    `'${written}' is no type that DataJoint ${generation === "legacy" ? "0.14" : "2.x"} has.`,
  );
}

/** Current schemas label core types in their one spelling; datajoint-python 2.x looks them up by it. */
function labelled(found: ColumnType | undefined): ColumnType | undefined {
  if (found === undefined || found.annotation !== undefined) return found;
  const { type, kind } = found;
  if (kind === "bool") return { ...found, annotation: "bool" };
  const isCore = /^(date|datetime(\(\d\))?|json|(var)?char\(\d+\)|decimal\(\d+,\d+\)|enum\(.*\))$/s.test(
    type,
  );
  // a label ends at its first colon
  return isCore && !type.includes(":") ? { ...found, annotation: type } : found;
}

/** datajoint-python 0.14 refuses whole tables for labels that it does not know. */
function withoutCoreLabel(found: ColumnType): ColumnType {
  if (found.kind === "bool") return { ...found, type: "tinyint(1)" };
  return found.kind === "integer" || found.kind === "float" ? { ...found, annotation: undefined } : found;
}

function column(type: string, kind: AttributeKind, fields: Partial<ColumnType> = {}): ColumnType {
  return {
    type: type.toLowerCase(),
    kind,
    annotation: undefined,
    isAutoIncrement: false,
    store: undefined,
    ...fields,
  };
}

function common(written: string): ColumnType | undefined {
  const int = integer.exec(written);
  if (int !== null) {
    const [, size = "", , unsigned, auto] = int;
    return column(`${size}int${unsigned === undefined ? "" : " unsigned"}`, "integer", {
      isAutoIncrement: auto !== undefined,
    });
  }
  if (/^serial$/i.test(written)) return column("bigint unsigned", "integer", { isAutoIncrement: true });
  if (/^bool(ean)?$/i.test(written)) return column("tinyint", "bool");
  if (/^uuid$/i.test(written)) return column("binary(16)", "uuid", { annotation: "uuid" });
  if (/^json$/i.test(written)) return column("json", "json");
  const alias = core[written];
  if (alias !== undefined)
    return column(alias, /float/.test(written) ? "float" : "integer", { annotation: written });
  const fixed = decimal.exec(written);
  if (fixed !== null)
    return column(
      `decimal${squeezed(fixed[2] ?? "(10,0)")}${fixed[3] === undefined ? "" : " unsigned"}`,
      "decimal",
    );
  const floating = float.exec(written);
  if (floating !== null) {
    const base = /^real$/i.test(floating[1]!) ? "double" : floating[1]!;
    return column(
      `${base}${squeezed(floating[2] ?? "")}${floating[3] === undefined ? "" : " unsigned"}`,
      "float",
    );
  }
  const characters = text.exec(written);
  if (characters !== null) return column(`${characters[1]}(${characters[2]})`, "string");
  if (/^enum\s*\(.*\)$/is.test(written)) return { ...column("", "enum"), type: enumType(written) };
  const time = temporal.exec(written);
  if (time !== null) return column(`${time[1]}${squeezed(time[2] ?? "")}`, "temporal");
  return undefined;
}

function legacy(written: string): ColumnType | undefined {
  if (blob.test(written)) return column(written, "blob");
  if (/^attach$/i.test(written)) return column("longblob", "attach", { annotation: "attach" });
  const stored = external.exec(written);
  if (stored !== null)
    return column("binary(16)", "external", {
      annotation: `${stored[1]!.toLowerCase()}@${stored[2]}`,
      store: stored[2]!,
    });
  // codecs of a definition that was written for 2.x
  const coded = codec.exec(written);
  if (coded !== null && /^(blob|attach|filepath)$/.test(coded[1]!)) {
    const [, name = "", store] = coded;
    if (store === "")
      throw new DataJointError(`'${written}' names no store, and legacy schemas have no default one.`);
    return legacy(store === undefined ? name.replace("blob", "longblob") : `${name}@${store}`);
  }
  if (coded !== null)
    throw new DataJointError(`The codec '${written}' exists in current schemas only; this one is legacy.`);
  if (written === "bytes")
    throw new DataJointError("'bytes' exists in current schemas only; in a legacy one a blob holds bytes.");
  return undefined;
}

function current(written: string): ColumnType | undefined {
  if (blob.test(written)) return column("longblob", "blob", { annotation: "<blob>" });
  if (/^attach$/i.test(written)) return column("longblob", "attach", { annotation: "<attach>" });
  if (written === "bytes") return column("longblob", "bytes", { annotation: "bytes" });
  if (/^(tiny|medium|long)?text$/i.test(written)) return column(written, "string");
  const stored = external.exec(written);
  if (stored !== null) return current(`<${stored[1]!.toLowerCase()}@${stored[2]}>`);
  const coded = codec.exec(written);
  if (coded === null) return undefined;
  const [, name, store] = coded;
  const isBuiltIn = /^(blob|attach|hash|object|npy|filepath)$/.test(name!);
  if (!isBuiltIn)
    throw new DataJointError(
      `'${written}' is a codec of somebody's Python code; declare this table from there.`,
    );
  const annotation = written.replaceAll(/\s/g, "");
  if (store !== undefined) return column("json", "external", { annotation, store });
  if (name === "blob" || name === "attach") return column("longblob", name, { annotation });
  throw new DataJointError(`The codec '${written}' needs a store: '<${name}@store>'.`);
}

/** `enum('a','b')` with single quotes, as the server shows it. */
function enumType(written: string): string {
  const body = written.slice(written.indexOf("(") + 1, written.lastIndexOf(")"));
  const members = [...body.matchAll(/'((?:[^']|'')*)'|"((?:[^"]|"")*)"/g)].map((found) =>
    found[1] === undefined ? found[2]!.replaceAll('""', '"').replaceAll("'", "''") : found[1],
  );
  if (members.length === 0 || !/^(\s*('([^']|'')*'|"([^"]|"")*")\s*,?)+\s*$/.test(body))
    throw new DataJointError(`'${written}' is no enum: expected enum('a', 'b').`);
  return `enum(${members.map((member) => `'${member}'`).join(",")})`;
}

function squeezed(size: string): string {
  return size.replaceAll(/\s/g, "");
}

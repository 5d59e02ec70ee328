/**
 * @module
 * What a catalogue says of a column → the attribute that it is. One way for all databases and both generations of DataJoint, which may
 * even meet in one table (contract: datajoint.md 0.1, 3).
 *
 * What a newcomer would get wrong: a blob without a label holds a packed value to datajoint-python 0.14 and plain bytes to 2.x, so what
 * one column holds depends on the labels of the others.
 */
import { decodeColumnComment, isCurrentLabel } from "../definition/column-comment.ts";
import type { AttributeKind, HeadingAttribute } from "../definition/heading.ts";

/** A column as a catalogue describes it. */
export interface CatalogueColumn {
  readonly name: string;
  /** In the server's words, display width included: `int(10) unsigned`. */
  readonly type: string;
  readonly inKey: boolean;
  readonly nullable: boolean;
  /** The bare text, or an expression such as `current_timestamp()`; null for none. */
  readonly default: string | null;
  readonly autoIncrement: boolean;
  /** As stored, label included. */
  readonly comment: string;
  readonly lineage: string | null | undefined;
}

/** Reads the visible columns of one table, in column order. */
export function readColumns(columns: readonly CatalogueColumn[]): HeadingAttribute[] {
  const labels = columns.map((column) => decodeColumnComment(column.comment).annotation);
  const isCurrent = labels.some((label) => label !== undefined && isCurrentLabel(label));
  return columns
    .filter((column) => !column.name.startsWith("_"))
    .map((column) => {
      const { annotation, comment } = decodeColumnComment(column.comment);
      const type = shownType(column.type);
      const kind = kindOf(type, annotation, isCurrent);
      return {
        name: column.name,
        type,
        kind,
        inKey: column.inKey,
        nullable: column.nullable,
        default: column.nullable ? null : defaultOf(column.default, kind),
        autoIncrement: column.autoIncrement,
        comment,
        annotation,
        lineage: column.lineage,
      };
    });
}

/** A type without what servers add to it: display widths, except that of `tinyint(1)`, which is a bool. */
export function shownType(type: string): string {
  return type
    .replace(/^((?:small|medium|big)?int|year)\s*\(\d+\)/i, "$1")
    .replace(/^(tinyint)\s*\((?!1\))\d+\)/i, "$1")
    .replace(/^((?:float|double|real))\s*\(\d+\)/i, "$1");
}

function kindOf(type: string, annotation: string | undefined, isCurrent: boolean): AttributeKind {
  const base = /^[a-z]+/i.exec(type)?.[0].toLowerCase() ?? "";
  switch (base) {
    case "tinyint":
      return annotation === "bool" || type.startsWith("tinyint(1)") ? "bool" : "integer";
    case "smallint":
    case "mediumint":
    case "int":
    case "integer":
    case "bigint":
      return "integer";
    case "float":
    case "double":
    case "real":
      return "float";
    case "decimal":
    case "numeric":
      return "decimal";
    case "enum":
      return "enum";
    case "date":
    case "datetime":
    case "timestamp":
    case "time":
    case "year":
      return "temporal";
    case "json":
      // migrated columns are labelled `blob@store` and hold JSON that nobody decodes (contract 3.4)
      return annotation !== undefined && /^<\w+@/.test(annotation) ? "external" : "json";
    case "binary":
      if (annotation === undefined) return "bytes";
      if (/^uuid$/i.test(annotation)) return "uuid";
      return /^(blob|attach|filepath)@/.test(annotation) ? "external" : "bytes";
    case "tinyblob":
    case "blob":
    case "mediumblob":
    case "longblob":
      return blobKind(annotation, isCurrent);
    case "varbinary":
    case "bit":
    case "geometry":
      return "bytes";
    default:
      return "string";
  }
}

function blobKind(annotation: string | undefined, isCurrent: boolean): AttributeKind {
  if (annotation === undefined) return isCurrent ? "bytes" : "blob";
  if (annotation === "bytes") return "bytes";
  return /^<?attach>?$/.test(annotation) ? "attach" : "blob";
}

/** The default of a column that takes no NULL. */
function defaultOf(text: string | null, kind: AttributeKind): string | undefined {
  if (text === null) return undefined;
  const now = /^current_timestamp(?:\((\d?)\))?$/i.exec(text);
  if (kind !== "temporal" || now === null) return text;
  return now[1] === undefined || now[1] === "" || now[1] === "0"
    ? "CURRENT_TIMESTAMP"
    : `CURRENT_TIMESTAMP(${now[1]})`;
}

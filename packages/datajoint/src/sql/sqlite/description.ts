/**
 * @module
 * What SQLite has no words for, as a comment within the CREATE TABLE that it keeps: the table's comment, and of each column MySQL's type, the
 * stored comment with its label, the default as a catalogue shows it, and the lineage.
 */
import { encodeColumnComment } from "../../definition/column-comment.ts";
import type { Heading } from "../../definition/heading.ts";
import { storedDefault, storedType } from "./column.ts";

export interface Description {
  readonly comment: string;
  readonly columns: Readonly<Record<string, ColumnDescription>>;
}

export interface ColumnDescription {
  readonly type: string;
  readonly comment?: string;
  readonly default?: string;
  readonly lineage?: string | null;
}

const mark = "/*tenon ";

/** The comment for a CREATE TABLE. */
export function writeDescription(heading: Heading): string {
  const columns = heading.attributes.map((attribute) => {
    const comment = encodeColumnComment(attribute);
    const value = storedDefault(attribute);
    const description: ColumnDescription = {
      type: storedType(attribute.type),
      ...(comment === "" ? {} : { comment }),
      ...(value === undefined || value === null ? {} : { default: value }),
      ...(attribute.lineage === undefined ? {} : { lineage: attribute.lineage }),
    };
    return [attribute.name, description] as const;
  });
  const description: Description = { comment: heading.comment, columns: Object.fromEntries(columns) };
  return `${mark}${JSON.stringify(description).replaceAll("*/", "*\\/")}*/`;
}

/** What a CREATE TABLE says; undefined for a table that somebody else made. */
export function readDescription(create: string): Description | undefined {
  const start = create.indexOf(mark);
  if (start < 0) return undefined;
  const end = create.indexOf("*/", start);
  // the database's own text, written by writeDescription
  return JSON.parse(create.slice(start + mark.length, end)) as Description;
}

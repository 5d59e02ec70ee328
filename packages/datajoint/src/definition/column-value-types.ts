/**
 * @module
 * The values of column types at the level of types: `varchar(8)` → string, `enum('a', 'b')` → "a" | "b".
 *
 * What a newcomer would get wrong: fetch and insert differ. A bool comes back as 0 or 1 and may be given as a boolean; a decimal comes back
 * as text, since no number holds all its digits.
 */
import type { Attachment } from "../query/decode-row.ts";
import type { BeforeComment, Trim, TrimStart } from "./text-types.ts";

/** What fetch gives for a column type. A pipeline adds its own by declaration merging. */
export interface ColumnTypes {
  tinyint: number;
  smallint: number;
  mediumint: number;
  int: number;
  integer: number;
  bigint: number | bigint;
  serial: number | bigint;
  int8: number;
  int16: number;
  int32: number;
  int64: number | bigint;
  float: number;
  double: number;
  real: number;
  float32: number;
  float64: number;
  decimal: string;
  numeric: string;
  bool: 0 | 1;
  boolean: 0 | 1;
  char: string;
  varchar: string;
  tinytext: string;
  text: string;
  mediumtext: string;
  longtext: string;
  date: string;
  time: string;
  datetime: string;
  timestamp: string;
  year: string;
  uuid: string;
  json: unknown;
  bytes: Uint8Array;
  tinyblob: unknown;
  blob: unknown;
  mediumblob: unknown;
  longblob: unknown;
  attach: Attachment;
  filepath: unknown;
  "<blob>": unknown;
  "<attach>": Attachment;
}

/** What insert takes, where that is not what fetch gives. */
export interface EntryTypes {
  tinyint: number | bigint;
  smallint: number | bigint;
  mediumint: number | bigint;
  int: number | bigint;
  integer: number | bigint;
  int8: number | bigint;
  int16: number | bigint;
  int32: number | bigint;
  decimal: string | number;
  numeric: string | number;
  bool: boolean | 0 | 1;
  boolean: boolean | 0 | 1;
  year: string | number;
  uuid: string | Uint8Array;
}

/** [what fetch gives, what insert takes, counts by itself] of the text behind ":"; the type's name when it is unknown. */
export type ReadType<Text extends string> =
  TrimStart<Text> extends `${"enum" | "ENUM" | "Enum"}${infer Rest}`
    ? [Members<Rest extends `${string}(${infer Inside}` ? Inside : "">] extends [infer Member]
      ? [Member, Member, false]
      : never
    : Trim<BeforeComment<Text>> extends infer Type extends string
      ? BaseName<Lowercase<Type>> extends infer Base extends string
        ? Base extends keyof ColumnTypes
          ? [
              ColumnTypes[Base],
              Base extends keyof EntryTypes ? EntryTypes[Base] : ColumnTypes[Base],
              Lowercase<Type> extends `${string}auto_increment` | "serial" ? true : false,
            ]
          : Base extends `<${string}>`
            ? [unknown, unknown, false]
            : Type
        : never
      : never;

type BaseName<Type extends string> = Type extends `<${string}`
  ? Type
  : Type extends `${infer Base}${"(" | "@" | " "}${string}`
    ? BaseName<Base>
    : Type;

/** Members of an enum, up to the parenthesis that closes it. */
type Members<Text extends string, Seen extends string = never> =
  TrimStart<Text> extends `${infer Quote extends "'" | '"'}${infer Rest}`
    ? Member<Rest, Quote> extends [infer Name extends string, infer After extends string]
      ? Members<After, Seen | Name>
      : Seen
    : TrimStart<Text> extends `,${infer Rest}`
      ? Members<Rest, Seen>
      : Seen;

/** A member and what stands behind its quote; a doubled quote is one. */
type Member<
  Text extends string,
  Quote extends string,
  Before extends string = "",
> = Text extends `${infer Name}${Quote}${infer After}`
  ? After extends `${Quote}${infer More}`
    ? Member<More, Quote, `${Before}${Name}${Quote}`>
    : [`${Before}${Name}`, After]
  : 0;

/**
 * @module
 * Reads a table definition at the level of types, so that rows are typed with no build step and no generated files.
 *
 * Mirrors `parse-definition.ts`, which is the judge: what is here may know less (`unknown`), never say otherwise. The one trap: a parsed
 * thing is tested in brackets, `[T] extends [U]`. Without them tsc takes unions apart and reads the rest of the text once for each member.
 * Loops are tail-recursive, which tsc follows for 999 lines; `npm run type-cost` guards the price.
 */
import type { ReadType } from "./column-value-types.ts";
import type { BeforeComment, Trim, TrimEnd, TrimStart } from "./text-types.ts";

/** One attribute of a parsed definition; a definition is the union of its attributes. */
export interface Attribute {
  name: string;
  /** What fetch gives. */
  value: unknown;
  /** What insert takes. */
  entry: unknown;
  inKey: boolean;
  /** Insert may leave it out: it has a default, may be null, or counts by itself. */
  optional: boolean;
}

/** What a table class carries for tsc alone; there is no such property at run time. */
export interface Typed<Parsed = any> {
  readonly $types: Parsed;
}

/** The tables that a definition may name after `->`, also under dotted names: `{ Session, "LFP.Electrode": LFPElectrode }`. */
export type ParentTables = { readonly [name: string]: object };

/** A message of this parser; the mark at its end tells it from a definition. */
export type Problem<Text extends string = string> = `${Text}\u200b`;

/** The definition itself when it is good; else a Problem, which tsc names as the type that the text cannot be assigned to. */
export type CheckedText<Text extends string, Parents> = string extends Text
  ? Text
  : Parse<`${Text}\n`, Parents> extends infer Result extends Problem
    ? Result
    : Text;

/** The attributes of a definition, as a union; of any names where the text is only known at run time. */
export type ParsedTable<Text extends string, Parents> = string extends Text
  ? Column<string, any, any, any, true>
  : Parse<`${Text}\n`, Parents> extends infer Parsed extends Attribute
    ? Parsed
    : never;

/** What fetch returns. */
export type ParsedRow<Parsed extends Attribute> = { [A in Parsed as A["name"]]: A["value"] };

/** The primary key alone. */
export type ParsedKey<Parsed extends Attribute> = ParsedRow<Extract<Parsed, { inKey: true }>>;

/** What insert takes. */
export type ParsedInsert<Parsed extends Attribute> = Flat<
  { [A in Parsed as A["optional"] extends true ? never : A["name"]]: A["entry"] } & {
    [A in Parsed as A["optional"] extends true ? A["name"] : never]?: A["entry"];
  }
>;

/** The row of a table class: `RowOf<typeof Session>`. */
export type RowOf<Table extends Typed> = ParsedRow<Table["$types"]>;

/** The primary key of a table class. */
export type KeyOf<Table extends Typed> = ParsedKey<Table["$types"]>;

/** What a table class takes in insert. */
export type InsertOf<Table extends Typed> = ParsedInsert<Table["$types"]>;

// ------------------------------------------------------------------ lines

interface Column<Name extends string, Value, Entry, InKey extends boolean, Optional extends boolean>
  extends Attribute {
  name: Name;
  value: Value;
  entry: Entry;
  inKey: InKey;
  optional: Optional;
}

type Parse<
  Text extends string,
  Parents,
  InKey extends boolean = true,
  Seen extends Attribute = never,
> = Text extends `${infer Line}\n${infer Rest}`
  ? ParseLine<TrimStart<Line>, Parents, InKey, Seen> extends infer Parsed
    ? [Parsed] extends [Problem]
      ? [Parsed] extends [never]
        ? Parse<Rest, Parents, InKey, Seen> // a reference whose columns are there already
        : Parsed
      : [Parsed] extends [Attribute]
        ? Parse<Rest, Parents, InKey, Seen | Parsed>
        : [Parsed] extends ["---"]
          ? Parse<Rest, Parents, false, Seen>
          : Parse<Rest, Parents, InKey, Seen>
    : never
  : Seen;

type ParseLine<Line extends string, Parents, InKey extends boolean, Seen extends Attribute> = Line extends
  | ""
  | `#${string}`
  ? ""
  : Line extends `---${string}` | `___${string}`
    ? "---"
    : Line extends `->${infer Reference}`
      ? ParseReference<Trim<BeforeComment<Reference>>, Parents, InKey, Seen>
      : IsIndex<Lowercase<Line>> extends true
        ? ""
        : ParseAttribute<Line, InKey>;

type IsIndex<Line extends string> = Line extends `index${infer Rest}`
  ? TrimStart<Rest> extends `(${string}`
    ? true
    : false
  : Line extends `unique ${infer Rest}` | `unique\t${infer Rest}`
    ? IsIndex<TrimStart<Rest>>
    : false;

// ------------------------------------------------------------- attributes

/** `name [= default] : type`. A quoted default may hold ":" and "#". */
type ParseAttribute<Line extends string, InKey extends boolean> = Line extends `${infer Head}:${infer Type}`
  ? Head extends `${infer Name}=${infer Default}`
    ? TrimStart<Default> extends `${infer Quote extends "'" | '"'}${string}`
      ? Line extends `${string}=${string}${Quote}${infer Body}`
        ? Behind<Body, Quote> extends `${infer After}`
          ? TrimStart<After> extends `:${infer TypeAfter}`
            ? Make<TrimEnd<Name>, ReadType<TypeAfter>, InKey, true>
            : Misread<Line>
          : Problem<`Unclosed quote in '${Trim<Line>}'`>
        : never
      : Lowercase<Trim<Default>> extends "null"
        ? Make<TrimEnd<Name>, ReadType<Type>, InKey, true, null>
        : Make<TrimEnd<Name>, ReadType<Type>, InKey, true>
    : Make<TrimEnd<Head>, ReadType<Type>, InKey, false>
  : Misread<Line>;

type Misread<Line extends string> = Problem<`Expected 'name : type', got '${Trim<Line>}'`>;

/** What stands behind a quoted text, whose own quotes are doubled; 0 when it does not end. */
type Behind<Text extends string, Quote extends string> = Text extends `${string}${Quote}${infer After}`
  ? After extends `${Quote}${infer More}`
    ? Behind<More, Quote>
    : After
  : 0;

type Make<Name extends string, Type, InKey extends boolean, Optional extends boolean, Null = never> =
  Name extends Lowercase<Name>
    ? Name extends `${string} ${string}` | `_${string}` | ""
      ? Problem<`'${Name}' is no attribute name`>
      : [Type] extends [[infer Value, infer Entry, infer Counts]]
        ? Column<
            Name,
            Value | Null,
            Entry | Null,
            InKey,
            Optional extends true ? true : Counts extends true ? true : false
          >
        : [Type] extends [string]
          ? Problem<`Attribute '${Name}' has the unknown type '${Type}'`>
          : never
    : Problem<`Attribute names are lower case: '${Name}'`>;

// ------------------------------------------------------------- references

type ParseReference<
  Text extends string,
  Parents,
  InKey extends boolean,
  Seen extends Attribute,
> = Text extends `[${infer Options}]${infer Name}`
  ? Lowercase<Options> extends `${string}nullable${string}`
    ? InKey extends true
      ? Problem<`A reference in the primary key cannot be nullable: '-> ${Text}'`>
      : ParseParent<TrimStart<Name>, Parents, InKey, Seen, true>
    : ParseParent<TrimStart<Name>, Parents, InKey, Seen, false>
  : ParseParent<Text, Parents, InKey, Seen, false>;

type ParseParent<
  Text extends string,
  Parents,
  InKey extends boolean,
  Seen extends Attribute,
  Nullable extends boolean,
> = Text extends `${infer Head}(${infer Inside})`
  ? Head extends `${infer Name}.proj`
    ? Inherit<Name, Parents, InKey, Seen, Nullable, Inside>
    : Inherit<TrimEnd<Head>, Parents, InKey, Seen, Nullable>
  : Inherit<Text, Parents, InKey, Seen, Nullable>;

/** The parent's key as attributes of this table, without those that are there already. */
type Inherit<
  Name extends string,
  Parents,
  InKey extends boolean,
  Seen extends Attribute,
  Nullable extends boolean,
  Renames extends string = "",
> = Name extends keyof Parents
  ? Parents[Name] extends Typed<infer Parsed>
    ? Parsed extends { inKey: true; name: infer Old extends string; value: infer Value; entry: infer Entry }
      ? NewName<Old, Renames> extends infer New extends string
        ? [New] extends [Seen["name"]]
          ? never
          : Nullable extends true
            ? Column<New, Value | null, Entry | null, InKey, true>
            : Column<New, Value, Entry, InKey, false>
        : never
      : never
    : NoParent<Name>
  : NoParent<Name>;

type NoParent<Name extends string> = Problem<`'-> ${Name}' names no table among the parents passed in`>;

/** The left side of `new="old"` for an old name, or the name as it is. */
type NewName<Old extends string, Renames extends string> = Renames extends
  | `${infer Before}"${Old}"${string}`
  | `${infer Before}'${Old}'${string}`
  ? LastName<Before>
  : Old;
type LastName<Text extends string> = Text extends `${string},${infer After}`
  ? LastName<After>
  : Text extends `${infer Name}=${string}`
    ? Trim<Name>
    : never;

type Flat<T> = { [Name in keyof T]: T[Name] };

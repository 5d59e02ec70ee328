/**
 * Every definition here goes to both parsers: the shape beside it is checked by tsc against the type level, and by the test against the
 * run-time parser. So the two agree, or one of `npm run types` and `npm test` fails.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveDefinition } from "../../src/definition/declaration.ts";
import type {
  Attribute,
  CheckedText,
  InsertOf,
  KeyOf,
  ParentTables,
  ParsedTable,
  RowOf,
  Typed,
} from "../../src/definition/definition-types.ts";
import type { HeadingAttribute } from "../../src/definition/heading.ts";
import { parseDefinition } from "../../src/definition/parse-definition.ts";
import type { Attachment } from "../../src/query/decode-row.ts";
import type { TableSpec } from "../../src/sql/dialect.ts";

type Word<Value> = unknown extends Value
  ? "unknown"
  : null extends Value
    ? NullableWord<NonNullable<Value>>
    : PlainWord<Value>;
type PlainWord<Value> = [Value] extends [0 | 1]
  ? "bit"
  : [Value] extends [number]
    ? "number"
    : [Value] extends [number | bigint]
      ? "bigint"
      : [Value] extends [Attachment]
        ? "attachment"
        : string extends Value
          ? "string"
          : { readonly [Member in Value & string]: true };
type NullableWord<Value> = PlainWord<Value> extends infer W ? (W extends string ? `${W}?` : W) : never;

/** What must be said of each attribute: no more names, no fewer. */
type Shape<A extends Attribute> = {
  readonly [T in A as T["name"]]: readonly [
    T["inKey"] extends true ? "key" : "secondary",
    T["optional"] extends true ? "optional" : "required",
    Word<T["value"]>,
  ];
};

interface Declared<A> extends Typed<A> {
  new (): {};
  readonly specs: Readonly<Record<"legacy" | "current", TableSpec>>;
  readonly shape: object;
}

const declared: Declared<any>[] = [];

/** Declares a table in both generations, and keeps the shape that it should have. */
function table<const Text extends string, Parents extends ParentTables = {}>(
  text: CheckedText<Text, Parents>,
  shape: Shape<ParsedTable<Text, Parents>>,
  parents?: Parents,
): Declared<ParsedTable<Text, Parents>> {
  const specIn = (generation: "legacy" | "current") =>
    resolveDefinition(
      parseDefinition(text),
      (name) => (parents as Record<string, Declared<any>>)[name]!.specs[generation],
      { generation, schema: "s", table: `t${declared.length}` },
    );
  class Made {
    static readonly specs = { legacy: specIn("legacy"), current: specIn("current") };
    static readonly shape = shape;
  }
  declared.push(Made as unknown as Declared<any>);
  return Made as unknown as Declared<ParsedTable<Text, Parents>>;
}

function shapeOf(attribute: HeadingAttribute): readonly unknown[] {
  const { kind, type, nullable } = attribute;
  let word: unknown = "string";
  if (kind === "integer") word = type.startsWith("bigint") ? "bigint" : "number";
  if (kind === "float") word = "number";
  if (kind === "bool") word = "bit";
  if (kind === "attach") word = "attachment";
  if (kind === "json" || kind === "blob" || kind === "external") word = "unknown";
  if (kind === "enum") {
    const members = [...type.matchAll(/'((?:[^']|'')*)'/g)].map((found) => found[1]!.replaceAll("''", "'"));
    word = Object.fromEntries(members.map((member) => [member, true]));
  } else if (nullable && word !== "unknown") word = `${word}?`;
  const isOptional = attribute.default !== undefined || attribute.autoIncrement;
  return [attribute.inKey ? "key" : "secondary", isOptional ? "optional" : "required", word];
}

class Mouse extends table(
  `
  # Mice: one row each
  mouse : varchar(8)           # ear tag: #1, #2
  litter=1 : tinyint unsigned
  ---
  sex : enum('M', "F", 'it''s (#)' )   # ')' and "F"
  born=null : date
  at='12:30:#' : time
  weight=null: decimal(6, 2)   # (g)
  is_alive=true : bool
  chip=null : uuid
  grade = null : enum('a','b')
`,
  {
    mouse: ["key", "required", "string"],
    litter: ["key", "optional", "number"],
    sex: ["secondary", "required", { M: true, F: true, "it's (#)": true }],
    born: ["secondary", "optional", "string?"],
    at: ["secondary", "optional", "string"],
    weight: ["secondary", "optional", "string?"],
    is_alive: ["secondary", "optional", "bit"],
    chip: ["secondary", "optional", "string?"],
    grade: ["secondary", "optional", { a: true, b: true }],
  },
) {}

class Camera extends table("camera : smallint auto_increment # auto\nserial : serial\r\n___\nx : int64", {
  camera: ["key", "optional", "number"],
  serial: ["key", "optional", "bigint"],
  x: ["secondary", "required", "bigint"],
}) {}

class Weighing extends table(
  `-> Mouse
  day : DATETIME(3)
  ---
  -> [nullable, unique] Camera.proj(scale = "camera", scale_serial='serial')  # -> which
  -> [nullable] Mouse
  grams : float unsigned
  note='it''s: "#1"' : varchar(20)
  index_no=0 : int
  unique index (day, grams)
  index (grams)`,
  {
    mouse: ["key", "required", "string"],
    litter: ["key", "required", "number"],
    day: ["key", "required", "string"],
    scale: ["secondary", "optional", "number?"],
    scale_serial: ["secondary", "optional", "bigint?"],
    grams: ["secondary", "required", "number"],
    note: ["secondary", "optional", "string"],
    index_no: ["secondary", "optional", "number"],
  },
  { Mouse, Camera },
) {}

class Film extends table(
  `
  -> Lab.Weighing
  -> Mouse.proj(dam="mouse")
  ---
  -> [unique] Camera
  stack : longblob
  raw=null : blob@store
  file : attach
  sheet : <attach>
  codec : <blob@store>
  facts=null : json
  when=CURRENT_TIMESTAMP : timestamp
`,
  {
    mouse: ["key", "required", "string"],
    litter: ["key", "required", "number"],
    day: ["key", "required", "string"],
    dam: ["key", "required", "string"],
    camera: ["secondary", "required", "number"],
    serial: ["secondary", "required", "bigint"],
    stack: ["secondary", "required", "unknown"],
    raw: ["secondary", "optional", "unknown"],
    file: ["secondary", "required", "attachment"],
    sheet: ["secondary", "required", "attachment"],
    codec: ["secondary", "required", "unknown"],
    facts: ["secondary", "optional", "unknown"],
    when: ["secondary", "optional", "string"],
  },
  { "Lab.Weighing": Weighing, Mouse, Camera },
) {}

test("the run-time parser finds the attributes that the types have", () => {
  assert.equal(declared.length, 4);
  for (const { specs, shape } of declared)
    for (const { heading } of Object.values(specs))
      assert.deepEqual(Object.fromEntries(heading.attributes.map((a) => [a.name, shapeOf(a)])), shape);
});

// -------------------------------------------------------------- for tsc alone

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Mark = "\u200b";

test("rows, keys and inserts have the types that fetch gives and insert takes", () => {
  const row: Equal<
    RowOf<typeof Weighing>,
    {
      mouse: string;
      litter: number;
      day: string;
      scale: number | null;
      scale_serial: number | bigint | null;
      grams: number;
      note: string;
      index_no: number;
    }
  > = true;
  const key: Equal<KeyOf<typeof Weighing>, { mouse: string; litter: number; day: string }> = true;
  const insert: Equal<
    InsertOf<typeof Mouse>,
    {
      mouse: string;
      sex: "M" | "F" | "it's (#)";
      litter?: number | bigint;
      born?: string | null;
      at?: string;
      weight?: string | number | null;
      is_alive?: boolean | 0 | 1;
      chip?: string | Uint8Array | null;
      grade?: "a" | "b" | null;
    }
  > = true;
  const film: Equal<RowOf<typeof Film>["stack"], unknown> = true;
  assert.deepEqual([row, key, insert, film], [true, true, true, true]);
});

test("a text known only at run time gives rows of anything", () => {
  type Loose = Typed<ParsedTable<string, {}>>;
  const isText: Equal<CheckedText<string, {}>, string> = true;
  const row: RowOf<Loose> = { whatever: 1 };
  const key: KeyOf<Loose> = { whatever: "x" };
  const entry: InsertOf<Loose> = {};
  assert.equal(row.whatever + key.whatever, "1x");
  assert.deepEqual([isText, entry], [true, {}]);
});

test("mistakes are worded by the types as the types that the text should have had", () => {
  type Of<Text extends string> = CheckedText<Text, { Mouse: typeof Mouse; Text: object }>;
  const found: [
    Equal<Of<"a : foo(3) # x">, `Attribute 'a' has the unknown type 'foo(3)'${Mark}`>,
    Equal<Of<"a : int\n\n b int">, `Expected 'name : type', got 'b int'${Mark}`>,
    Equal<Of<"-> Rat">, `'-> Rat' names no table among the parents passed in${Mark}`>,
    Equal<Of<"-> Text # of">, `'-> Text' names no table among the parents passed in${Mark}`>,
    Equal<Of<"A : int">, `Attribute names are lower case: 'A'${Mark}`>,
    Equal<Of<"_a : int">, `'_a' is no attribute name${Mark}`>,
    Equal<Of<"a='x : int">, `Unclosed quote in 'a='x : int'${Mark}`>,
    Equal<
      Of<"-> [nullable] Mouse">,
      `A reference in the primary key cannot be nullable: '-> [nullable] Mouse'${Mark}`
    >,
    Equal<Of<"-> Mouse\n---\na : int">, "-> Mouse\n---\na : int">,
  ] = [true, true, true, true, true, true, true, true, true];
  assert.equal(found.length, 9);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeColumnComment, encodeColumnComment } from "../../src/definition/column-comment.ts";
import { type ParentTable, resolveDefinition } from "../../src/definition/declaration.ts";
import { parseDefinition } from "../../src/definition/parse-definition.ts";
import { DefinitionError } from "../../src/errors.ts";

type Texts = Readonly<Record<string, string>>;

/** Declares tables in the order given; a text may refer to the ones before it. */
function declare(texts: Texts, generation: "legacy" | "current" = "legacy") {
  const tables = new Map<string, ReturnType<typeof resolveDefinition>>();
  const parentOf = (name: string): ParentTable => {
    const found = tables.get(name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  };
  for (const [name, text] of Object.entries(texts))
    tables.set(
      name,
      resolveDefinition(parseDefinition(text), parentOf, {
        generation,
        schema: "lab",
        table: name.toLowerCase(),
      }),
    );
  return tables;
}

const parents: Texts = {
  Mouse: "# Mice\n mouse : varchar(8)  # ear tag\n tank=0 : tinyint unsigned\n---\n born : date",
  User: "user : varchar(32)",
  Probe: "serial : uuid  # printed on it\n port : int auto_increment",
};

function last(text: string, generation: "legacy" | "current" = "legacy") {
  return declare({ ...parents, Child: text }, generation).get("Child")!;
}

test("a reference brings the parent's whole key, in its order, without defaults", () => {
  const { heading, foreignKeys } = last(
    "day : date\n-> Mouse\n---\n-> [nullable] User\nnote='' : varchar(9)",
  );
  assert.deepEqual(heading.names, ["day", "mouse", "tank", "user", "note"]);
  assert.deepEqual(heading.primaryKey, ["day", "mouse", "tank"]);
  assert.deepEqual(heading.get("tank"), {
    name: "tank",
    type: "tinyint unsigned",
    kind: "integer",
    inKey: true,
    nullable: false,
    default: undefined,
    autoIncrement: false,
    comment: "",
    annotation: undefined,
    lineage: "lab.mouse.tank",
  });
  assert.equal(heading.get("mouse")?.comment, "ear tag");
  assert.equal(heading.get("user")?.nullable, true);
  assert.equal(heading.get("user")?.default, null);
  assert.deepEqual(foreignKeys, [
    {
      columns: ["mouse", "tank"],
      parentSchema: "lab",
      parentTable: "mouse",
      parentColumns: ["mouse", "tank"],
      onUpdate: "cascade",
    },
    {
      columns: ["user"],
      parentSchema: "lab",
      parentTable: "user",
      parentColumns: ["user"],
      onUpdate: "cascade",
    },
  ]);
});

test("uuid is the only label that comes along, and auto_increment does not", () => {
  const { heading } = last("-> Probe", "current");
  assert.equal(heading.get("serial")?.annotation, "uuid");
  assert.equal(heading.get("port")?.autoIncrement, false);
  const tables = declare({ A: "a : int32", B: "-> A\nb : int32" }, "current");
  assert.equal(tables.get("A")!.heading.get("a")?.annotation, "int32");
  assert.equal(tables.get("B")!.heading.get("a")?.annotation, undefined);
  assert.equal(tables.get("B")!.heading.get("b")?.annotation, "int32");
});

test("renames give the columns new names and keep their lineage", () => {
  const { heading, foreignKeys } = last(`-> Mouse\n-> Mouse.proj(dam="mouse", dam_tank="tank")`);
  assert.deepEqual(heading.primaryKey, ["mouse", "tank", "dam", "dam_tank"]);
  assert.deepEqual(foreignKeys[1]?.columns, ["dam", "dam_tank"]);
  assert.deepEqual(foreignKeys[1]?.parentColumns, ["mouse", "tank"]);
  assert.equal(heading.get("dam")?.lineage, "lab.mouse.mouse");
  // a part of the key may keep its name, and is then shared
  assert.deepEqual(last(`-> Mouse\n---\n-> Mouse.proj(dam="mouse")`).heading.names, ["mouse", "tank", "dam"]);
});

test("columns that are there already are shared, and keep what they are", () => {
  const { heading, foreignKeys } = last("-> Mouse\n---\n-> [nullable] Mouse\nuser : varchar(40)\n-> User");
  assert.deepEqual(heading.names, ["mouse", "tank", "user"]);
  assert.equal(heading.get("mouse")?.nullable, false);
  assert.equal(heading.get("user")?.type, "varchar(40)");
  assert.equal(heading.get("user")?.lineage, "lab.user.user");
  assert.equal(foreignKeys.length, 3);
});

test("unique references and indexes become indexes, references first", () => {
  const { indexes } = last(
    "day : date\n---\nn : int\nindex (n, day)\n-> [unique] Mouse\nunique index (n)\nindex (lower(n))",
  );
  assert.deepEqual(indexes, [
    { unique: true, items: ["mouse", "tank"] },
    { unique: false, items: ["n", "day"] },
    { unique: true, items: ["n"] },
    { unique: false, items: ["lower(n)"] },
  ]);
});

test("defaults are the values that the catalogue shows", () => {
  const { heading } = last(
    [
      "a : int",
      "---",
      "b=NULL : float",
      "c='x:y' : varchar(9)",
      `d="it''s" : varchar(9)`,
      "e='it''s' : varchar(9)",
      "f=true : bool",
      "g=-1.5 : decimal(3,1)",
      "h='Trigger' : enum('load','trigger')",
      "i=CURRENT_TIMESTAMP : datetime(3)",
      "j=current_timestamp : timestamp",
      "k='' : varchar(9)",
      "l=load : varchar(9)",
      "m=null : longblob",
      "n='CURRENT_TIMESTAMP' : varchar(20)",
    ].join("\n"),
  );
  assert.deepEqual(
    heading.secondary.map((name) => heading.get(name)?.default),
    [
      null,
      "x:y",
      "it''s",
      "it's",
      "1",
      "-1.5",
      "trigger",
      "CURRENT_TIMESTAMP(3)",
      "CURRENT_TIMESTAMP",
      "",
      "load",
      null,
      "CURRENT_TIMESTAMP",
    ],
  );
  assert.deepEqual(
    heading.attributes.filter((attribute) => attribute.nullable).map((attribute) => attribute.name),
    ["b", "m"],
  );
});

test("native keys have their own lineage, other attributes none", () => {
  const { heading } = last("n : int\n---\nm : int");
  assert.equal(heading.get("n")?.lineage, "lab.child.n");
  assert.equal(heading.get("m")?.lineage, null);
});

test("a table without a key is a singleton in current schemas, an error in legacy ones", () => {
  const { heading } = last("---\nrate : float32", "current");
  assert.deepEqual(heading.names, ["_singleton", "rate"]);
  assert.deepEqual(heading.primaryKey, ["_singleton"]);
  assert.throws(() => last("---\nrate : float"), /no primary key/);
});

test("double quotes leave the comments that Python would stumble over", () => {
  const { heading } = last('# the "best" mice\na : int # so "called"\n---\nb : int # "free"');
  assert.equal(heading.comment, "the 'best' mice");
  assert.equal(heading.get("a")?.comment, "so 'called'");
  assert.equal(heading.get("b")?.comment, '"free"');
});

test("comments carry the label between colons", () => {
  assert.equal(encodeColumnComment({ annotation: "uuid", comment: "of a: b" }), ":uuid:of a: b");
  assert.equal(encodeColumnComment({ annotation: undefined, comment: "plain" }), "plain");
  for (const stored of [":uuid:of a: b", ":<blob@s>:", "plain: it is", "", "::odd", ":half"])
    assert.equal(encodeColumnComment(decodeColumnComment(stored)), stored);
  assert.deepEqual(decodeColumnComment(":int32:n"), { annotation: "int32", comment: "n" });
});

test("errors name the line", () => {
  const wrong: [string, number, RegExp][] = [
    ["a : int\n a : float", 2, /'a' is declared already/],
    ["-> Mouse\nmouse : varchar(8)", 2, /declared already/],
    ["a : text", 1, /use varchar/],
    ["a=null : int", 1, /cannot be null/],
    ["a : longblob", 1, /cannot be in a primary key/],
    ["a : attach", 1, /cannot be in a primary key/],
    ["a : int\n---\nb='x' : longblob", 3, /only default is null/],
    ["a : int\n---\nb='x' : int", 3, /a whole number/],
    ["a : int\n---\nb='maybe' : enum('yes','no')", 3, /one of its members/],
    ["a : int\n---\nb='abc' : varchar(2)", 3, /at most 2 characters/],
    ["a : int\n---\nb=CURRENT_TIMESTAMP : date", 3, /for datetime and timestamp/],
    [`-> Mouse.proj(dam="born")`, 1, /'born' is not in the primary key of 'Mouse', which is mouse, tank/],
    [`-> Mouse.proj(tank="mouse")`, 1, /would be called 'tank'/],
    ["mouse : int\n-> Mouse", 2, /'mouse' is int here and varchar\(8\) in 'Mouse'/],
    ["a : int\nindex (b)", 2, /the index names 'b'/],
    [`a : int # ${"x".repeat(1025)}`, 1, /servers keep 1024/],
    [`# ${"x".repeat(2049)}\na : int`, 1, /servers keep 2048/],
  ];
  for (const [text, line, message] of wrong)
    assert.throws(
      () => last(text),
      (error) => error instanceof DefinitionError && error.line === line && message.test(error.message),
      text,
    );
});

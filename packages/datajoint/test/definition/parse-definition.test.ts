import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDefinition } from "../../src/definition/parse-definition.ts";
import { DefinitionError } from "../../src/errors.ts";

/** The one item of a one-line definition, without its line. */
function itemOf(line: string, after = ""): Record<string, unknown> {
  const { items } = parseDefinition(`${after}${line}`);
  assert.equal(items.length, 1);
  const { line: _, ...rest } = items[0]!;
  return rest;
}

test("attributes have a name, a default, a type and a comment", () => {
  const plain = { kind: "attribute", name: "a", type: "int", default: undefined, comment: "", inKey: true };
  assert.deepEqual(itemOf("a : int"), plain);
  assert.deepEqual(itemOf("a:int"), plain);
  assert.deepEqual(itemOf("  a   :   int   # how many ##"), { ...plain, comment: "how many" });
  assert.deepEqual(itemOf("a=null : decimal(6, 2) # (um) x"), {
    ...plain,
    type: "decimal(6, 2)",
    default: "null",
    comment: "(um) x",
  });
  assert.deepEqual(itemOf("a : <blob@store> # big"), { ...plain, type: "<blob@store>", comment: "big" });
  assert.deepEqual(itemOf("index_no : int"), { ...plain, name: "index_no" });
});

test("quotes hide colons and number signs, in defaults and in enums", () => {
  const at = (line: string) => {
    const { default: value, type, comment } = itemOf(line);
    return [value, type, comment];
  };
  assert.deepEqual(at(`a='12:30:00' : time`), ["'12:30:00'", "time", ""]);
  assert.deepEqual(at(`a="in:#tray" : varchar(9) # it's here`), [`"in:#tray"`, "varchar(9)", "it's here"]);
  assert.deepEqual(at(`a : enum('x:1', "#2")  # kinds: 'x', '#'`), [
    undefined,
    `enum('x:1', "#2")`,
    "kinds: 'x', '#'",
  ]);
  assert.deepEqual(at(`a='it''s: #1' : varchar(9)`), ["'it''s: #1'", "varchar(9)", ""]);
  assert.deepEqual(at("a = CURRENT_TIMESTAMP : timestamp"), ["CURRENT_TIMESTAMP", "timestamp", ""]);
});

test("the first line may be the table's comment, later ones are ignored", () => {
  assert.equal(
    parseDefinition("\n\n  # Units: of one probe \n # not this\n a : int").comment,
    "Units: of one probe",
  );
  assert.equal(parseDefinition("a : int\n# not this").comment, "");
  assert.equal(parseDefinition("a : int\r\n---\r\nb : int").items.length, 2);
});

test("everything below three dashes is secondary", () => {
  const { items } = parseDefinition("a : int\n-> A\n---\n-> B\nb : int\n--- again\nc : int");
  assert.deepEqual(
    items.map((item) => (item.kind === "index" ? undefined : [item.inKey, item.line])),
    [
      [true, 1],
      [true, 2],
      [false, 4],
      [false, 5],
      [false, 7],
    ],
  );
  assert.equal(itemOf("b : int", "___\n").inKey, false);
});

test("references have options, dotted parents and renames", () => {
  const plain = {
    kind: "foreignKey",
    parent: "Session",
    renames: new Map(),
    isNullable: false,
    isUnique: false,
    inKey: false,
  };
  const below = (line: string) => itemOf(line, "---\n");
  assert.deepEqual(below("-> Session"), plain);
  assert.deepEqual(below("->Session  # of the day -> see above"), plain);
  assert.deepEqual(below("-> master"), { ...plain, parent: "master" });
  assert.deepEqual(below("-> ephys.LFP.Electrode"), { ...plain, parent: "ephys.LFP.Electrode" });
  assert.deepEqual(below("-> [nullable] Session"), { ...plain, isNullable: true });
  assert.deepEqual(below("-> [ Unique , NULLABLE ] Session"), { ...plain, isNullable: true, isUnique: true });
  assert.deepEqual(below(`-> Session.proj(first="subject", then='at')`), {
    ...plain,
    renames: new Map([
      ["first", "subject"],
      ["then", "at"],
    ]),
  });
  assert.deepEqual(below("-> [unique] Session.proj()"), { ...plain, isUnique: true });
});

test("indexes name attributes, JSON paths or expressions", () => {
  assert.deepEqual(itemOf("index(a,b)"), { kind: "index", isUnique: false, items: ["a", "b"] });
  assert.deepEqual(itemOf("UNIQUE  INDEX (a) # once"), { kind: "index", isUnique: true, items: ["a"] });
  assert.deepEqual(itemOf("index (j.x.y:char(10), (lower(a)))"), {
    kind: "index",
    isUnique: false,
    items: ["j.x.y:char(10)", "(lower(a))"],
  });
});

test("errors name the line and what was wrong", () => {
  const wrong: [string, number, RegExp][] = [
    ["a : int\nb int", 2, /expected 'name : type', got 'b int'/],
    ["\n\nA : int", 3, /no attribute name/],
    ["_a : int", 1, /underscore/],
    [`${"a".repeat(65)} : int`, 1, /at most 64/],
    ["a= : int", 1, /no default/],
    ["a : # nothing", 1, /no type/],
    ["a='x : int", 1, /expected 'name : type'/],
    ["a='x'y : int", 1, /no text in quotes/],
    ["a : int # :int32: mine", 1, /begins with a colon/],
    ["# :x", 1, /begins with a colon/],
    ["-> [nullable] A", 1, /cannot be nullable/],
    ["---\n-> [optional] A", 2, /'optional' is no option/],
    ["-> A & 'b=1'", 1, /no reference that can be read/],
    ["-> A.proj(New='old')", 1, /no rename/],
    ["-> A.proj(b='a', c='a')", 1, /'a' is renamed twice/],
    ["(a) -> A", 1, /no reference that can be read/],
    ["index ()", 1, /names no attribute/],
  ];
  for (const [text, line, message] of wrong)
    assert.throws(
      () => parseDefinition(text),
      (error) => error instanceof DefinitionError && error.line === line && message.test(error.message),
      text,
    );
});

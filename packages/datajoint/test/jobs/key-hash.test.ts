/** @module Hashes of keys against those that datajoint-python 0.14.9 wrote into `~jobs`. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { AttributeKind } from "../../src/definition/heading.ts";
import { DataJointError } from "../../src/errors.ts";
import { type KeyAttribute, keyHash, pythonFloat, pythonText } from "../../src/jobs/key-hash.ts";

interface Vector {
  readonly key: Readonly<Record<string, string>>;
  /** Python's types of the values. */
  readonly types: Readonly<Record<string, string>>;
  readonly concat: string;
  readonly md5: string;
}

const vectors: Vector[] = JSON.parse(
  readFileSync(new URL("fixtures/keyhash-vectors.json", import.meta.url), "utf8"),
);

/** Kind and column type of what Python reads as that type. */
const columns: Readonly<Record<string, readonly [AttributeKind, string]>> = {
  int: ["integer", "bigint"],
  float: ["float", "double"],
  Decimal: ["decimal", "decimal(8,3)"],
  str: ["string", "varchar(32)"],
  date: ["temporal", "date"],
  datetime: ["temporal", "datetime(6)"],
  timedelta: ["temporal", "time"],
  UUID: ["uuid", "binary(16)"],
  NoneType: ["integer", "int"],
  bool: ["bool", "tinyint"],
};

/** Python's text of a value, back to what the driver returns. */
function fromPython(text: string, type: string): unknown {
  if (type === "int") return BigInt(text);
  if (type === "NoneType") return null;
  if (type === "bool") return text === "True";
  if (type === "float") return Number(text);
  if (type !== "timedelta") return text;
  const [, days = "0", hours, rest] = /^(?:(-?\d+) days?, )?(\d+)(:.*)$/.exec(text)!;
  const whole = Number(days) * 24 + Number(hours);
  if (whole >= 0) return `${String(whole).padStart(2, "0")}${rest}`;
  const [minutes, seconds] = rest!.slice(1).split(":").map(Number) as [number, number];
  const size = -(whole * 3600 + minutes * 60 + seconds);
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `-${two(size / 3600)}:${two((size / 60) % 60)}:${two(size % 60)}`;
}

for (const [i, { key, types, concat, md5 }] of vectors.entries()) {
  test(`key ${i} of the vectors hashes as Python hashes it: ${concat.slice(0, 60)}`, () => {
    const attributes = Object.entries(types).map(([name, type]): KeyAttribute => {
      const column = columns[type];
      assert.ok(column, `the test knows no column for ${type}`);
      return { name, kind: column[0], type: column[1] };
    });
    const values = Object.fromEntries(
      attributes.map(({ name }) => [name, fromPython(key[name]!, types[name]!)]),
    );
    const texts = attributes
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((attribute) => pythonText(values[attribute.name], attribute));
    assert.equal(texts.join(""), concat);
    assert.equal(keyHash(values, attributes), md5);
  });
}

test("the contract's example, with integers as numbers", () => {
  const attributes: KeyAttribute[] = [
    { name: "subject_id", kind: "integer", type: "int" },
    { name: "session", kind: "integer", type: "int" },
    { name: "code", kind: "string", type: "varchar(8)" },
  ];
  assert.equal(
    keyHash({ subject_id: 1, session: 2, code: "abc" }, attributes),
    "8b0ba403c826fa50b8f786cc21ef91cb",
  );
  assert.throws(() => keyHash({ subject_id: 1, code: "abc" }, attributes), DataJointError);
});

test("floats are Python's repr, and FLOAT columns have six digits", () => {
  for (const [value, text] of [
    [1, "1.0"],
    [-0, "-0.0"],
    [0.1, "0.1"],
    [1e16, "1e+16"],
    [9999999999999998, "9999999999999998.0"],
    [1e-7, "1e-07"],
    [0.0001, "0.0001"],
    [1.5e-5, "1.5e-05"],
    [1e100, "1e+100"],
  ] as const) {
    assert.equal(pythonFloat(value), text);
  }
  assert.equal(pythonText(Math.fround(0.1), { name: "f", kind: "float", type: "float" }), "0.1");
  assert.equal(pythonText(Math.fround(1234567.8), { name: "f", kind: "float", type: "float" }), "1234570.0");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveColumnType } from "../../src/definition/column-types.ts";
import { DataJointError } from "../../src/errors.ts";

type Short = [type: string, kind: string, annotation?: string];

function short(written: string, generation: "legacy" | "current"): Short {
  const { type, kind, annotation } = resolveColumnType(written, generation);
  return annotation === undefined ? [type, kind] : [type, kind, annotation];
}

test("legacy types are native columns; only uuids, attachments and stores have labels", () => {
  const expected: [string, Short][] = [
    ["int", ["int", "integer"]],
    ["int(11)", ["int", "integer"]],
    ["tinyint unsigned", ["tinyint unsigned", "integer"]],
    ["INTEGER", ["int", "integer"]],
    ["serial", ["bigint unsigned", "integer"]],
    ["decimal(6, 2)", ["decimal(6,2)", "decimal"]],
    ["numeric", ["decimal(10,0)", "decimal"]],
    ["float", ["float", "float"]],
    ["real unsigned", ["double unsigned", "float"]],
    ["varchar(255)", ["varchar(255)", "string"]],
    ["bool", ["tinyint(1)", "bool"]],
    ["boolean", ["tinyint(1)", "bool"]],
    ["datetime(6)", ["datetime(6)", "temporal"]],
    ["year", ["year", "temporal"]],
    ["json", ["json", "json"]],
    ["uuid", ["binary(16)", "uuid", "uuid"]],
    ["blob", ["blob", "blob"]],
    ["longblob", ["longblob", "blob"]],
    ["attach", ["longblob", "attach", "attach"]],
    ["blob@datajoint-blob", ["binary(16)", "external", "blob@datajoint-blob"]],
    ["attach@s", ["binary(16)", "external", "attach@s"]],
    ["filepath@s", ["binary(16)", "external", "filepath@s"]],
    [`enum('load', "trigger")`, ["enum('load','trigger')", "enum"]],
    // written for 2.x
    ["int32", ["int", "integer"]],
    ["float64", ["double", "float"]],
    ["<blob>", ["longblob", "blob"]],
    ["<attach>", ["longblob", "attach", "attach"]],
    ["<blob@s>", ["binary(16)", "external", "blob@s"]],
  ];
  for (const [written, result] of expected) assert.deepEqual(short(written, "legacy"), result, written);
});

test("current core types are labelled in their one spelling, native ones are not", () => {
  const expected: [string, Short][] = [
    ["int8", ["tinyint", "integer", "int8"]],
    ["int64", ["bigint", "integer", "int64"]],
    ["float32", ["float", "float", "float32"]],
    ["bool", ["tinyint", "bool", "bool"]],
    ["Boolean", ["tinyint", "bool", "bool"]],
    ["decimal(6, 2)", ["decimal(6,2)", "decimal", "decimal(6,2)"]],
    ["decimal(6,2) unsigned", ["decimal(6,2) unsigned", "decimal"]],
    ["VARCHAR (9)", ["varchar(9)", "string", "varchar(9)"]],
    [`enum("a", 'b')`, ["enum('a','b')", "enum", "enum('a','b')"]],
    ["enum('a:b')", ["enum('a:b')", "enum"]],
    ["datetime(3)", ["datetime(3)", "temporal", "datetime(3)"]],
    ["timestamp", ["timestamp", "temporal"]],
    ["json", ["json", "json", "json"]],
    ["uuid", ["binary(16)", "uuid", "uuid"]],
    ["bytes", ["longblob", "bytes", "bytes"]],
    ["int unsigned", ["int unsigned", "integer"]],
    ["longblob", ["longblob", "blob", "<blob>"]],
    ["blob", ["longblob", "blob", "<blob>"]],
    ["<blob>", ["longblob", "blob", "<blob>"]],
    ["attach", ["longblob", "attach", "<attach>"]],
    ["blob@s", ["json", "external", "<blob@s>"]],
    ["<blob@>", ["json", "external", "<blob@>"]],
    ["<npy@s>", ["json", "external", "<npy@s>"]],
    ["mediumtext", ["mediumtext", "string"]],
  ];
  for (const [written, result] of expected) assert.deepEqual(short(written, "current"), result, written);
});

test("auto_increment and stores are told apart from the type", () => {
  assert.equal(resolveColumnType("int unsigned auto_increment", "legacy").isAutoIncrement, true);
  assert.equal(resolveColumnType("serial", "current").isAutoIncrement, true);
  assert.equal(resolveColumnType("blob@raw", "legacy").store, "raw");
  assert.equal(resolveColumnType("attach@raw", "current").store, "raw");
  assert.equal(resolveColumnType("<blob@>", "current").store, "");
});

test("types that DataJoint lacks are refused with a hint", () => {
  for (const written of [
    "text",
    "bytes",
    "<object@s>",
    "varchar",
    "binary(16)",
    "bit",
    "set('a')",
    "blob@",
    "<blob@>",
    "enum(a, b)",
    "geometry",
  ])
    assert.throws(() => resolveColumnType(written, "legacy"), DataJointError, written);
  for (const written of ["<hash>", "<mine>", "uint8", "char", "varbinary(9)", "enum()", "int 5"])
    assert.throws(() => resolveColumnType(written, "current"), DataJointError, written);
  assert.throws(() => resolveColumnType("text", "legacy"), /use varchar\(n\)/);
});

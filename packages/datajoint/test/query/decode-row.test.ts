import assert from "node:assert/strict";
import { it } from "node:test";
import { pack } from "../../src/blob/encode.ts";
import { DataJointError, ValueError } from "../../src/errors.ts";
import { makeRowDecoder } from "../../src/query/decode-row.ts";
import { attribute, key } from "../support/tables.ts";

it("decodes at once what is small, and as a promise what is large", async () => {
  const decode = makeRowDecoder([key("id", "int"), attribute("trace", "longblob")]);
  assert.deepEqual(decode({ id: 1, trace: pack("x"), other: 5 }), { id: 1, trace: "x" });
  const row = decode({ id: 1, trace: pack("y".repeat(100_000), { compress: false }) });
  assert.ok(row instanceof Promise);
  assert.deepEqual(await row, { id: 1, trace: "y".repeat(100_000) });
});

it("says which attribute holds what cannot be read", async () => {
  const decode = makeRowDecoder([
    attribute("trace", "longblob"),
    attribute("file", "attach"),
    attribute("doc", "json"),
  ]);
  const fails = (name: string) => (error: unknown) =>
    error instanceof ValueError && error.attribute === name && error.message.includes(`'${name}'`);
  const damaged = new Uint8Array(100).fill(7);
  assert.throws(() => decode({ trace: damaged }), fails("trace"));
  assert.throws(() => decode({ trace: "text" }), fails("trace"));
  assert.throws(() => decode({ file: damaged }), fails("file"));
  assert.throws(() => decode({ doc: "{" }), fails("doc"));
  await assert.rejects(async () => decode({ trace: new Uint8Array(100_000).fill(7) }), fails("trace"));
});

it("reads stored values through the store reader, null without it", async () => {
  const away = attribute("away", "blob@shelf");
  const hash = new Uint8Array(16).fill(3);
  const decode = makeRowDecoder([away], {
    read: async (from, stored) => `${from.name} ${(stored as Uint8Array)[0]}`,
  });
  assert.deepEqual(await decode({ away: hash }), { away: "away 3" });
  assert.deepEqual(decode({ away: null }), { away: null });
  const without = makeRowDecoder([away]);
  assert.deepEqual(without({ away: null }), { away: null });
  assert.throws(() => without({ away: hash }), DataJointError);
  const failing = makeRowDecoder([away], { read: () => Promise.reject(new Error("the shelf fell down")) });
  await assert.rejects(async () => failing({ away: hash }), /the shelf fell down/);
});

it("gives one text for decimals and times, whatever the database keeps", () => {
  const decode = makeRowDecoder([
    attribute("price", "decimal(8,2)"),
    attribute("at", "datetime(3)"),
    attribute("year", "year"),
  ]);
  assert.deepEqual(decode({ price: 1.5, at: "2024-01-01 00:00:00", year: 1999 }), {
    price: "1.50",
    at: "2024-01-01 00:00:00.000",
    year: "1999",
  });
  assert.deepEqual(decode({ price: "1.50", at: "2024-01-01 00:00:00.500", year: "1999" }), {
    price: "1.50",
    at: "2024-01-01 00:00:00.500",
    year: "1999",
  });
});

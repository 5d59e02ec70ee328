/**
 * @module
 * Hand-assembled blobs: MATLAB's side of the format, what Python reads wrongly, and bytes that lie.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import {
  type Dtype,
  MatCell,
  MatSparse,
  MatStruct,
  NdArray,
  StructuredArray,
} from "../../src/blob/arrays.ts";
import { inflated } from "../../src/blob/compress.ts";
import { unpack, unpackAsync } from "../../src/blob/decode.ts";
import { pack } from "../../src/blob/encode.ts";
import { Tuple } from "../../src/blob/python-values.ts";
import { BlobError } from "../../src/errors.ts";

const vectors: { name: string; hex: string; decoded_2_3_2: string }[] = JSON.parse(
  readFileSync(new URL("fixtures/blob-decode-vectors.json", import.meta.url), "utf8"),
);
const bytesOf = (name: string) =>
  new Uint8Array(Buffer.from(vectors.find((vector) => vector.name === name)!.hex, "hex"));

const ARRAYS: Record<string, any> = {
  float64: Float64Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  char: Uint16Array,
  bool: Uint8Array,
};
function array(dtype: Dtype, shape: number[], values: (number | bigint)[], imaginary?: number[]): NdArray {
  const kind = ARRAYS[dtype];
  return new NdArray({ dtype, shape, data: kind.from(values), imaginary: imaginary && kind.from(imaginary) });
}
const codes = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const one = (value: number) => array("float64", [1, 1], [value]);

/** Values as MATLAB meant them; an error is the part of its sentence. */
const EXPECTED: Record<string, unknown> = {
  m_char_1x5: "hello",
  m_char_5x1: array("char", [5, 1], codes("hello")),
  m_char_2x3: array("char", [2, 3], codes("abcdef")),
  m_char_empty_0x0: "",
  m_char_1x1: "x",
  m_char_latin1: "é",
  m_char_bmp: "☃",
  m_double_scalar_1x1: one(3.5),
  m_double_empty_0x0: array("float64", [0, 0], []),
  m_double_2x3: array("float64", [2, 3], [1, 2, 3, 4, 5, 6]),
  m_complex_1x2: array("float64", [1, 2], [1, 3], [2, 4]),
  m_logical_1x3: array("bool", [1, 3], [1, 0, 1]),
  m_int64: array("int64", [1, 1], [-1152921504606846976n]),
  m_uint64: array("uint64", [1, 1], [18446744073709551615n]),
  m_sparse_2x2: new MatSparse({
    rows: 2,
    columns: 2,
    dtype: "float64",
    columnStarts: [0, 0, 1],
    rowIndices: [1],
    data: new Float64Array([7]),
  }),
  m_cell_empty_0x0: new MatCell([0, 0], []),
  m_cell_1x2_str: new MatCell([1, 2], ["string1", "string2"]),
  m_cell_1x2_mixed: new MatCell([1, 2], ["ab", array("float64", [1, 2], [1, 2])]),
  m_cell_1x2_empty: new MatCell([1, 2], [array("float64", [0, 0], []), array("float64", [0, 0], [])]),
  m_cell_nested: new MatCell([1, 1], [new MatCell([1, 2], [one(1), one(2)])]),
  m_struct_1x1: new MatStruct(
    [1, 1],
    new Map<string, unknown[]>([
      ["a", [one(1)]],
      ["b", ["xy"]],
    ]),
  ),
  m_struct_1x2: new MatStruct([1, 2], new Map([["a", [one(1), one(2)]]])),
  // rows of [1 3; 2 4], written down the columns
  m_struct_2x2: new MatStruct([2, 2], new Map([["a", [one(1), one(3), one(2), one(4)]]])),
  m_struct_nofields: new MatStruct([1, 1], new Map()),
  m_struct_nested: new MatStruct(
    [1, 1],
    new Map([["s", [new MatStruct([1, 1], new Map([["c", [array("float64", [1, 2], [1, 2])]]]))]]]),
  ),
  m_function_class16: /class is none/,
  m_class0: /class is none/,
  m_trailing_byte: /1 bytes follow/,
  m_unknown_code: /code 0x5a is unknown/,
  unknown_header: /begins with/,
  no_nul: /begin with "hell"/,
  empty_bytes: /these 0 bytes/,
  zl_mym: array("float64", [1, 2], [1, 2]),
  zl_wrong_len: /holds 5 bytes, but inflates to more/,
  d_void_2: new NdArray({ dtype: "object", shape: [2], data: ["x", null] }),
  d_rec_zero_fields: new StructuredArray([], new Map()),
  d_bool_byte2: true,
  d_int_zero_bytes: 0,
  // Python cannot hold these two; nothing is lost by reading them
  d_set_unhashable: new Set([[]]),
  d_dict_list_key: new Map([[[], null]]),
  d_dict_dup_key: { a: 2 },
  d_list_child_len_bad: /take at least 9 bytes, 4 are left/,
  d_array_dt64_s: new NdArray({ dtype: "datetime64[s]", shape: [1], data: new BigInt64Array([0n]) }),
  d_timedelta_code: /class is none/,
  m_32bit_dims: BlobError,
};

test("the table names every vector", () => {
  assert.deepEqual(vectors.map((vector) => vector.name).sort(), Object.keys(EXPECTED).sort());
});

for (const [name, expected] of Object.entries(EXPECTED)) {
  test(`${name}`, () => {
    if (expected instanceof RegExp || expected === BlobError) {
      assert.throws(
        () => unpack(bytesOf(name)),
        (error) =>
          error instanceof BlobError &&
          typeof error.offset === "number" &&
          (expected === BlobError || (expected as RegExp).test(error.message)),
      );
      return;
    }
    assert.deepEqual(unpack(bytesOf(name)), expected);
  });
}

test("the header mYm or dj0 and all bytes come back where nothing is refused", () => {
  // not canonical: a bool 2, an int of no bytes, keys twice, values that Python cannot hash
  const other = /bool_byte2|int_zero|dup_key|unhashable|list_key/;
  let count = 0;
  for (const { name } of vectors) {
    if (EXPECTED[name] instanceof RegExp || EXPECTED[name] === BlobError || other.test(name)) continue;
    const plain = inflated(bytesOf(name));
    assert.deepEqual(Buffer.from(pack(unpack(plain, { exact: true }))), Buffer.from(plain), name);
    count++;
  }
  assert.equal(count, 29);
});

test("32-bit counts", () => {
  const value = unpack(bytesOf("m_32bit_dims"), { dims32: true });
  assert.deepEqual(value, array("float64", [1, 2], [1, 2]));
  assert.deepEqual(Buffer.from(pack(value, { dims32: true })), Buffer.from(bytesOf("m_32bit_dims")));
  const nested = { list: [1, Tuple.make(["a"])], text: "é", cell: new MatCell([1, 1], [one(3)]) };
  assert.deepEqual(unpack(pack(nested, { dims32: true }), { dims32: true }), nested);
});

test("squeeze", () => {
  assert.equal(unpack(bytesOf("m_double_scalar_1x1"), { squeeze: true }), 3.5);
  assert.equal(unpack(bytesOf("m_uint64"), { squeeze: true }), 18446744073709551615n);
  assert.deepEqual(unpack(bytesOf("m_logical_1x3"), { squeeze: true }), array("bool", [3], [1, 0, 1]));
  assert.deepEqual(
    unpack(bytesOf("m_cell_nested"), { squeeze: true }),
    new MatCell([], [new MatCell([2], [1, 2])]),
  );
  assert.deepEqual(
    unpack(bytesOf("m_struct_1x1"), { squeeze: true }),
    new MatStruct(
      [],
      new Map<string, unknown[]>([
        ["a", [1]],
        ["b", ["xy"]],
      ]),
    ),
  );
});

test("an element shorter than it says", () => {
  refusedAt(
    blob("dj0\0\x02", u64(1), u64(5), "\x0a", Buffer.from([1, 0, 1]), "\xff"),
    21,
    /says it has 5 bytes, but takes 4/,
  );
});

test("strings of a char matrix are its rows", () => {
  assert.deepEqual((unpack(bytesOf("m_char_2x3")) as NdArray).strings(), ["abc", "def"]);
  assert.deepEqual((unpack(bytesOf("m_char_5x1")) as NdArray).strings(), [..."hello"]);
});

const u64 = (value: bigint | number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const blob = (...parts: (string | Buffer)[]) =>
  new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part))),
  );
const refusedAt = (bytes: Uint8Array, offset: number, sentence: RegExp) =>
  assert.throws(
    () => unpack(bytes),
    (error) => {
      assert.ok(error instanceof BlobError, String(error));
      assert.match(error.message, sentence);
      assert.equal(error.offset, offset);
      return true;
    },
  );

test("lengths that lie are refused before anything is allocated", () => {
  const huge = 2n ** 62n;
  refusedAt(blob("dj0\0\x05", u64(huge)), 5, /more than any blob holds/);
  refusedAt(blob("dj0\0\x05", u64(2 ** 40)), 13, /expected 1099511627776 bytes of text, got 0/);
  for (const code of ["\x01", "\x02", "\x03", "\x04"])
    refusedAt(blob("dj0\0", code, u64(2 ** 40)), 5, /left/);
  refusedAt(blob("mYm\0A", u64(2 ** 50)), 5, /array axes/);
  refusedAt(
    blob("mYm\0A", u64(2), u64(2 ** 31), u64(2 ** 31), u32(6), u32(0)),
    37,
    /expected 36893488147419103000 bytes/,
  );
  refusedAt(blob("dj0\0A", u64(2), u64(2 ** 31), u64(2 ** 31), u32(5), u32(0)), 37, /objects of an array/);
  refusedAt(blob("mYm\0C", u64(2), u64(2 ** 31), u64(2 ** 31)), 29, /cells/);
  refusedAt(blob("mYm\0S", u64(1), u64(2 ** 40), u32(1), "a\0"), 27, /structs/);
  refusedAt(blob("dj0\0F", u32(2 ** 31)), 9, /names of/);
  refusedAt(blob("mYm\0P", u64(1), u64(2 ** 40), u64(0), u32(6), u32(0)), 37, /column starts/);
  refusedAt(blob("ZL123\0", u64(2 ** 40), deflateSync("dj0\0\xff")), 6, /cannot hold as many/);
  const plain = Buffer.from("dj0\0\xff", "latin1");
  refusedAt(blob("ZL123\0", u64(6), deflateSync(plain)), 6, /inflates to 5/);
  refusedAt(
    blob("ZL123\0", u64(5), deflateSync(plain), "x"),
    14 + deflateSync(plain).length,
    /1 bytes follow/,
  );
  refusedAt(blob("ZL123\0", u64(5), deflateSync(plain).subarray(0, -1)), 14, /broken/);
  refusedAt(blob("ZL123\0", u64(5), "garbage"), 14, /broken/);
  refusedAt(blob("ZL123\0", "xx"), 6, /ends before/);
});

test("an axis of size 0 beside a huge one allocates nothing", () => {
  const value = unpack(blob("mYm\0A", u64(3), u64(2 ** 52), u64(2 ** 52), u64(0), u32(6), u32(0)));
  assert.equal((value as NdArray).size, 0);
});

test("every blob of the vectors, cut anywhere, is refused with an offset", async () => {
  for (const { name } of vectors) {
    if (name === "m_trailing_byte") continue;
    const whole = bytesOf(name);
    for (let length = 0; length < whole.length; length++) {
      assert.throws(
        () => unpack(whole.subarray(0, length)),
        (error) => error instanceof BlobError && error.offset !== undefined && error.offset <= whole.length,
        `${name} cut to ${length}`,
      );
    }
  }
  const large = pack(new Uint8Array(2_000_000));
  await assert.rejects(unpackAsync(large.subarray(0, -5)), BlobError);
});

test("values nested too deep end in an error, not in a stack overflow", () => {
  const circular: unknown[] = [];
  circular.push(circular);
  assert.throws(() => pack(circular), /holds itself/);
  const levels = 3000;
  const parts: Buffer[] = [];
  for (let level = levels; level > 0; level--)
    parts.push(Buffer.concat([Buffer.from([2]), u64(1), u64(17 * (level - 1) + 1)]));
  assert.throws(() => unpack(blob("dj0\0", ...parts, "\xff")), /nested more than/);
});

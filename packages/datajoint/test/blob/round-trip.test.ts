/**
 * @module
 * Properties: what is packed reads as the same value, and any bytes are either read or refused.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MatCell, MatStruct, NdArray, StructuredArray, type TypedData } from "../../src/blob/arrays.ts";
import { unpack } from "../../src/blob/decode.ts";
import { toColumnMajor, toRowMajor } from "../../src/blob/element-order.ts";
import { pack } from "../../src/blob/encode.ts";
import { Complex, DateTime, Decimal, Float, Tuple, Uuid } from "../../src/blob/python-values.ts";
import { BlobError } from "../../src/errors.ts";

const shapes = fc.array(fc.nat(4), { maxLength: 4 });
const count = (shape: number[]) => shape.reduce((product, size) => product * size, 1);
const numeric = shapes.chain((shape) => {
  const size = { minLength: count(shape), maxLength: count(shape) };
  const made = (dtype: any, data: fc.Arbitrary<TypedData>) =>
    data.map((values) => new NdArray({ dtype, shape, data: values }));
  return fc.oneof(
    made("float64", fc.float64Array(size)),
    made("float32", fc.float32Array(size)),
    made("int8", fc.int8Array(size)),
    made("uint8", fc.uint8Array(size)),
    made("int16", fc.int16Array(size)),
    made("char", fc.uint16Array(size)),
    made("int32", fc.int32Array(size)),
    made("uint32", fc.uint32Array(size)),
    made("int64", fc.bigInt64Array(size)),
    made("uint64", fc.bigUint64Array(size)),
    made("datetime64[us]", fc.bigInt64Array(size)),
    fc
      .tuple(fc.float64Array(size), fc.float64Array(size))
      .map(([data, imaginary]) => new NdArray({ dtype: "float64", shape, data, imaginary })),
    fc.tuple(fc.int32Array(size), fc.float32Array(size)).map(
      ([a, b]) =>
        new StructuredArray(
          shape,
          new Map([
            ["a", new NdArray({ dtype: "int32", shape, data: a })],
            ["b", new NdArray({ dtype: "float32", shape, data: b })],
          ]),
        ),
    ),
  );
});
const text = fc.string({ unit: "grapheme" });
const day = fc.date({
  min: new Date("0001-01-01T00:00:00Z"),
  max: new Date("9999-12-31T23:59:59.999Z"),
  noInvalidDate: true,
});
const scalars = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double().filter((value) => !Number.isInteger(value)),
  fc
    .double()
    .filter(Number.isInteger)
    .map((value) => new Float(value)),
  fc.bigInt().filter((value) => value > 2n ** 53n || value < -(2n ** 53n)),
  text,
  fc.uint8Array({ maxLength: 20 }),
  fc.tuple(fc.double(), fc.double()).map(([re, im]) => new Complex(re, im)),
  fc.tuple(fc.integer(), fc.nat(20)).map(([digits, exponent]) => new Decimal(`${digits}E-${exponent}`)),
  fc.uuid().map((value) => new Uuid(value)),
  day.map((value) => new DateTime(value.toISOString().slice(0, 10))),
  day.map((value) => new DateTime(value.toISOString().slice(0, 23).replace("T", " "))),
);
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalars,
    numeric,
    tie("list"),
    tie("tuple"),
    tie("dict"),
    tie("set"),
    tie("cell"),
    tie("struct"),
  ),
  list: fc.array(tie("value"), { maxLength: 4 }),
  tuple: fc.array(tie("value"), { maxLength: 3 }).map((items) => Tuple.make(items)),
  dict: fc
    .uniqueArray(fc.tuple(text, tie("value")), { maxLength: 4, selector: ([key]) => key })
    .map((entries) => new Map(entries)),
  set: fc.uniqueArray(fc.oneof(text, fc.integer()), { maxLength: 3 }).map((items) => new Set(items)),
  cell: fc
    .array(tie("value"), { maxLength: 6 })
    .map(
      (elements) =>
        new MatCell(elements.length % 2 === 0 ? [2, elements.length / 2] : [elements.length], elements),
    ),
  struct: fc.array(tie("value"), { minLength: 1, maxLength: 2 }).map(
    (elements) =>
      new MatStruct(
        [1, elements.length],
        new Map([
          ["x", elements],
          ["y", elements.toReversed()],
        ]),
      ),
  ),
}));

test("any value reads as it was packed", () => {
  fc.assert(
    fc.property(values, (value) => {
      assert.deepEqual(unpack(pack(value), { exact: true }), value);
      // and what is read in the default way packs and reads again
      assert.deepEqual(unpack(pack(unpack(pack(value)))), unpack(pack(value)));
    }),
    { numRuns: 300 },
  );
});

test("any bytes are read or refused with BlobError", () => {
  const header = fc.constantFrom("dj0\0", "mYm\0", "ZL123\0");
  const tail = fc.array(
    fc.oneof(
      fc.constantFrom(
        0x41,
        0x43,
        0x46,
        0x50,
        0x53,
        1,
        2,
        3,
        4,
        5,
        6,
        10,
        11,
        12,
        13,
        0x64,
        0x74,
        0x75,
        255,
        0,
        0,
        0,
        0,
      ),
      fc.integer({ min: 0, max: 255 }),
    ),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(header, tail, (start, rest) => {
      try {
        unpack(Buffer.concat([Buffer.from(start, "latin1"), Buffer.from(rest)]));
      } catch (error) {
        assert.ok(error instanceof BlobError, String(error));
        assert.equal(typeof error.offset, "number", error.message);
      }
    }),
    { numRuns: 3000 },
  );
});

test("element order agrees with indices counted one by one", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }),
      fc.constantFrom(1, 2),
      (shape, words) => {
        const total = count(shape);
        const source = Uint32Array.from({ length: total * words }, (_, i) => i);
        const out = toRowMajor(source, shape, words);
        for (let place = 0; place < total; place++) {
          // place -> index of each axis, last fastest; then the column-major place of that index
          let rest = place;
          const index = shape.map(() => 0);
          for (let axis = shape.length - 1; axis >= 0; axis--) {
            index[axis] = rest % shape[axis]!;
            rest = Math.floor(rest / shape[axis]!);
          }
          const from = index.reduceRight((sum, at, axis) => sum * shape[axis]! + at, 0);
          assert.equal(out[place * words], source[from * words]);
        }
        assert.deepEqual(toColumnMajor(out, shape, words), source);
      },
    ),
  );
  const wide = Uint16Array.from({ length: 100 * 70 }, (_, i) => i);
  const turned = toRowMajor(wide, [100, 70]);
  for (let row = 0; row < 100; row++)
    for (let column = 0; column < 70; column++) assert.equal(turned[row * 70 + column], column * 100 + row);
});

test("numbers: int when whole, float otherwise, and Float says so", () => {
  const code = (value: unknown) => pack(value)[4];
  assert.equal(code(1), 0x0a);
  assert.equal(code(2 ** 53 - 1), 0x0a);
  assert.equal(code(1e300), 0x0d);
  assert.equal(code(1.5), 0x0d);
  assert.equal(code(-0), 0x0d);
  assert.equal(code(new Float(1)), 0x0d);
  assert.equal(code(1n), 0x0a);
  assert.deepEqual(unpack(pack(new Float32Array([1, 2]))), NdArray.of(new Float32Array([1, 2])));
  assert.deepEqual(unpack(pack(new Uint8Array([1, 2]))), new Uint8Array([1, 2]));
});

test("vectors of numbers are typed arrays when that is asked for, and pack to the same bytes", () => {
  const vectors = [
    new Float32Array([1, 2.5]),
    new Float64Array(0),
    new Int16Array([-3]),
    new BigInt64Array([7n]),
  ];
  const others = [
    new NdArray({ dtype: "float64", shape: [1, 2], data: new Float64Array(2) }),
    new NdArray({ dtype: "bool", shape: [2], data: new Uint8Array(2) }),
    NdArray.of(new Uint8Array([1, 2])),
    new NdArray({
      dtype: "float64",
      shape: [1],
      data: new Float64Array([1]),
      imaginary: new Float64Array([2]),
    }),
  ];
  for (const value of [...vectors, ...others, { deep: vectors, deeper: [others] }]) {
    const read = unpack(pack(value), { typedVectors: true });
    assert.deepEqual(read, value);
    assert.deepEqual(pack(read), pack(value));
  }
});

test("compression: only past 1000 bytes, and only when it shrinks", () => {
  assert.equal(pack("x".repeat(987))[0], "d".charCodeAt(0));
  assert.equal(pack("x".repeat(988))[0], "Z".charCodeAt(0));
  assert.equal(pack("x".repeat(988), { compress: false })[0], "d".charCodeAt(0));
});

test("values that would read as something else are refused", () => {
  for (const [value, sentence] of [
    [undefined, /undefined/],
    [{ a: undefined }, /at \.a: it is undefined/],
    [() => 1, /function/],
    [Symbol("x"), /symbol/],
    [new Date(0), /instant/],
    ["\ud800", /surrogate/],
    [new Set([[1]]), /hash/],
    [new Map([[{}, 1]]), /hash/],
    [new Map([[Tuple.make([[1]]), 1]]), /hash/],
    [new (class Point {})(), /a Point/],
    [new Int16Array(2).buffer, /ArrayBuffer/],
  ] as const) {
    assert.throws(
      () => pack(value),
      (error) => error instanceof BlobError && sentence.test(error.message),
      String(sentence),
    );
  }
  assert.throws(() => new DateTime("2023-02-29"), /calendar/);
  assert.throws(() => new DateTime("2024-01-31T05:06:07Z"), /not a date/);
  assert.equal(new DateTime("2024-02-29 05:06:07.5").text, "2024-02-29 05:06:07.500000");
  assert.throws(() => new Uuid("1"), BlobError);
  assert.throws(() => new Decimal("1,5"), BlobError);
  assert.throws(
    () => new NdArray({ dtype: "int16", shape: [3], data: new Int16Array(2) }),
    /holds 3 elements/,
  );
});

test("a dict with text keys is an object, also with the key __proto__", () => {
  const read = unpack(
    pack(
      new Map([
        ["__proto__", 1],
        ["a", 2],
      ]),
    ),
  ) as Record<string, unknown>;
  assert.deepEqual(Object.keys(read), ["__proto__", "a"]);
  assert.equal(Object.getPrototypeOf(read), Object.prototype);
});

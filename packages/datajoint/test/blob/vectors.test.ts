/**
 * @module
 * Every vector of the contract: bytes that datajoint-python 0.14.9 and 2.3.2 wrote, and the values they wrote them from.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { MatCell, NdArray, StructuredArray } from "../../src/blob/arrays.ts";
import { inflated } from "../../src/blob/compress.ts";
import { unpack, unpackAsync } from "../../src/blob/decode.ts";
import { pack, packAsync } from "../../src/blob/encode.ts";
import { Complex, DateTime, Decimal, Float, Tuple, Uuid } from "../../src/blob/python-values.ts";
import { BlobError } from "../../src/errors.ts";

interface Vector {
  readonly name: string;
  readonly version: string;
  readonly hex: string;
  readonly python_repr: string;
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8"));
const vectors: Vector[] = read("blob-vectors");
const refused: { name: string; version: string }[] = read("blob-pack-errors");
const bytesOf = (vector: Vector) => new Uint8Array(Buffer.from(vector.hex, "hex"));

/** Python's repr of an exactly unpacked value; arrays as nothing but their numbers. */
function repr(value: unknown): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number" || typeof value === "bigint") return number(value);
  if (typeof value === "string") return quoted(value);
  if (value instanceof Float) {
    if (Object.is(value.value, -0)) return "-0.0";
    return Math.abs(value.value) < 1e16 ? `${value.value}.0` : String(value.value);
  }
  if (value instanceof Complex) return `(${value.re}${value.im < 0 ? "" : "+"}${value.im}j)`;
  if (value instanceof Decimal) return `Decimal('${value.text}')`;
  if (value instanceof Uuid) return `UUID('${value.text}')`;
  if (value instanceof DateTime) return moment(value);
  if (value instanceof Uint8Array)
    return `b'${[...value].map((b) => `\\x${b.toString(16).padStart(2, "0")}`).join("")}'`;
  if (value instanceof Tuple)
    return value.length === 1 ? `(${repr(value[0])},)` : `(${[...value].map(repr).join(", ")})`;
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (value instanceof Set) return value.size === 0 ? "set()" : `{${[...value].map(repr).join(", ")}}`;
  if (value instanceof Map) return `{${[...value].map(([k, v]) => `${repr(k)}: ${repr(v)}`).join(", ")}}`;
  throw new Error(`no repr for ${value}`);
}
function number(value: number | bigint): string {
  if (Number.isNaN(value)) return "nan";
  return String(value).replace("Infinity", "inf");
}
function quoted(text: string): string {
  return `'${text.replaceAll("\0", "\\x00")}'`;
}
function moment({ date, time }: DateTime): string {
  const day = [Math.floor(date / 10000), Math.floor(date / 100) % 100, date % 100];
  const clock = Math.floor(time / 1e6);
  const hours = [Math.floor(clock / 10000), Math.floor(clock / 100) % 100, clock % 100, time % 1e6];
  while (hours.length > 2 && hours.at(-1) === 0) hours.pop();
  if (time === -1) return `datetime.date(${day.join(", ")})`;
  if (date === -1) return `datetime.time(${hours.join(", ")})`;
  return `datetime.datetime(${[...day, ...hours].join(", ")})`;
}

/** What the repr of the source says, where the reader is meant to give something else (noted in the vectors). */
const READ_AS = new Map([
  ["py_bytes_", "b'\\x00\\x01\\xfe\\xff'"],
  ["py_bytearray_", "b'\\x61\\x62\\x63'"],
  ["py_datetime_tz", "datetime.datetime(2021, 3, 4, 13, 5, 9)"],
  ["frozenset_one", "{'x'}"],
  ["ordereddict", "{'z': 1, 'a': 2}"],
  ["deque", "[1, 2]"],
  ["range", "(0, 1, 2)"],
  ["dict_nested", "{'a': {'b': [1, (2, 3), {'c': None}]}, 5: 'five', (1, 2): b'\\x78\\x79'}"],
]);

/** Every number of an array, row by row, as the numbers in Python's text of it. */
function numbers(value: unknown): string[] {
  if (value instanceof NdArray) {
    const imaginary = value.imaginary;
    return [...(value.data as Iterable<unknown>)].flatMap((element, i) => {
      if (value.dtype === "bool") return element === 0 ? "False" : "True";
      if (value.dtype === "char") return String.fromCharCode(element as number);
      if (value.dtype === "object") return numbers(element);
      if (imaginary !== undefined) return [String(element), String(imaginary[i])];
      return String(element);
    });
  }
  if (value instanceof StructuredArray) {
    const fields = [...value.fields.values()].map(numbers);
    return fields[0]!.flatMap((_, i) =>
      fields.flatMap((field) =>
        field.slice((i * field.length) / fields[0]!.length, ((i + 1) * field.length) / fields[0]!.length),
      ),
    );
  }
  if (value instanceof MatCell) return value.elements.flatMap(numbers);
  if (Array.isArray(value)) return value.flatMap(numbers);
  if (value instanceof Map) return [...value.values()].flatMap(numbers);
  return [value === null ? "None" : String(value)];
}
/** The tokens of `array([[1., 2.]])`, without shape, type and names of fields. */
function tokens(text: string): string[] {
  const body = text
    .replace(/,?\s*dtype=.*$/s, "")
    .replace(/ shape=.*$/s, "")
    .replace(/'\w+':/g, "")
    .replace(/rec\.array|array|MatCell/g, "")
    .replace(/,\s*dtype=\w+/g, "");
  return (body.match(/[^\s,()[\]{}'"]+/g) ?? []).flatMap((token) => {
    const complex = /^([+-]?[\d.]+(?:e[+-]?\d+)?)([+-].+)j$/.exec(token);
    const parts = complex === null ? [token] : [complex[1]!, complex[2]!];
    return parts
      .filter((part) => part !== "")
      .map((part) => (/^[+-]?\d+\.?\d*$/.test(part) ? String(Number(part)) : part));
  });
}

for (const vector of vectors) {
  const title = `${vector.name} (${vector.version})`;
  test(`${title}: packs to the same bytes again`, () => {
    const bytes = bytesOf(vector);
    const again = pack(unpack(bytes, { exact: true }));
    assert.equal(Buffer.from(inflated(again)).toString("hex"), Buffer.from(inflated(bytes)).toString("hex"));
    // both wrote it compressed, or neither; the lengths may differ by the build of zlib
    assert.equal(again[0], bytes[0]);
  });
}

const comparedAsText = new Set<string>();
for (const vector of vectors.filter((vector) => vector.version === "0.14.9")) {
  const value = unpack(bytesOf(vector), { exact: true });
  const isArray = vector.python_repr.startsWith("array(") && !vector.python_repr.includes("...");
  if (
    /^(py|list|tuple|nested|set|frozenset|dict_(?!of)|ordereddict|deque|range|job|np_scalar_str)/.test(
      vector.name,
    ) &&
    vector.name !== "list_of_arrays"
  ) {
    comparedAsText.add(vector.name);
    test(`${vector.name}: reads as ${vector.python_repr}`, () => {
      assert.equal(repr(value), READ_AS.get(vector.name) ?? vector.python_repr);
    });
  } else if (isArray && !/datetime64|bytes_S1|char_c|^compressed/.test(vector.name)) {
    comparedAsText.add(vector.name);
    test(`${vector.name}: has the elements of ${vector.python_repr.slice(0, 60)}`, () => {
      assert.deepEqual(numbers(value), tokens(vector.python_repr));
      const shape = /shape=\(([^)]*)\)/.exec(vector.python_repr)?.[1];
      if (shape !== undefined && (value instanceof NdArray || value instanceof StructuredArray)) {
        assert.deepEqual(
          value.shape,
          shape
            .split(",")
            .filter((size) => size.trim() !== "")
            .map(Number),
        );
      }
    });
  }
}

test("numpy's scalars read as numbers, exactly as arrays without axes", () => {
  const scalars = vectors.filter((vector) => /^np_scalar_(u?int|float)/.test(vector.name));
  assert.equal(scalars.length, 20);
  for (const vector of scalars) {
    assert.equal(unpack(bytesOf(vector)), 3, vector.name);
    const exact = unpack(bytesOf(vector), { exact: true });
    assert.ok(exact instanceof NdArray);
    assert.equal(exact.dtype, vector.name.replace("np_scalar_", ""));
    assert.equal(Number(exact.data[0]), 3);
  }
  const named = (name: string) => unpack(bytesOf(vectors.find((vector) => vector.name === name)!));
  assert.equal(named("np_scalar_bool"), true);
  assert.deepEqual(named("np_scalar_complex64"), new Complex(3, 0));
  assert.deepEqual(named("arr0d_float64"), 2.5);
});

test("datetime64, NaT, char arrays, cells and structs", () => {
  const named = (name: string, options = {}) =>
    unpack(bytesOf(vectors.find((vector) => vector.name === name)!), options);
  // numpy: np.datetime64("2021-03-04").astype("int64") == 18690, "1969-12-31" == -1
  assert.deepEqual(
    named("arr_datetime64_D"),
    new NdArray({ dtype: "datetime64[D]", shape: [2], data: new BigInt64Array([18690n, -1n]) }),
  );
  assert.deepEqual(
    named("arr_datetime64_us"),
    new NdArray({
      dtype: "datetime64[us]",
      shape: [1],
      data: new BigInt64Array([BigInt(Date.UTC(2021, 2, 4, 1, 2, 3)) * 1000n + 4n]),
    }),
  );
  assert.deepEqual(
    named("arr_datetime64_NaT"),
    new NdArray({ dtype: "datetime64[ns]", shape: [1], data: new BigInt64Array([-(2n ** 63n)]) }),
  );
  assert.equal(named("arr_char_c"), "abc");
  assert.equal(named("arr_bytes_S1"), "ab");
  const one = new NdArray({ dtype: "float64", shape: [1, 1], data: new Float64Array([1]) });
  const pair = new NdArray({ dtype: "float64", shape: [1, 2], data: new Float64Array([2, 3]) });
  assert.deepEqual(named("matcell_1x2_arrays"), new MatCell([1, 2], [one, pair]));
  assert.deepEqual(
    named("matcell_1x2_arrays", { squeeze: true }),
    new MatCell([2], [1, new NdArray({ ...pair, shape: [2] })]),
  );
  assert.equal(
    String((named("compressed_zeros_2000B") as NdArray).data),
    "0,".repeat((named("compressed_zeros_2000B") as NdArray).size).slice(0, -1),
  );
  assert.equal((named("compressed_list") as string[])[0], "x".repeat(40));
});

test("the vectors are compared as text unless named above", () => {
  const others = new Set(vectors.map((vector) => vector.name).filter((name) => !comparedAsText.has(name)));
  for (const name of others)
    assert.match(
      name,
      /^(np_scalar|arr0d|arr_datetime64|arr_char|arr_bytes|mat|compressed|incompressible|list_of|dict_of|recarray_sub)/,
      name,
    );
});

test("asynchronous reading and writing give the same", async () => {
  for (const vector of vectors.filter((vector) => vector.name.startsWith("compressed"))) {
    assert.deepEqual(await unpackAsync(bytesOf(vector)), unpack(bytesOf(vector)));
  }
  const large = NdArray.of(Int16Array.from({ length: 1_500_000 }, (_, i) => (i * 7919) % 1000));
  const blob = await packAsync(large);
  assert.ok(blob.length < 3_000_000 / 2);
  assert.deepEqual(blob, pack(large));
  assert.deepEqual(await unpackAsync(blob), large);
});

test("what Python refuses to pack is refused with a sentence", () => {
  const same: Record<string, () => unknown> = {
    // a timedelta has no class here; a duration of any library is an object of an unknown class
    py_timedelta: () => pack(new (class Duration {})()),
    np_scalar_float16: () =>
      pack(new NdArray({ dtype: "float16" as never, shape: [], data: new Uint16Array([0]) })),
    np_timedelta64: () =>
      pack(new NdArray({ dtype: "timedelta64[s]" as never, shape: [], data: new BigInt64Array([5n]) })),
    arr_bigendian_f8: () => pack(new DataView(new ArrayBuffer(16))),
    arr_float16: () => pack({ deep: [new Float16Array([1, 2])] }),
    arr_longdouble: () =>
      pack(new NdArray({ dtype: "float128" as never, shape: [2], data: new Float64Array(2) })),
    arr_timedelta64: () =>
      pack(new NdArray({ dtype: "timedelta64[s]" as never, shape: [2], data: new BigInt64Array(2) })),
    arr_bytes_S3: () => pack(new NdArray({ dtype: "S3" as never, shape: [1], data: new Uint8Array(3) })),
    np_void_record: () => pack(new (class Record {})()),
  };
  assert.deepEqual(new Set(refused.map((vector) => vector.name)), new Set(Object.keys(same)));
  for (const attempt of Object.values(same)) {
    assert.throws(
      attempt,
      (error) => error instanceof BlobError && /pack/.test(error.message) && error.message.length > 30,
    );
  }
  assert.throws(() => pack({ deep: [1, new Float16Array(2)] }), /at \.deep\[1\].*Float16Array/s);
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dictToUuid, PythonFloat, pythonRepr, pythonStr } from "../../src/ingest/dict-to-uuid.ts";

describe("dictToUuid", () => {
  it("gives the vectors of the pipeline contract", () => {
    assert.equal(
      dictToUuid({
        amplitude_cutoff_maximum: null,
        presence_ratio_minimum: null,
        isi_violations_maximum: null,
      }),
      "5d835de1-e1af-1871-d81f-d12a9702ff5f",
    );
    assert.equal(
      dictToUuid({ amplitude_cutoff_maximum: 0.1, presence_ratio_minimum: 0.9, isi_violations_maximum: 0.5 }),
      "f74ccd77-0b3a-2bf8-0bfd-ec9713b5dca8",
    );
    assert.equal(
      dictToUuid({ a: 1, clustering_method: "kilosort2" }),
      "087c05af-3489-6f64-0392-8cbab5a680e0",
    );
  });

  it("gives the hash of an electrode configuration", () => {
    const electrodes = (type: string) =>
      dictToUuid(
        Object.fromEntries(
          Array.from({ length: 384 }, (_, e) => [`${e}`, { probe_type: type, electrode: e }]),
        ),
        true,
      );
    assert.equal(electrodes("neuropixels 1.0 - 3B"), "6f6d8149-1603-9d2c-f884-0fdf995ec8b3");
    assert.equal(electrodes("neuropixels 1.0 - 3A"), "8d4cc6d8-a02d-42c8-bf27-7459c39ea0ee");
    assert.equal(electrodes("neuropixels 2.0 - SS"), "48c7ea53-77b1-8368-3954-bd2bf48fdea7");
  });
});

describe("pythonStr", () => {
  // left: JavaScript, right: what CPython 3.11 prints
  const cases: readonly (readonly [Parameters<typeof pythonStr>[0], string])[] = [
    [0.1, "0.1"],
    [new PythonFloat(30000), "30000.0"],
    [1e-5, "1e-05"],
    [0.0001, "0.0001"],
    [1.5e-7, "1.5e-07"],
    [new PythonFloat(1e16), "1e+16"],
    [new PythonFloat(123456789012345), "123456789012345.0"],
    [1e22, "1e+22"],
    [true, "True"],
    [null, "None"],
    [[1, 2], "[1, 2]"],
    [{ probe_type: "x", electrode: 0 }, "{'probe_type': 'x', 'electrode': 0}"],
    ["it's", "it's"],
    [["it's", 'say "x"'], `["it's", 'say "x"']`],
    [["µ\n"], "['µ\\n']"],
    [[-0.5, 10n ** 20n], "[-0.5, 100000000000000000000]"],
  ];
  for (const [value, text] of cases) it(`prints ${text}`, () => assert.equal(pythonStr(value), text));

  it("quotes text only inside containers", () => assert.equal(pythonRepr("a"), "'a'"));
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { formatParamsPy, parseParamsPy } from "../../src/io/phy/params-py.ts";
import { sharedPath, skipWithoutSharedData } from "../support/shared-data.ts";

describe("params.py", () => {
  it("is read as literals", () => {
    const text = `# made by KS
dat_path = r'C:\\data\\new.bin'  # raw
n_channels_dat = 385
dtype = 'int16'
offset = 0
sample_rate = 30000.
hp_filtered = False
files = ['a', "b"]
name = "it's = here"
nothing = None
import os
computed = os.getcwd()
`;
    assert.deepEqual(Object.fromEntries(parseParamsPy(text)), {
      dat_path: "C:\\data\\new.bin",
      n_channels_dat: 385,
      dtype: "int16",
      offset: 0,
      sample_rate: 30000,
      hp_filtered: false,
      files: ["a", "b"],
      name: "it's = here",
      nothing: null,
    });
  });

  it("is written as it is read", () => {
    const values = {
      dat_path: "C:\\new\\it's.dat",
      n_channels_dat: 4,
      sample_rate: 29999.94,
      hp_filtered: true,
      x: null,
    };
    assert.deepEqual(Object.fromEntries(parseParamsPy(formatParamsPy(values))), values);
  });

  it("of a real folder has the keys that Phy needs", { skip: skipWithoutSharedData }, () => {
    const text = readFileSync(sharedPath("BME410-FinalProject+BME410-DataAnalysis/params.py"), "utf8");
    const values = parseParamsPy(text);
    for (const key of ["dat_path", "n_channels_dat", "dtype", "offset", "sample_rate", "hp_filtered"])
      assert.ok(values.has(key), key);
  });
});

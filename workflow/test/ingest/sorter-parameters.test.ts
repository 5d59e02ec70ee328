import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEFAULT_SORTER_PARAMETERS } from "@tenon/ephys";
import type { PythonValue } from "../../src/ingest/dict-to-uuid.ts";
import { checkSorterParameters, SorterParametersError } from "../../src/ingest/sorter-parameters.ts";

const refused = (params: Readonly<Record<string, PythonValue>>, parameter: string, message: RegExp) =>
  assert.throws(
    () => checkSorterParameters(params),
    (error: SorterParametersError) => {
      assert.ok(error instanceof SorterParametersError);
      assert.equal(error.parameter, parameter);
      assert.match(error.message, message);
      return true;
    },
  );

describe("checkSorterParameters", () => {
  it("gives good parameters back as they are, without defaults", () => {
    const params = { seedThreshold: 6, preprocessing: { bandHz: [400, 5000] } };
    assert.deepEqual(checkSorterParameters(params), params);
    assert.deepEqual(checkSorterParameters({}), {});
  });

  it("takes the whole set of defaults", () => {
    // parameters are plain JSON values, which is what a parameter set holds
    const all = JSON.parse(JSON.stringify(DEFAULT_SORTER_PARAMETERS)) as Record<string, PythonValue>;
    assert.deepEqual(checkSorterParameters(all), all);
  });

  it("names the parameter that was probably meant", () => {
    refused(
      { seedTreshold: 6 },
      "seedTreshold",
      /no parameter 'seedTreshold'. Did you mean 'seedThreshold'\?/,
    );
    refused(
      { preprocessing: { bandHertz: [300, 6000] } },
      "preprocessing.bandHertz",
      /'preprocessing.bandHertz'. Did you mean 'bandHz'\?/,
    );
  });

  it("says where a parameter of a group belongs", () => {
    refused({ bandHz: [300, 6000] }, "bandHz", /Did you mean 'preprocessing.bandHz'\?/);
    refused({ matching: { rank: 5 } }, "matching.rank", /Did you mean 'rank'\?/);
  });

  it("lists all of them when none is near", () => {
    refused(
      { xyzzyplugh: 1 },
      "xyzzyplugh",
      /There are: seed, chunkSeconds, .*preprocessing, clustering, matching\./,
    );
  });

  it("refuses values of another type or out of range with what is expected", () => {
    refused({ seedThreshold: "6" }, "seedThreshold", /number in 1\.\.1000, got "6"/);
    refused({ rank: 2.5 }, "rank", /whole number in 1\.\.16, got 2\.5/);
    refused({ matchThreshold: 7 }, "matchThreshold", /at most seedThreshold \(5\), got 7/);
    refused({ preprocessing: 3 }, "preprocessing", /must be an object of parameters, got 3/);
    refused({ preprocessing: { bandHz: [300] } }, "preprocessing.bandHz", /must be 2 numbers/);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { ParameterError } from "../../src/errors.ts";
import { DEFAULT_SORTER_PARAMETERS, sorterParameters } from "../../src/sorters/parameters.ts";

const named = (parameter: string) => (error: unknown) =>
  error instanceof ParameterError && error.parameter === parameter;

test("no parameters at all are the defaults, which pass their own checks", () => {
  assert.deepEqual(sorterParameters(), DEFAULT_SORTER_PARAMETERS);
  assert.deepEqual(sorterParameters(DEFAULT_SORTER_PARAMETERS), DEFAULT_SORTER_PARAMETERS);
});

test("a given value replaces its default, in groups too, and nothing else", () => {
  const parameters = sorterParameters({
    seedThreshold: 6,
    preprocessing: { bandHz: [250, 5000] },
    matching: { passes: 1 },
  });
  assert.equal(parameters.seedThreshold, 6);
  assert.deepEqual(parameters.preprocessing.bandHz, [250, 5000]);
  assert.equal(parameters.matching.passes, 1);
  assert.equal(parameters.matching.lags, DEFAULT_SORTER_PARAMETERS.matching.lags);
});

test("an unknown parameter is refused by its name, in a group by both names", () => {
  assert.throws(() => sorterParameters({ thresold: 5 } as never), named("thresold"));
  assert.throws(() => sorterParameters({ matching: { lag: 3 } } as never), named("matching.lag"));
});

test("a value of another type or out of range is refused by its parameter's name", () => {
  assert.throws(() => sorterParameters({ seedThreshold: "5" } as never), named("seedThreshold"));
  assert.throws(() => sorterParameters({ rank: 2.5 }), named("rank"));
  assert.throws(() => sorterParameters({ seedTrim: 0.9 }), named("seedTrim"));
  assert.throws(() => sorterParameters({ seed: Number.NaN }), named("seed"));
  assert.throws(
    () => sorterParameters({ preprocessing: { bandHz: 300 } } as never),
    named("preprocessing.bandHz"),
  );
  assert.throws(() => sorterParameters({ matchThreshold: 7 }), named("matchThreshold"));
  assert.throws(() => sorterParameters({ clustering: 5 } as never), named("clustering"));
});

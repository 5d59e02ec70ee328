/** @module Scores of sortings: against SpikeInterface's own on the same trains, and by what must hold. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assign } from "../../src/comparison/assignment.ts";
import { agreement, countMatches } from "../../src/comparison/match-count.ts";
import { scoreSorting } from "../../src/comparison/score-sorting.ts";
import type { Truth } from "../../src/comparison/truth.ts";
import { Random } from "../../src/core/random.ts";
import type { Sorting } from "../../src/core/sorting.ts";

interface Case {
  readonly name: string;
  readonly trueSamples: number[];
  readonly trueUnits: number[];
  readonly foundSamples: number[];
  readonly foundUnits: number[];
  readonly trueIds: number[];
  readonly foundIds: number[];
  readonly accuracy: number[];
  readonly precision: number[];
  readonly recall: number[];
  readonly matched: (number | null)[];
  readonly falsePositives: number[];
  readonly redundant: number[];
  readonly overmerged: number[];
  readonly wellDetected: number[];
}

const fixture = JSON.parse(readFileSync(new URL("fixtures/comparison.json", import.meta.url), "utf8")) as {
  cases: Case[];
  assignments: { rows: number; columns: number; scores: number[]; total: number }[];
};

function truthOf(samples: ArrayLike<number>, units: ArrayLike<number>, ids: readonly number[]): Truth {
  return {
    samplingRateHz: 30000,
    units: ids.map((id) => ({ id, snr: 10 })),
    spikeSamples: Float64Array.from(samples),
    spikeUnits: Int32Array.from(units),
  };
}

function sortingOf(samples: ArrayLike<number>, units: ArrayLike<number>): Sorting {
  return {
    samplingRateHz: 30000,
    sampleCount: 600000,
    unitIds: Int32Array.from(new Set(Array.from(units))).sort(),
    spikeSamples: Float64Array.from(samples),
    spikeUnits: Int32Array.from(units),
    spikeAmplitudes: new Float32Array(samples.length).fill(1),
  };
}

/** Eight trains of 200 spikes with gaps of at least 60 samples, in time order. */
function randomTrains(seed: number): { samples: number[]; units: number[] } {
  const random = new Random(seed);
  const spikes: { sample: number; unit: number }[] = [];
  for (let unit = 0; unit < 8; unit++) {
    let sample = 100;
    for (let i = 0; i < 200; i++) {
      sample += 60 + random.integer(4000);
      spikes.push({ sample, unit });
    }
  }
  spikes.sort((a, b) => a.sample - b.sample);
  return { samples: spikes.map((s) => s.sample), units: spikes.map((s) => s.unit) };
}

for (const c of fixture.cases)
  test(`scores the ${c.name} trains as SpikeInterface does`, () => {
    const score = scoreSorting(
      truthOf(c.trueSamples, c.trueUnits, c.trueIds),
      sortingOf(c.foundSamples, c.foundUnits),
    );
    const foundOf = (fate: string): number[] =>
      score.foundUnits.filter((unit) => unit.fate === fate).map((unit) => unit.id);
    for (const [i, unit] of score.units.entries()) {
      assert.ok(Math.abs(unit.accuracy - c.accuracy[i]) < 1e-9, `accuracy of unit ${unit.id}`);
      assert.ok(Math.abs(unit.precision - c.precision[i]) < 1e-9, `precision of unit ${unit.id}`);
      assert.ok(Math.abs(unit.recall - c.recall[i]) < 1e-9, `recall of unit ${unit.id}`);
      assert.equal(unit.matchedUnit ?? null, c.matched[i], `match of unit ${unit.id}`);
    }
    assert.deepEqual(foundOf("false-positive"), c.falsePositives);
    assert.deepEqual(foundOf("redundant"), c.redundant);
    assert.deepEqual(
      score.foundUnits.filter((u) => u.isOvermerged).map((u) => u.id),
      c.overmerged,
    );
    assert.equal(score.wellDetectedOfAll, c.wellDetected.length);
  });

test("assigns with the same total as scipy's linear_sum_assignment, one to one", () => {
  for (const { rows, columns, scores, total } of fixture.assignments) {
    const columnOf = assign(Float64Array.from(scores), rows, columns);
    const chosen = [...columnOf].filter((column) => column >= 0);
    assert.equal(new Set(chosen).size, chosen.length);
    assert.equal(chosen.length, Math.min(rows, columns));
    let sum = 0;
    for (let r = 0; r < rows; r++) if (columnOf[r] >= 0) sum += scores[r * columns + columnOf[r]];
    assert.ok(Math.abs(sum - total) < 1e-9, `${rows} x ${columns}: ${sum} instead of ${total}`);
  }
});

test("gives a perfect sorting accuracy 1 whatever its labels, also with jitter inside the tolerance", () => {
  const random = new Random(7);
  const { samples, units } = randomTrains(3);
  const truth = truthOf(samples, units, [0, 1, 2, 3, 4, 5, 6, 7]);
  const labels = [40, 3, 17, 99, 5, 8, 2, 1];
  const jittered = samples.map((sample, i) => ({
    sample: sample + random.integer(25) - 12,
    unit: labels[units[i]],
  }));
  jittered.sort((a, b) => a.sample - b.sample);
  for (const sorting of [
    sortingOf(samples, units),
    sortingOf(
      samples,
      units.map((unit) => labels[unit]),
    ),
    sortingOf(
      jittered.map((s) => s.sample),
      jittered.map((s) => s.unit),
    ),
  ]) {
    const score = scoreSorting(truth, sorting);
    assert.deepEqual(
      score.units.map((unit) => unit.accuracy),
      new Array(8).fill(1),
    );
    assert.equal(score.wellDetected, 8);
    assert.equal(score.falsePositives + score.redundant + score.overmerged, 0);
  }
  const score = scoreSorting(
    truth,
    sortingOf(
      samples,
      units.map((unit) => labels[unit]),
    ),
  );
  assert.deepEqual(
    score.units.map((unit) => unit.matchedUnit),
    labels,
  );
});

test("gives a sorting shifted beyond the tolerance accuracy 0 and calls its units false positives", () => {
  const { samples, units } = randomTrains(4);
  const truth = truthOf(samples, units, [0, 1, 2, 3, 4, 5, 6, 7]);
  const near = scoreSorting(
    truth,
    sortingOf(
      samples.map((s) => s + 12),
      units,
    ),
  );
  const far = scoreSorting(
    truth,
    sortingOf(
      samples.map((s) => s + 13),
      units,
    ),
  );
  assert.equal(near.wellDetected, 8);
  assert.equal(far.wellDetectedOfAll, 0);
  assert.equal(far.falsePositives, 8);
  assert.ok(far.units.every((unit) => unit.accuracy === 0 && unit.bestAgreement < 0.2));
});

test("counts an empty sorting, and units of low SNR only among all units", () => {
  const { samples, units } = randomTrains(5);
  const truth = truthOf(samples, units, [0, 1, 2, 3, 4, 5, 6, 7]);
  const empty = scoreSorting(truth, sortingOf([], []));
  assert.equal(empty.found, 0);
  assert.deepEqual(
    empty.units.map((unit) => unit.accuracy),
    new Array(8).fill(0),
  );
  const weak = { ...truth, units: truth.units.map(({ id }) => ({ id, snr: id })) };
  const score = scoreSorting(weak, sortingOf(samples, units));
  assert.equal(score.detectableUnits, 2);
  assert.equal(score.wellDetected, 2);
  assert.equal(score.wellDetectedOfAll, 8);
});

test("matches each spike once", () => {
  const doubled = Float64Array.of(100, 105, 500, 505, 900);
  const once = Float64Array.of(102, 502, 902);
  assert.equal(countMatches(doubled, once, 12), 3);
  assert.equal(countMatches(once, doubled, 12), 3);
  assert.equal(agreement(doubled, once, 12), 3 / 5);
  assert.equal(agreement(new Float64Array(0), new Float64Array(0), 12), 0);
});

/** @module The template bank: shifts, supports, what is subtracted, and taking units out of a bank. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../src/core/random.ts";
import { applyShift, shiftMatrix } from "../../src/matching/fractional-shift.ts";
import { makeMatchingContext } from "../../src/matching/matching-context.ts";
import { spikeCosts } from "../../src/matching/parameters.ts";
import { makeTemplateBank, supportOf, takeTemplates, waveformOf } from "../../src/matching/template-bank.ts";
import { usableTemplates } from "../../src/matching/usable-templates.ts";
import {
  BEFORE,
  columnContext,
  footprint,
  smoothBasis,
  someUnits,
  trueMeans,
  unitWaveform,
  WINDOW,
} from "./support/synthetic-units.ts";

test("shifts a waveform as its formula does between samples, and by nothing when the shift is 0", () => {
  const waveform = Float32Array.from({ length: WINDOW }, (_, w) => unitWaveform(w - BEFORE, 3));
  for (const shift of [-0.5, -0.25, 0, 0.125, 0.375, 0.5]) {
    const out = new Float32Array(WINDOW);
    applyShift(shiftMatrix(WINDOW, shift), waveform, WINDOW, 1, out, 0);
    for (let w = 0; w < WINDOW; w++)
      assert.ok(Math.abs(out[w] - unitWaveform(w - BEFORE - shift, 3)) < 1e-4, `shift ${shift}, sample ${w}`);
    if (shift === 0) assert.deepEqual(out, waveform);
  }
});

test("holds each template shifted in steps of 1/8 sample", () => {
  const context = columnContext(40);
  const units = someUnits(4, context);
  const bank = makeTemplateBank(trueMeans(units, context, 1e7), context);
  assert.equal(bank.waveforms.length, 9);
  for (const [k, unit] of units.entries()) {
    const channels = supportOf(bank, k);
    for (let q = 0; q <= 8; q++) {
      const waveform = bank.waveforms[q].subarray(WINDOW * bank.supportStart[k]);
      for (let w = 0; w < WINDOW; w++)
        for (const [c, channel] of channels.entries()) {
          const size = footprint(unit, context, channel);
          const expected = size * unitWaveform(w - BEFORE - (q - 4) / 8, unit.width);
          assert.ok(
            Math.abs(waveform[w * channels.length + c] - expected) < 0.03,
            `unit ${k}, step ${q}, sample ${w}`,
          );
        }
    }
  }
});

test("keeps the channels whose energy is above the noise of the mean, and the largest as main channel", () => {
  const context = columnContext(40);
  const units = someUnits(5, context);
  const many = makeTemplateBank(trueMeans(units, context, 400), context);
  const few = makeTemplateBank(trueMeans(units, context, 2), context);
  let fewer = 0;
  for (const [k, unit] of units.entries()) {
    const sizes = Array.from({ length: 40 }, (_, c) => footprint(unit, context, c));
    assert.equal(many.mainChannels[k], sizes.indexOf(Math.max(...sizes)));
    fewer += supportOf(many, k).length - supportOf(few, k).length;
    for (const channel of supportOf(few, k)) assert.ok(supportOf(many, k).includes(channel));
    let energy = 0;
    for (let at = many.supportStart[k] * 5; at < many.supportStart[k + 1] * 5; at++)
      energy += many.coefficients[at] ** 2;
    assert.ok(Math.abs(energy - many.energies[k]) < 1e-6 * energy);
  }
  assert.ok(fewer >= 10, `${fewer} channels fewer`);
});

test("subtracts the whole mean of many spikes, and what the basis carries of a few", () => {
  const context = columnContext(20);
  const random = new Random(9);
  const basis = smoothBasis();
  const channels = [Int32Array.from({ length: 20 }, (_, c) => c)];
  // a mean with a strong part outside the basis on one channel, and estimation noise of 8 spikes
  const waveforms = [new Float32Array(WINDOW * 20)];
  for (let w = 0; w < WINDOW; w++) waveforms[0][w * 20 + 6] = 30 * basis.features[w] + (w > 60 ? 3 : 0);
  const exact = makeTemplateBank({ channels, waveforms, counts: [100000] }, context);
  const noisy = [Float32Array.from(waveforms[0], (v) => v + random.normal() / Math.sqrt(8))];
  const shrunk = makeTemplateBank({ channels, waveforms: noisy, counts: [8] }, context);
  const difference = (bank: typeof exact): number => {
    const column = supportOf(bank, 0).indexOf(6);
    const width = supportOf(bank, 0).length;
    let sum = 0;
    for (let w = 0; w < WINDOW; w++)
      sum += (waveformOf(bank, 0)[w * width + column] - waveforms[0][w * 20 + 6]) ** 2;
    return sum;
  };
  assert.ok(difference(exact) < 0.01, `exact mean: ${difference(exact)}`);
  let estimation = 0;
  for (let w = 0; w < WINDOW; w++) estimation += (noisy[0][w * 20 + 6] - waveforms[0][w * 20 + 6]) ** 2;
  assert.ok(difference(shrunk) < estimation, `shrunk ${difference(shrunk)}, plain mean ${estimation}`);
});

test("drops weak templates and shifted copies of more numerous ones, not copies in place", () => {
  const context = columnContext(40);
  const means = trueMeans(someUnits(3, context), context);
  const width = means.channels[1].length;
  const late = Float32Array.from(means.waveforms[1], (_, i) => means.waveforms[1][i - 5 * width] ?? 0);
  const weak = Float32Array.from(means.waveforms[2], (value) => value / 20);
  const bank = makeTemplateBank(
    {
      channels: [...means.channels, means.channels[1], means.channels[1], means.channels[2]],
      waveforms: [...means.waveforms, late, means.waveforms[1], weak],
      counts: [400, 400, 400, 300, 300, 300],
    },
    context,
  );
  assert.deepEqual([...usableTemplates(bank, context)], [1, 1, 1, 0, 1, 0]);
});

test("takes units out of a bank unchanged", () => {
  const context = columnContext(40);
  const bank = makeTemplateBank(trueMeans(someUnits(6, context), context), context);
  const taken = takeTemplates(bank, [4, 1]);
  assert.equal(taken.unitCount, 2);
  for (const [i, unit] of [4, 1].entries()) {
    assert.deepEqual(supportOf(taken, i), supportOf(bank, unit));
    assert.deepEqual(waveformOf(taken, i), waveformOf(bank, unit));
    assert.equal(taken.energies[i], bank.energies[unit]);
    assert.equal(taken.mainChannels[i], bank.mainChannels[unit]);
  }
});

test("refuses means and bases of the wrong shape", () => {
  const context = columnContext(8);
  const means = { channels: [Int32Array.of(1, 2)], waveforms: [new Float32Array(75)], counts: [9] };
  assert.throws(() => makeTemplateBank(means, context), { name: "ShapeError" });
  const basis = { ...smoothBasis(), rank: 4 };
  assert.throws(() => makeMatchingContext(basis, { x: context.x, y: context.y }), { name: "ShapeError" });
});

test("costs a spike of a rare unit more than one of a busy unit", () => {
  const [rare, busy] = spikeCosts([0.5, 50], 30000);
  assert.ok(rare > busy && busy > 5);
  assert.ok(Math.abs(spikeCosts([1.0], 30000)[0] - (2 * Math.log(29999) - 0.6)) < 1e-4);
});

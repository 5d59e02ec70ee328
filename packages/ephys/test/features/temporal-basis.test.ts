import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../src/core/random.ts";
import { learnTemporalBasis } from "../../src/features/temporal-basis.ts";

const LENGTH = 76;
const random = new Random(1);
/** Noise in which neighbouring samples are alike, so that a plain basis would not give unit features. */
function noiseSnippets(count: number): { data: Float32Array; count: number } {
  const data = new Float32Array(count * LENGTH);
  for (let i = 0; i < count; i++) {
    const white = Array.from({ length: LENGTH + 2 }, () => random.normal());
    for (let w = 0; w < LENGTH; w++)
      data[i * LENGTH + w] = (white[w] + white[w + 1] + white[w + 2]) / Math.sqrt(3);
  }
  return { data, count };
}
const shapes = [
  (t: number) => -Math.exp(-((t / 3) ** 2)),
  (t: number) => -Math.exp(-((t / 5) ** 2)) + 0.5 * Math.exp(-(((t - 9) / 7) ** 2)),
];
const peaks = { data: new Float32Array(200 * LENGTH), count: 200, length: LENGTH, trough: 22 };
for (let i = 0; i < peaks.count; i++)
  for (let w = 0; w < LENGTH; w++)
    peaks.data[i * LENGTH + w] = (10 + (i % 7)) * shapes[i % 2](w - 22) + 0.1 * random.normal();

test("features of noise are N(0, I), though its samples are not independent", () => {
  const basis = learnTemporalBasis(peaks, noiseSnippets(4000), 3);
  const noise = noiseSnippets(4000);
  const covariance = new Float64Array(9);
  const features = new Float64Array(3);
  for (let i = 0; i < noise.count; i++) {
    for (let r = 0; r < 3; r++) {
      features[r] = 0;
      for (let w = 0; w < LENGTH; w++)
        features[r] += basis.features[r * LENGTH + w] * noise.data[i * LENGTH + w];
    }
    for (let r = 0; r < 3; r++)
      for (let q = 0; q < 3; q++) covariance[r * 3 + q] += (features[r] * features[q]) / noise.count;
  }
  for (let r = 0; r < 3; r++)
    for (let q = 0; q < 3; q++) assert.ok(Math.abs(covariance[r * 3 + q] - (r === q ? 1 : 0)) < 0.12);
});

test("waveforms of the features give the spikes' shapes back", () => {
  const basis = learnTemporalBasis(peaks, noiseSnippets(2000), 4);
  for (const shape of shapes) {
    let [energy, rest] = [0, 0];
    const waveform = Float64Array.from({ length: LENGTH }, (_, w) => shape(w - 22));
    const back = new Float64Array(LENGTH);
    for (let r = 0; r < 4; r++) {
      let feature = 0;
      for (let w = 0; w < LENGTH; w++) feature += basis.features[r * LENGTH + w] * waveform[w];
      for (let w = 0; w < LENGTH; w++) back[w] += feature * basis.waveforms[r * LENGTH + w];
    }
    for (let w = 0; w < LENGTH; w++) {
      energy += waveform[w] ** 2;
      rest += (waveform[w] - back[w]) ** 2;
    }
    assert.ok(rest < 0.01 * energy, `${rest} of ${energy}`);
  }
});

test("without a single waveform or noise snippet the basis is still finite", () => {
  const basis = learnTemporalBasis({ ...peaks, count: 0 }, { data: new Float32Array(0), count: 0 }, 5);
  assert.ok([...basis.features, ...basis.waveforms].every(Number.isFinite));
});

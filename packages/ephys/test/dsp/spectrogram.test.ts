import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Random } from "../../src/core/random.ts";
import { FourierTransform } from "../../src/dsp/fft.ts";
import { spectrogram } from "../../src/dsp/spectrogram.ts";
import { ParameterError, ShapeError } from "../../src/errors.ts";
import { lfpQuality } from "../../src/lfp/lfp-qc.ts";
import { type FrequencyBand, lfpSpectrogram } from "../../src/lfp/lfp-spectrogram.ts";

interface Case {
  windowS: number;
  overlapS: number;
  samplingRateHz: number;
  frequencies: number[];
  times: number[];
  power: number[];
  bands: (FrequencyBand & { mean: number; std: number })[];
  powerRange90pct: number;
}

interface Fixture {
  input: number[];
  cases: Case[];
  quality: { std: number; noiseLevel: number; skewness: number; kurtosis: number; oddNoiseLevel: number };
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL("fixtures/spectrogram.json", import.meta.url), "utf8"),
);
const lfp = Float32Array.from(fixture.input);

function assertNear(got: number, wanted: number, relative: number, absolute = 0): void {
  const tolerance = absolute + relative * Math.abs(wanted);
  assert.ok(Math.abs(got - wanted) <= tolerance, `${got} is not ${wanted} within ${tolerance}`);
}

test("a transform of any length is the sum that defines it", () => {
  const random = new Random(5);
  for (const length of [1, 2, 3, 8, 12, 125, 127, 256, 625]) {
    const re = Float64Array.from({ length }, () => random.normal());
    const im = Float64Array.from({ length }, () => random.normal());
    const outRe = re.slice();
    const outIm = im.slice();
    const transform = new FourierTransform(length);
    // twice: the second run must not see what the first left in the scratch space
    for (let run = 0; run < 2; run++) {
      outRe.set(re);
      outIm.set(im);
      transform.forward(outRe, outIm);
    }
    for (let k = 0; k < length; k++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let n = 0; n < length; n++) {
        const angle = (-2 * Math.PI * ((n * k) % length)) / length;
        sumRe += re[n] * Math.cos(angle) - im[n] * Math.sin(angle);
        sumIm += re[n] * Math.sin(angle) + im[n] * Math.cos(angle);
      }
      assertNear(outRe[k], sumRe, 0, 1e-11 * length);
      assertNear(outIm[k], sumIm, 0, 1e-11 * length);
    }
  }
  assert.throws(() => new FourierTransform(0), ParameterError);
  assert.throws(() => new FourierTransform(4).forward(new Float64Array(4), new Float64Array(3)), ShapeError);
});

for (const one of fixture.cases)
  test(`spectra of ${one.windowS} s, overlap ${one.overlapS} s, ${one.samplingRateHz} Hz are scipy's within 1e-7, and so the bands`, () => {
    const result = lfpSpectrogram(lfp, one);
    const timeCount = one.times.length;
    assert.equal(result.timesS.length, timeCount);
    for (const [i, time] of one.times.entries()) assertNear(result.timesS[i], time, 1e-8);
    for (const [i, frequency] of one.frequencies.entries())
      assertNear(result.frequenciesHz[7 * i], frequency, 1e-8);
    // 0 Hz holds what is left after the mean went: rounding errors, far below the least real power
    const floor = 1e-9;
    one.power.forEach((power, i) => {
      const at = 7 * Math.floor(i / timeCount) * timeCount + (i % timeCount);
      assertNear(result.spectrogram[at], power, 1e-7, floor);
    });
    one.bands.forEach((band, i) => {
      assert.equal(result.bands[i].name, band.name);
      assertNear(result.bands[i].mean, band.mean, 1e-9, floor);
      assertNear(result.bands[i].std, band.std, 1e-9, floor);
    });
    assert.equal(result.deltaBandMeanPower, result.bands[0].mean);
    assertNear(result.powerRange90pct, one.powerRange90pct, 1e-9);
  });

test("LFP quality is what numpy and scipy.stats say, for an even and an odd number of samples", () => {
  const { std, noiseLevel, skewness, kurtosis, oddNoiseLevel } = fixture.quality;
  const quality = lfpQuality(lfp);
  assertNear(quality.std, std, 1e-12);
  assert.equal(quality.noiseLevel, noiseLevel);
  assertNear(quality.skewness, skewness, 1e-9);
  assertNear(quality.kurtosis, kurtosis, 1e-9);
  assert.equal(lfpQuality(lfp.subarray(0, lfp.length - 1)).noiseLevel, oddNoiseLevel);
});

test("a constant trace has no shape, one with NaN no numbers, an empty one is refused", () => {
  assert.deepEqual(lfpQuality(new Float32Array(10).fill(3)), {
    std: 0,
    noiseLevel: 0,
    skewness: Number.NaN,
    kurtosis: Number.NaN,
  });
  assert.ok(Number.isNaN(lfpQuality(Float32Array.of(1, Number.NaN, 2)).noiseLevel));
  assert.throws(() => lfpQuality(new Float32Array(0)), ParameterError);
});

test("a signal shorter than the window and an overlap as long as the window are refused", () => {
  const options = { samplingRateHz: 2500, segmentSamples: 625, overlapSamples: 312 };
  assert.throws(() => spectrogram(new Float32Array(624), options), ParameterError);
  assert.throws(() => spectrogram(lfp, { ...options, overlapSamples: 625 }), ParameterError);
  assert.equal(spectrogram(new Float32Array(625), options).timesS.length, 1);
});

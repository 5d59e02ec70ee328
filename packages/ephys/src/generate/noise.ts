/**
 * @module
 * The background of a recording: electrode and tissue noise, slow noise, what all channels share, and the mains.
 *
 * Broad-band noise is half independent, 35 % correlated over 25 um and 15 % over 300 um, flat to 6 kHz and rolled off above. Slow noise
 * is two first-order processes (corners at 5 and 80 Hz), correlated over 300 um, drawn every 32 samples and joined by lines.
 */
import type { Probe } from "../core/probe.ts";
import { Random } from "../core/random.ts";
import { NormalSource } from "./normal-source.ts";
import { makeSpatialMixer, mixSpatially, type SpatialMixer } from "./spatial-noise.ts";
import type { Suite } from "./suites.ts";
import { STREAMS } from "./units.ts";

const BLOCK = 250;
const INDEPENDENT = 0.5;
const SHORT_RANGE = 0.35;
const LONG_RANGE = 0.15;
/** Weight of the sample before: -1 dB at 6 kHz, -4 dB at 15 kHz of 30 kHz. */
const ROLL_OFF = 0.25;
const KNOT = 32;

/** Adds noise to consecutive stretches of a recording. */
export class RecordingNoise {
  readonly #normals: NormalSource;
  readonly #scalar: Random;
  readonly #fastMixer: SpatialMixer;
  readonly #slowMixer: SpatialMixer;
  readonly #suite: Suite;
  readonly #channelGain: Float32Array;
  readonly #mixed: Float32Array;
  readonly #fast: Float32Array;
  readonly #slow: SlowNoise;
  #common = 0;
  #sample = 0;

  constructor(suite: Suite, probe: Probe, seed: number) {
    const channelCount = probe.x.length;
    this.#suite = suite;
    this.#scalar = new Random(seed, STREAMS.noise);
    this.#normals = new NormalSource(this.#scalar);
    this.#fastMixer = makeSpatialMixer(
      probe.x,
      probe.y,
      (distance) => SHORT_RANGE * Math.exp(-distance / 25) + LONG_RANGE * Math.exp(-distance / 300),
    );
    this.#slowMixer = makeSpatialMixer(probe.x, probe.y, (distance) => Math.exp(-distance / 300));
    const scale = suite.noiseUv / Math.sqrt(1 + ROLL_OFF ** 2);
    this.#channelGain = Float32Array.from(
      { length: channelCount },
      () => scale * (0.9 + 0.2 * this.#scalar.uniform()),
    );
    this.#mixed = new Float32Array(BLOCK * channelCount);
    // the row in front is the last of the block before
    this.#fast = new Float32Array((BLOCK + 1) * channelCount);
    this.#slow = new SlowNoise(suite, this.#slowMixer, this.#normals);
  }

  /** Adds the next `rowCount` samples of noise. @param out  Float32Array [rowCount x channels], uV */
  addTo(out: Float32Array, rowCount: number): void {
    for (let start = 0; start < rowCount; start += BLOCK)
      this.#addBlock(out, start, Math.min(BLOCK, rowCount - start));
  }

  #addBlock(out: Float32Array, start: number, rows: number): void {
    const channelCount = this.#channelGain.length;
    const count = rows * channelCount;
    const mixed = this.#mixed;
    const fast = this.#fast;
    this.#normals.fill(mixed, count);
    mixSpatially(this.#fastMixer, mixed, rows);
    const independent = fast.subarray(channelCount);
    this.#normals.fill(independent, count);
    sumFast(independent, mixed, count);
    const { commonNoiseUv, lineUv } = this.#suite;
    for (let row = 0; row < rows; row++) {
      this.#common = 0.5 * this.#common + Math.sqrt(0.75) * this.#scalar.normal();
      const shared = commonNoiseUv * this.#common + lineUv * this.#line();
      addRow(out, (start + row) * channelCount, fast, row * channelCount, this.#channelGain, shared);
      this.#slow.addRow(out, (start + row) * channelCount);
      this.#sample++;
    }
    fast.copyWithin(0, count, count + channelCount);
  }

  #line(): number {
    const turn = (2 * Math.PI * 50 * this.#sample) / this.#suite.samplingRateHz;
    return Math.sin(turn) + Math.sin(3 * turn) / 3 + Math.sin(5 * turn) / 5;
  }
}

function sumFast(independent: Float32Array, mixed: Float32Array, count: number): void {
  const scale = Math.sqrt(INDEPENDENT);
  for (let i = 0; i < count; i++) independent[i] = scale * independent[i] + mixed[i];
}

function addRow(
  out: Float32Array,
  base: number,
  fast: Float32Array,
  before: number,
  gain: Float32Array,
  shared: number,
): void {
  const channelCount = gain.length;
  const now = before + channelCount;
  for (let c = 0; c < channelCount; c++)
    out[base + c] += gain[c] * (fast[now + c] + ROLL_OFF * fast[before + c]) + shared;
}

/** Noise below some 300 Hz: straight lines between knots. */
class SlowNoise {
  readonly #mixer: SpatialMixer;
  readonly #normals: NormalSource;
  readonly #keep: readonly number[];
  readonly #processes: readonly Float32Array[];
  readonly #fresh: Float32Array;
  readonly #value: Float32Array;
  readonly #slope: Float32Array;
  readonly #next: Float32Array;
  readonly #scaleUv: number;
  #step = 0;

  constructor(suite: Suite, mixer: SpatialMixer, normals: NormalSource) {
    const channels = (): Float32Array => new Float32Array(mixer.channelCount);
    this.#mixer = mixer;
    this.#normals = normals;
    this.#keep = [5, 80].map((cornerHz) => Math.exp((-2 * Math.PI * cornerHz * KNOT) / suite.samplingRateHz));
    this.#processes = this.#keep.map(channels);
    this.#fresh = channels();
    this.#value = channels();
    this.#slope = channels();
    this.#next = channels();
    this.#scaleUv = suite.slowNoiseUv / Math.sqrt(2);
    for (const process of this.#processes) this.#draw(process);
    this.#advance();
  }

  addRow(out: Float32Array, base: number): void {
    if (this.#step === KNOT) this.#advance();
    const value = this.#value;
    const slope = this.#slope;
    for (let c = 0; c < value.length; c++) {
      out[base + c] += value[c];
      value[c] += slope[c];
    }
    this.#step++;
  }

  #draw(into: Float32Array): void {
    this.#normals.fill(into);
    mixSpatially(this.#mixer, into, 1);
  }

  #advance(): void {
    const next = this.#next;
    this.#value.set(next);
    next.fill(0);
    for (const [i, process] of this.#processes.entries()) {
      this.#draw(this.#fresh);
      const keep = this.#keep[i];
      const renew = Math.sqrt(1 - keep * keep);
      for (let c = 0; c < next.length; c++) {
        process[c] = keep * process[c] + renew * this.#fresh[c];
        next[c] += this.#scaleUv * process[c];
      }
    }
    for (let c = 0; c < next.length; c++) this.#slope[c] = (next[c] - this.#value[c]) / KNOT;
    this.#step = 0;
  }
}

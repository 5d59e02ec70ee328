/**
 * @module
 * Time courses of single spikes, and how they look from a channel: later and wider with distance.
 *
 * A course is tabled 16 times finer than a 30 kHz recording and read by linear interpolation, so that spikes can lie between samples.
 */
import type { Random } from "../core/random.ts";

/** "somatic": negative first; "axonal": narrow, positive before the trough; "positive": upside down. */
export type WaveformKind = "somatic" | "axonal" | "positive";

export interface TimeCourse {
  readonly kind: WaveformKind;
  /** Value by time: -1 (or +1 for "positive") at time 0. `stepMs` apart, the first at `startMs`. */
  readonly values: Float64Array;
  readonly startMs: number;
  readonly stepMs: number;
}

const STEP_MS = 1 / 480;
const START_MS = -3;
const END_MS = 6;

/** Draws a time course: sums of exponentials, smoothed by 30 to 70 us (sorting.md 6). 15 % axonal, 4 % positive, 10 % wide. */
export function drawTimeCourse(random: Random): TimeCourse {
  const choice = random.uniform();
  const kind: WaveformKind = choice < 0.15 ? "axonal" : choice < 0.19 ? "positive" : "somatic";
  const widthChoice = random.uniform();
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  const stretch =
    kind === "axonal"
      ? between(0.4, 0.6)
      : widthChoice < 0.1
        ? 1.5
        : widthChoice < 0.35
          ? between(0.5, 0.7)
          : 1;
  const riseMs = (stretch * between(0.09, 0.14)) / 2;
  const fallMs = (stretch * between(0.5, 0.8)) / 4;
  const recoveryMs = (stretch * between(1.0, 1.5)) / 2.5;
  const overshoot = between(0.4, 0.9);
  const before = kind === "axonal" ? between(0.2, 0.6) : 0;
  const beforeMs = between(0.12, 0.2);
  const smoothMs = stretch * between(0.03, 0.07);
  const length = Math.round((END_MS - START_MS) / STEP_MS) + 1;
  const raw = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const t = START_MS + i * STEP_MS;
    raw[i] =
      t < 0
        ? -Math.exp(t / riseMs)
        : -(1 + overshoot) * Math.exp(-t / fallMs) + overshoot * Math.exp(-t / recoveryMs);
    raw[i] += before * Math.exp(-(((t + beforeMs) / 0.06) ** 2));
  }
  const smooth = smoothGaussian(raw, smoothMs / STEP_MS);
  let trough = 0;
  for (let i = 0; i < length; i++) if (smooth[i] < smooth[trough]) trough = i;
  const scale = (kind === "positive" ? 1 : -1) / smooth[trough];
  return {
    kind,
    values: smooth.map((value) => value * scale),
    startMs: -trough * STEP_MS,
    stepMs: STEP_MS,
  };
}

/** The course's value at `timeMs` after its extremum; 0 outside of its table. */
export function courseAt(course: TimeCourse, timeMs: number): number {
  const place = (timeMs - course.startMs) / course.stepMs;
  const index = Math.floor(place);
  if (index < 0 || index + 1 >= course.values.length) return 0;
  const part = place - index;
  return course.values[index] * (1 - part) + course.values[index + 1] * part;
}

function smoothGaussian(values: Float64Array, sd: number): Float64Array {
  const reach = Math.ceil(4 * sd);
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-0.5 * ((k - reach) / sd) ** 2),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    let sum = 0;
    for (let k = -reach; k <= reach; k++) {
      const j = Math.min(values.length - 1, Math.max(0, i + k));
      sum += kernel[k + reach] * values[j];
    }
    out[i] = sum / total;
  }
  return out;
}

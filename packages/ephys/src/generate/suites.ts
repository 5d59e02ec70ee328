/**
 * @module
 * The named recordings with known truth that tests, benchmarks and the demo use.
 *
 * A suite is all that a recording is made from, next to its seed. Small probes are saved subsets of real Neuropixels parts, as SpikeGLX
 * itself writes them (`snsSaveChanSubset`), so that every SpikeGLX reader opens them: `tetrode` is a 2 x 2 patch of a 2.0 probe
 * (32 x 15 um), `poly64` its lowest 64 contacts (2 columns, 32 rows), `tiny` the lowest 32 contacts of a 1.0 probe.
 */
import { ParameterError } from "../errors.ts";

/** A recording to generate. Amplitudes and noise are uV at the electrode, before the amplifier. */
export interface Suite {
  readonly name: string;
  /** "NP1010" (staggered, 10 bit, 2.34375 uV a bit) or "NP2000" (two columns, 14 bit, 0.763 uV a bit). */
  readonly part: "NP1010" | "NP2000";
  /** Channels saved: the lowest ones of the probe. */
  readonly channelCount: number;
  readonly unitCount: number;
  readonly durationS: number;
  readonly samplingRateHz: number;
  /** Peak of a unit's waveform: log-normal with this median, uV. */
  readonly amplitudeMedianUv: number;
  /** Spread of the peak's natural logarithm. */
  readonly amplitudeLogSd: number;
  /** Peaks are drawn again until they are in this range, uV. */
  readonly amplitudeRangeUv: readonly [lowest: number, highest: number];
  /** Least distance between units, um; shrunk by tenths when the units do not fit. */
  readonly minDistanceUm: number;
  /** Firing rate: log-normal with this median, Hz. */
  readonly rateMedianHz: number;
  readonly rateLogSd: number;
  readonly rateRangeHz: readonly [lowest: number, highest: number];
  /** Fraction of units that fire in bursts of two to four. */
  readonly burstingFraction: number;
  /** Fraction of each unit's spikes that a neighbour repeats within +-1 ms. */
  readonly synchrony: number;
  /** Standard deviation of the broad-band noise of electrode and tissue, uV. */
  readonly noiseUv: number;
  /** Standard deviation of the noise below about 300 Hz, uV. */
  readonly slowNoiseUv: number;
  /** Standard deviation of what all channels share, uV. */
  readonly commonNoiseUv: number;
  /** Amplitude of the 50 Hz line, uV; its third and fifth harmonics are a third and a fifth. */
  readonly lineUv: number;
  /** Sub-threshold neurons for each mm of the probe, 60 to 150 um away. */
  readonly farNeuronsPerMm: number;
}

const BASE = {
  samplingRateHz: 30000,
  amplitudeMedianUv: 100,
  amplitudeLogSd: 0.65,
  amplitudeRangeUv: [22, 600],
  minDistanceUm: 18,
  rateMedianHz: 4.5,
  rateLogSd: 0.7,
  rateRangeHz: [0.8, 30],
  burstingFraction: 0.1,
  synchrony: 0,
  noiseUv: 10,
  slowNoiseUv: 6,
  commonNoiseUv: 3,
  lineUv: 2,
  farNeuronsPerMm: 300,
} as const;

const NP384 = { ...BASE, part: "NP1010", channelCount: 384, unitCount: 200, durationS: 60 } as const;

const SUITE_LIST = [
  {
    ...BASE,
    name: "tiny",
    part: "NP1010",
    channelCount: 32,
    unitCount: 8,
    durationS: 20,
    amplitudeMedianUv: 150,
    amplitudeLogSd: 0.45,
    amplitudeRangeUv: [60, 400],
    rateMedianHz: 8,
    rateLogSd: 0.35,
    rateRangeHz: [4, 16],
    minDistanceUm: 25,
  },
  {
    ...BASE,
    name: "tetrode",
    part: "NP2000",
    channelCount: 4,
    unitCount: 6,
    durationS: 120,
    amplitudeRangeUv: [40, 500],
  },
  { ...BASE, name: "poly64", part: "NP2000", channelCount: 64, unitCount: 60, durationS: 120 },
  { ...NP384, name: "np384-static" },
  { ...NP384, name: "np384-crowded", unitCount: 500, durationS: 300, minDistanceUm: 8 },
  { ...NP384, name: "np384-bursty", burstingFraction: 0.5 },
  {
    ...NP384,
    name: "np384-low-snr",
    amplitudeMedianUv: 45,
    amplitudeLogSd: 0.2,
    amplitudeRangeUv: [30, 60],
  },
  {
    ...BASE,
    name: "collide",
    part: "NP2000",
    channelCount: 64,
    unitCount: 40,
    durationS: 120,
    synchrony: 0.2,
    rateMedianHz: 8,
  },
] as const satisfies readonly Suite[];

export type SuiteName = (typeof SUITE_LIST)[number]["name"];

/** The names of the suites. */
export const suiteNames: readonly SuiteName[] = SUITE_LIST.map((suite) => suite.name);

/** The suites by name. */
export const SUITES: ReadonlyMap<string, Suite> = new Map(SUITE_LIST.map((suite) => [suite.name, suite]));

/** The suite of a name; a suite is given back as it is.
 * @throws ParameterError naming the suites that there are, or the field that cannot be */
export function resolveSuite(suite: string | Suite): Suite {
  const found = typeof suite === "string" ? SUITES.get(suite) : suite;
  if (found === undefined)
    throw new ParameterError(
      `Suite '${suite}' is unknown. There are: ${[...SUITES.keys()].join(", ")}`,
      "suite",
    );
  checkSuite(found);
  return found;
}

function checkSuite(suite: Suite): void {
  const mustBe = (isRight: boolean, field: keyof Suite, rule: string): void => {
    if (isRight) return;
    throw new ParameterError(
      `Suite '${suite.name}': ${field} must be ${rule}, got ${String(suite[field])}`,
      field,
    );
  };
  mustBe(/^[A-Za-z0-9_.-]+$/.test(suite.name), "name", "letters, digits, '_', '.' and '-'");
  mustBe(suite.part === "NP1010" || suite.part === "NP2000", "part", "NP1010 or NP2000");
  const count = suite.channelCount;
  mustBe(Number.isInteger(count) && count >= 1 && count <= 384, "channelCount", "a whole number in 1..384");
  mustBe(Number.isInteger(suite.unitCount) && suite.unitCount >= 0, "unitCount", "a whole number from 0");
  mustBe(suite.durationS >= 0.1, "durationS", "0.1 at least");
  mustBe(suite.samplingRateHz >= 10000, "samplingRateHz", "10000 at least");
  const [lowest, highest] = suite.amplitudeRangeUv;
  mustBe(lowest > 0 && lowest < highest, "amplitudeRangeUv", "two rising positive numbers");
  mustBe(
    suite.amplitudeMedianUv >= lowest && suite.amplitudeMedianUv <= highest,
    "amplitudeMedianUv",
    "in amplitudeRangeUv",
  );
  mustBe(suite.rateRangeHz[0] > 0 && suite.rateRangeHz[1] <= 100, "rateRangeHz", "in 0..100");
  mustBe(
    suite.rateMedianHz >= suite.rateRangeHz[0] && suite.rateMedianHz <= suite.rateRangeHz[1],
    "rateMedianHz",
    "in rateRangeHz",
  );
  mustBe(suite.burstingFraction >= 0 && suite.burstingFraction <= 1, "burstingFraction", "in 0..1");
  mustBe(suite.synchrony >= 0 && suite.synchrony <= 1, "synchrony", "in 0..1");
  for (const field of ["noiseUv", "slowNoiseUv", "commonNoiseUv", "lineUv", "farNeuronsPerMm"] as const)
    mustBe(suite[field] >= 0, field, "0 or more");
}

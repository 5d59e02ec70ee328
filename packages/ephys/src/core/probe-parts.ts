/**
 * @module
 * The layout of every Neuropixels part that the pipeline names: shanks, pitches, offsets, rows, converter groups.
 *
 * Numbers are those of the manufacturer's table (github.com/billkarsh/ProbeTable, as carried by probeinterface 0.4.2), which real
 * SpikeGLX files confirm (test/io/spikeglx-real.test.ts), as does probeinterface's library (test/core/probe-geometry.test.ts). Where the
 * pipeline contract 2.4 differs (NP1020-1022 rows, NP1110, NP1121, NP1122, NP1123, NP1200, NP3000), the manufacturer's number stands.
 *
 * What a newcomer would get wrong: databases filled before July 2023 hold other x coordinates under the same names; see `Generation`.
 */

/** Which coordinates a part's name means: the manufacturer's, or those that DataJoint elements wrote before July 2023. */
export type Generation = "current" | "before-2023-07";

/** How the ADCs take turns: channels converted one after the other by each ADC, and turns in one sample (a turn may be the LF band's). */
export interface AdcTurns {
  readonly channelsPerAdc: number;
  readonly turnsPerSample: number;
}

export interface PartLayout {
  readonly shankCount: number;
  readonly shankPitchUm: number;
  readonly shankWidthUm: number;
  /** From a shank's left edge to its leftmost contact, on even rows. */
  readonly evenRowOffsetUm: number;
  readonly oddRowOffsetUm: number;
  readonly columnPitchUm: number;
  readonly rowPitchUm: number;
  readonly rowCount: number;
  readonly columnCount: number;
  /** Undefined for the parts whose channels are wired to the ADCs in another order than in pairs. */
  readonly adc: AdcTurns | undefined;
  /** Half of the ADC's codes: the `Imax` to assume when a file does not say. */
  readonly maxInt: number;
  /** Gain of the AP band that the part is built with; undefined when each channel's is set. */
  readonly fixedApGain: number | undefined;
}

// 12 channels an ADC and a 13th turn for the LF band: 12 x (1 + 2500/30000); SpikeInterface and IBL's `adc_shifts` use 13 too.
const ADC_1: AdcTurns = { channelsPerAdc: 12, turnsPerSample: 13 };
const ADC_2: AdcTurns = { channelsPerAdc: 16, turnsPerSample: 16 };

type Row = readonly [
  shankCount: number,
  shankPitchUm: number,
  shankWidthUm: number,
  evenRowOffsetUm: number,
  oddRowOffsetUm: number,
  columnPitchUm: number,
  rowPitchUm: number,
  rowCount: number,
  columnCount: number,
];

interface Family {
  readonly adc: AdcTurns | undefined;
  readonly maxInt: number;
  readonly fixedApGain: number | undefined;
}

const FAMILY_1: Family = { adc: ADC_1, maxInt: 512, fixedApGain: undefined };
const FAMILY_1_SHORT: Family = { adc: undefined, maxInt: 512, fixedApGain: undefined };
const FAMILY_2_14BIT: Family = { adc: ADC_2, maxInt: 8192, fixedApGain: 80 };
const FAMILY_2_12BIT: Family = { adc: ADC_2, maxInt: 2048, fixedApGain: 100 };
// the 3000 series has an odd number of ADCs, so the pairs' rule does not hold
const FAMILY_3: Family = { adc: undefined, maxInt: 2048, fixedApGain: 100 };

const TABLE: readonly (readonly [parts: string, family: Family, row: Row])[] = [
  [
    "3A PRB_1_2_0480_2 PRB_1_4_0480_1 PRB_1_4_0480_1_C NP1000 NP1001 NP1010 NP1011 NP1012 NP1013 NP1014",
    FAMILY_1,
    [1, 0, 70, 27, 11, 32, 20, 480, 2],
  ],
  ["NP1015 NP1016 NP1017", FAMILY_1, [1, 0, 70, 27, 27, 32, 20, 480, 2]],
  ["NP1020 NP1021", FAMILY_1, [1, 0, 125, 27, 11, 87, 20, 1248, 2]],
  ["NP1022", FAMILY_1, [1, 0, 125, 11, 11, 103, 20, 1248, 2]],
  ["NP1030 NP1031", FAMILY_1, [1, 0, 125, 27, 11, 87, 20, 2208, 2]],
  ["NP1032 NP1033 NP1040 NP1041 NP1042 NP1050 NP1051", FAMILY_1, [1, 0, 125, 11, 11, 103, 20, 2208, 2]],
  ["NP1100", FAMILY_1, [1, 0, 70, 14, 14, 6, 6, 48, 8]],
  ["NP1110", FAMILY_1, [1, 0, 73, 15.5, 15.5, 6, 6, 768, 8]],
  ["NP1120", FAMILY_1, [1, 0, 70, 6.75, 6.75, 4.5, 4.5, 192, 2]],
  ["NP1121", FAMILY_1, [1, 0, 70, 6.25, 6.25, 0, 3, 384, 1]],
  ["NP1122", FAMILY_1, [1, 0, 70, 12.5, 12.5, 3, 3, 24, 16]],
  ["NP1123", FAMILY_1, [1, 0, 70, 10.25, 10.25, 4.5, 4.5, 32, 12]],
  ["NP1200 NP1210", FAMILY_1_SHORT, [1, 0, 125, 56.5, 36.5, 32, 31, 64, 2]],
  ["NP1300", FAMILY_1, [1, 0, 70, 11, 11, 48, 20, 480, 2]],
  ["NP3000 NXT3000", FAMILY_1_SHORT, [1, 0, 70, 59, 59, 0, 15, 128, 1]],
  ["PRB2_1_2_0640_0 PRB2_1_4_0480_1 NP2000", FAMILY_2_14BIT, [1, 0, 70, 27, 27, 32, 15, 640, 2]],
  ["NP2003 NP2004 NP2005", FAMILY_2_12BIT, [1, 0, 70, 27, 27, 32, 15, 640, 2]],
  ["NP2006", FAMILY_2_12BIT, [1, 0, 70, 27, 11, 32, 15, 640, 2]],
  ["PRB2_4_2_0640_0 PRB2_4_4_0480_1 NP2010", FAMILY_2_14BIT, [4, 250, 70, 27, 27, 32, 15, 640, 2]],
  ["NP2013 NP2014 NP2020 NP2021", FAMILY_2_12BIT, [4, 250, 70, 27, 27, 32, 15, 640, 2]],
  ["NP3010 NP3011", FAMILY_3, [1, 0, 70, 27, 27, 32, 15, 640, 2]],
  ["NP3020 NP3021 NP3022 NP3023 NP3024", FAMILY_3, [4, 250, 70, 27, 27, 32, 15, 640, 2]],
];

/** Names of `probe.ProbeType` that are not part numbers, with a part of the same layout. */
const ALIASES: Readonly<Record<string, string>> = {
  "neuropixels 1.0": "NP1000",
  "neuropixels 1.0 - 3A": "3A",
  "neuropixels 1.0 - 3B": "NP1000",
  "neuropixels UHD": "NP1100",
  "neuropixels 2.0 - SS": "NP2000",
  "neuropixels 2.0 - MS": "NP2010",
};

/** SpikeGLX's `imDatPrb_type` and the part whose layout it implies when the part number is blank. */
const PART_OF_TYPE: Readonly<Record<string, string>> = {
  "0": "NP1000",
  "21": "NP2000",
  "24": "NP2010",
};

const LAYOUTS: ReadonlyMap<string, PartLayout> = new Map(
  TABLE.flatMap(([parts, family, row]) => {
    const [shankCount, shankPitchUm, shankWidthUm, evenRowOffsetUm, oddRowOffsetUm] = row;
    const [, , , , , columnPitchUm, rowPitchUm, rowCount, columnCount] = row;
    const layout: PartLayout = {
      shankCount,
      shankPitchUm,
      shankWidthUm,
      evenRowOffsetUm,
      oddRowOffsetUm,
      columnPitchUm,
      rowPitchUm,
      rowCount,
      columnCount,
      ...family,
    };
    return parts.split(" ").map((part): [string, PartLayout] => [part, layout]);
  }),
);

/** Names of all parts in the table, aliases not among them. */
export function knownParts(): string[] {
  return [...LAYOUTS.keys()];
}

/** Names of probe types that stand for a part ("neuropixels 2.0 - MS"), and the part whose layout each has. */
export function probeTypeAliases(): ReadonlyMap<string, string> {
  return new Map(Object.entries(ALIASES));
}

/** The layout of a part number or of a probe type's name; undefined when the table does not have it. */
export function partLayout(partOrAlias: string, generation: Generation = "current"): PartLayout | undefined {
  const layout = LAYOUTS.get(ALIASES[partOrAlias] ?? partOrAlias);
  if (layout === undefined || generation === "current") return layout;
  // the old generator: 1.0 probes had 16/48 on even and 0/32 on odd rows, the others began at 0
  const isStaggered = layout.evenRowOffsetUm !== layout.oddRowOffsetUm;
  return { ...layout, evenRowOffsetUm: isStaggered ? 16 : 0, oddRowOffsetUm: 0 };
}

/** The part whose layout SpikeGLX's probe type number implies; undefined for a number that implies none. */
export function partOfSpikeGlxType(type: string): string | undefined {
  const part = PART_OF_TYPE[type] ?? `NP${type}`;
  return LAYOUTS.has(part) ? part : undefined;
}

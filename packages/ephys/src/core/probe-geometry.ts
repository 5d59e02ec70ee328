/**
 * @module
 * Electrode numbers to places on the probe, and back (pipeline contract 2.4).
 *
 * An electrode's number counts along a row, then up the rows, then from shank to shank. x is measured from the left edge of shank 0, y
 * from the centre of the lowest row; both um.
 */
import { ParameterError } from "../errors.ts";
import { type Generation, knownParts, type PartLayout, partLayout } from "./probe-parts.ts";

/** Where an electrode is. `column` and `row` count on its shank. */
export interface ElectrodeSite {
  readonly electrode: number;
  readonly shank: number;
  readonly column: number;
  readonly row: number;
  readonly xUm: number;
  readonly yUm: number;
}

/** Files write positions with one decimal at most; contacts are 3 um apart at the least. */
const POSITION_TOLERANCE_UM = 0.6;

/** The layout of a part or probe type.
 * @throws ParameterError naming the known parts when the table does not have it */
export function requirePartLayout(partOrAlias: string, generation: Generation = "current"): PartLayout {
  const layout = partLayout(partOrAlias, generation);
  if (layout === undefined)
    throw new ParameterError(
      `Probe part '${partOrAlias}' is not in the geometry table. Known: ${knownParts().join(", ")}. ` +
        "Give its geometry as a probeinterface JSON instead.",
      "part",
    );
  return layout;
}

/** Electrodes on each shank. */
export function electrodesPerShank(layout: PartLayout): number {
  return layout.rowCount * layout.columnCount;
}

/** Electrodes on the whole probe. */
export function electrodeCount(layout: PartLayout): number {
  return layout.shankCount * electrodesPerShank(layout);
}

/** Where electrode `electrode` is.
 * @throws ParameterError when the probe has no such electrode */
export function siteOfElectrode(layout: PartLayout, electrode: number): ElectrodeSite {
  const perShank = electrodesPerShank(layout);
  if (!Number.isInteger(electrode) || electrode < 0 || electrode >= layout.shankCount * perShank)
    throw new ParameterError(
      `Electrode must be a whole number in 0..${layout.shankCount * perShank - 1}, got ${electrode}`,
      "electrode",
    );
  const shank = Math.floor(electrode / perShank);
  const index = electrode - shank * perShank;
  const row = Math.floor(index / layout.columnCount);
  const column = index - row * layout.columnCount;
  return {
    electrode,
    shank,
    column,
    row,
    xUm: shank * layout.shankPitchUm + rowOffset(layout, row) + column * layout.columnPitchUm,
    yUm: row * layout.rowPitchUm,
  };
}

/** The electrode at a column and row of a shank; undefined when the probe has none there. */
export function electrodeOfSite(
  layout: PartLayout,
  shank: number,
  column: number,
  row: number,
): number | undefined {
  if (!isIndex(shank, layout.shankCount)) return undefined;
  if (!isIndex(column, layout.columnCount) || !isIndex(row, layout.rowCount)) return undefined;
  return shank * electrodesPerShank(layout) + row * layout.columnCount + column;
}

/**
 * The electrode at a position, within 0.6 um; undefined when the probe has none there.
 *
 * @param xUm  from the left edge of *its* shank, as SpikeGLX's `~snsGeomMap` writes it; @param yUm  from the lowest row
 */
export function electrodeOfPosition(
  layout: PartLayout,
  shank: number,
  xUm: number,
  yUm: number,
): number | undefined {
  const row = Math.round(yUm / layout.rowPitchUm);
  const fromFirst = xUm - rowOffset(layout, row);
  const column = layout.columnPitchUm === 0 ? 0 : Math.round(fromFirst / layout.columnPitchUm);
  if (Math.abs(yUm - row * layout.rowPitchUm) > POSITION_TOLERANCE_UM) return undefined;
  if (Math.abs(fromFirst - column * layout.columnPitchUm) > POSITION_TOLERANCE_UM) return undefined;
  return electrodeOfSite(layout, shank, column, row);
}

/** Every electrode of a probe in order: the rows of `probe.ProbeType.Electrode`. */
export function electrodeSites(layout: PartLayout): ElectrodeSite[] {
  return Array.from({ length: electrodeCount(layout) }, (_, electrode) => siteOfElectrode(layout, electrode));
}

/**
 * When each channel is digitised, as a fraction of a sample after the first; undefined when the part's wiring is not in pairs.
 *
 * Two neighbouring ADCs share a run of channels, one takes the even, the other the odd ones (`~muxTbl` of real files agrees).
 * @param channels  acquired channel ids of the AP band
 */
export function sampleShifts(layout: PartLayout, channels: ArrayLike<number>): Float64Array | undefined {
  const adc = layout.adc;
  if (adc === undefined) return undefined;
  const shifts = new Float64Array(channels.length);
  for (let i = 0; i < channels.length; i++)
    shifts[i] = (Math.floor(channels[i] / 2) % adc.channelsPerAdc) / adc.turnsPerSample;
  return shifts;
}

function rowOffset(layout: PartLayout, row: number): number {
  return row % 2 === 0 ? layout.evenRowOffsetUm : layout.oddRowOffsetUm;
}

function isIndex(value: number, count: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < count;
}

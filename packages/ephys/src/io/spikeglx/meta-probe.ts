/**
 * @module
 * Which probe an imec stream came from and where each channel's contact sits.
 *
 * Positions come from `~snsGeomMap`, else `~snsShankMap` with the part's layout, else the electrodes in `~imroTbl` with the part's
 * layout. Electrode numbers come from the position; where imroTbl states them too, the two must agree: a meta file whose tables
 * contradict each other would put every unit on a wrong depth.
 */
import type { Probe } from "../../core/probe.ts";
import {
  electrodeOfPosition,
  electrodeOfSite,
  electrodesPerShank,
  sampleShifts,
  siteOfElectrode,
} from "../../core/probe-geometry.ts";
import { type PartLayout, partLayout, partOfSpikeGlxType } from "../../core/probe-parts.ts";
import { RecordingError } from "../../errors.ts";
import type { MetaColumns } from "./meta-columns.ts";
import { type MetaTable, type SpikeGlxMeta, toNumber } from "./parse-meta.ts";

/** Which probe the file names. `layout` is undefined when the table of parts does not have it. */
export interface ProbeIdentity {
  /** Part number; "3A" for a phase 3A file; "unknown" when it is blank. */
  readonly part: string;
  readonly serial: string;
  readonly layout: PartLayout | undefined;
}

/** Reads part and serial number. */
export function readIdentity(meta: SpikeGlxMeta): ProbeIdentity {
  const serial = meta.values.get("imDatPrb_sn") ?? meta.values.get("imProbeSN") ?? "";
  const named = meta.values.get("imDatPrb_pn");
  const type = meta.values.get("imDatPrb_type");
  if (named === undefined && type === undefined) return { part: "3A", serial, layout: partLayout("3A") };
  const isReadable = named !== undefined && /^[\w.-]+$/.test(named);
  const part = isReadable ? named : "unknown";
  const layout = partLayout(part) ?? partLayout(partOfSpikeGlxType(type ?? "") ?? "");
  return { part, serial, layout };
}

/**
 * The name of the probe's row in `probe.ProbeType`, by the rules of the current Python elements (pipeline contract 3.1).
 * Probe rows of an imported database may carry an older name ("neuropixels 1.0 - 3B"): compare coordinates, not names.
 */
export function probeTypeName(meta: SpikeGlxMeta): string {
  const part = meta.values.get("imDatPrb_pn") ?? "3A";
  switch (meta.values.get("imDatPrb_type") ?? "0") {
    case "0":
      if (part === "3A") return "neuropixels 1.0 - 3A";
      return part === "NP1010" ? "neuropixels 1.0" : part;
    case "1100":
      return "neuropixels UHD";
    case "21":
      return "neuropixels 2.0 - SS";
    case "24":
      return "neuropixels 2.0 - MS";
    default:
      return part;
  }
}

/**
 * Reads the probe as the channels of `columns` see it.
 *
 * @throws RecordingError `no-geometry` when no table gives positions, `geometry-mismatch` when two contradict each other, `bad-meta`
 */
export function readProbe(meta: SpikeGlxMeta, columns: MetaColumns): Probe {
  const { part, serial, layout } = readIdentity(meta);
  const count = columns.channelIds.length;
  const x = new Float64Array(count);
  const y = new Float64Array(count);
  const shank = new Int32Array(count);
  const electrode = new Int32Array(count).fill(-1);
  const isUsed = new Uint8Array(count).fill(1);
  const geomMap = meta.tables.get("snsGeomMap");
  const shankMap = meta.tables.get("snsShankMap");
  if (geomMap !== undefined && geomMap.entries.length > 0)
    fillFromGeomMap(meta, columns, geomMap, layout, { x, y, shank, electrode, isUsed });
  else if (shankMap !== undefined && shankMap.entries.length > 0 && layout !== undefined)
    fillFromShankMap(meta, columns, shankMap, layout, { x, y, shank, electrode, isUsed });
  else fillFromImroTable(meta, columns, part, layout, { x, y, shank, electrode, isUsed });
  checkAgainstImro(meta, columns, layout, electrode);
  return {
    part,
    serial,
    x,
    y,
    shank,
    electrode,
    isUsed,
    sampleShift: readSampleShift(meta, columns, layout),
  };
}

interface Filled {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly shank: Int32Array;
  readonly electrode: Int32Array;
  readonly isUsed: Uint8Array;
}

function fillFromGeomMap(
  meta: SpikeGlxMeta,
  columns: MetaColumns,
  table: MetaTable,
  layout: PartLayout | undefined,
  out: Filled,
): void {
  const pitchUm = toNumber(table.header[2], meta, "the shank pitch in snsGeomMap's header");
  const entryOf = entryPicker(meta, columns, table, "snsGeomMap");
  for (let c = 0; c < columns.channelIds.length; c++) {
    const [shank, xUm, yUm, isUsed] = numbers(entryOf(c), 4, meta, "snsGeomMap");
    out.shank[c] = shank;
    out.x[c] = xUm + pitchUm * shank;
    out.y[c] = yUm;
    out.isUsed[c] = isUsed;
    const electrode = layout && electrodeOfPosition(layout, shank, xUm, yUm);
    // a probe that is not in the table: its imroTbl may name the electrode, else the number stays -1, "not known"
    out.electrode[c] = electrode ?? imroElectrode(meta, layout, columns.channelIds[c]) ?? -1;
  }
}

function fillFromShankMap(
  meta: SpikeGlxMeta,
  columns: MetaColumns,
  table: MetaTable,
  layout: PartLayout,
  out: Filled,
): void {
  const entryOf = entryPicker(meta, columns, table, "snsShankMap");
  for (let c = 0; c < columns.channelIds.length; c++) {
    const [shank, column, row, isUsed] = numbers(entryOf(c), 4, meta, "snsShankMap");
    const electrode = electrodeOfSite(layout, shank, column, row);
    if (electrode === undefined)
      throw new RecordingError(
        `'${meta.path}': snsShankMap puts channel ${columns.channelIds[c]} on shank ${shank}, column ${column}, row ${row}; ` +
          `${meta.values.get("imDatPrb_pn") ?? "the probe"} has ${layout.shankCount} shanks of ${layout.columnCount} columns and ` +
          `${layout.rowCount} rows. The part number or the map is of another probe.`,
        "geometry-mismatch",
        meta.path,
      );
    place(layout, electrode, c, out);
    out.isUsed[c] = isUsed;
  }
}

function fillFromImroTable(
  meta: SpikeGlxMeta,
  columns: MetaColumns,
  part: string,
  layout: PartLayout | undefined,
  out: Filled,
): void {
  for (let c = 0; c < columns.channelIds.length; c++) {
    const electrode = imroElectrode(meta, layout, columns.channelIds[c]);
    if (layout === undefined || electrode === undefined)
      throw new RecordingError(
        `'${meta.path}' does not say where channel ${columns.channelIds[c]} sits: it has no snsGeomMap, and ` +
          (layout === undefined
            ? `probe part '${part}' (type ${meta.values.get("imDatPrb_type")}) is not in the geometry table.`
            : "neither snsShankMap nor imroTbl has an electrode for it."),
        "no-geometry",
        meta.path,
      );
    place(layout, electrode, c, out);
  }
}

function place(layout: PartLayout, electrode: number, c: number, out: Filled): void {
  const site = siteOfElectrode(layout, electrode);
  out.x[c] = site.xUm;
  out.y[c] = site.yUm;
  out.shank[c] = site.shank;
  out.electrode[c] = electrode;
}

/** Entry for a channel: the maps list saved channels in file order, or, in some files, every acquired channel. */
function entryPicker(
  meta: SpikeGlxMeta,
  columns: MetaColumns,
  table: MetaTable,
  name: string,
): (c: number) => readonly string[] {
  const { channelIds, acquiredCount } = columns;
  if (table.entries.length === channelIds.length) return (c) => table.entries[c];
  if (table.entries.length === acquiredCount) return (c) => table.entries[channelIds[c]];
  throw new RecordingError(
    `'${meta.path}': ${name} has ${table.entries.length} entries, for ${channelIds.length} saved and ${acquiredCount} acquired ` +
      "channels. The meta file was edited or belongs to another recording: copy it again from the rig.",
    "geometry-mismatch",
    meta.path,
  );
}

/** The electrode on the whole probe that imroTbl connects to an acquired channel; undefined when the table's form does not say. */
function imroElectrode(meta: SpikeGlxMeta, layout: PartLayout | undefined, id: number): number | undefined {
  const table = meta.tables.get("imroTbl");
  const entry = table?.entries[id]?.map(Number);
  if (table === undefined || entry === undefined || entry[0] !== id || layout === undefined) return undefined;
  // (chan bankmask ref electrode), (chan shank bank ref electrode): types 21, 24, 2xxx, 3xxx have no gains in the table
  if (layout.fixedApGain !== undefined) {
    if (entry.length === 4) return entry[3];
    return entry.length === 5 ? entry[1] * electrodesPerShank(layout) + entry[4] : undefined;
  }
  // (chan bank ref apgain lfgain [filter]): a bank is one electrode for each channel
  if (entry.length < 5 || table.header[0] === "1110") return undefined;
  const electrode = id + entry[1] * table.entries.length;
  return electrode < layout.shankCount * electrodesPerShank(layout) ? electrode : undefined;
}

function checkAgainstImro(
  meta: SpikeGlxMeta,
  columns: MetaColumns,
  layout: PartLayout | undefined,
  electrode: Int32Array,
): void {
  for (let c = 0; c < electrode.length; c++) {
    const stated = imroElectrode(meta, layout, columns.channelIds[c]);
    if (stated === undefined || electrode[c] === -1 || stated === electrode[c]) continue;
    throw new RecordingError(
      `'${meta.path}': channel ${columns.channelIds[c]} is electrode ${stated} by imroTbl and electrode ${electrode[c]} by ` +
        "its position. The tables are of different recordings or the part number is wrong.",
      "geometry-mismatch",
      meta.path,
    );
  }
}

function readSampleShift(
  meta: SpikeGlxMeta,
  columns: MetaColumns,
  layout: PartLayout | undefined,
): Float64Array | undefined {
  // the LF band is filtered and taken at another moment of the sample; nothing states it
  if (columns.band === "lf" || layout === undefined) return undefined;
  const groups = meta.tables.get("muxTbl")?.entries;
  const turns = layout.adc?.turnsPerSample;
  if (groups === undefined || turns === undefined) return sampleShifts(layout, columns.channelIds);
  const groupOf = new Map<number, number>();
  groups.forEach((channels, group) => {
    for (const channel of channels) groupOf.set(Number(channel), group);
  });
  return Float64Array.from(columns.channelIds, (id) => (groupOf.get(id) ?? Number.NaN) / turns);
}

function numbers(entry: readonly string[], count: number, meta: SpikeGlxMeta, name: string): number[] {
  if (entry.length !== count)
    throw new RecordingError(
      `'${meta.path}': an entry of ${name} must have ${count} fields, got '${entry.join(":")}'`,
      "bad-meta",
      meta.path,
    );
  return entry.map((field) => toNumber(field, meta, name));
}

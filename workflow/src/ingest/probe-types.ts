/**
 * @module
 * From a recording's probe to the rows of schema `probe`: the name of its type, its electrodes, its configuration
 * (pipeline contract 2.4, 3.1).
 */
import { electrodeSites, type Probe, partLayout } from "@tenon/ephys";
import { dictToUuid } from "./dict-to-uuid.ts";

/** Names that DataJoint elements store instead of the part number. */
const typeNames: Readonly<Record<string, string>> = {
  "3A": "neuropixels 1.0 - 3A",
  NP1010: "neuropixels 1.0",
  NP1100: "neuropixels UHD",
  NP2000: "neuropixels 2.0 - SS",
  PRB2_1_4_0480_1: "neuropixels 2.0 - SS",
  PRB2_1_2_0640_0: "neuropixels 2.0 - SS",
  NP2010: "neuropixels 2.0 - MS",
  PRB2_4_4_0480_1: "neuropixels 2.0 - MS",
  PRB2_4_2_0640_0: "neuropixels 2.0 - MS",
};

/** What `probe.ProbeType.probe_type` holds for a probe. */
export function probeTypeName(probe: Probe): string {
  return typeNames[probe.part] ?? probe.part;
}

export interface ElectrodeRow {
  readonly probe_type: string;
  readonly electrode: number;
  readonly shank: number;
  readonly shank_col: number;
  readonly shank_row: number;
  readonly x_coord: number;
  readonly y_coord: number;
}

/** Rows of `ProbeType.Electrode`: all electrodes of a known part, else the contacts that the recording's description lists. */
export function electrodeRows(probe: Probe): ElectrodeRow[] {
  const probe_type = probeTypeName(probe);
  const layout = partLayout(probe.part);
  if (layout !== undefined)
    return electrodeSites(layout).map(({ electrode, shank, column, row, xUm, yUm }) => ({
      probe_type,
      electrode,
      shank,
      shank_col: column,
      shank_row: row,
      x_coord: xUm,
      y_coord: yUm,
    }));
  const columns = ranks(probe, probe.x);
  const rows = ranks(probe, probe.y);
  return Array.from(probe.electrode, (electrode, i) => ({
    probe_type,
    electrode,
    shank: probe.shank[i]!,
    shank_col: columns[i]!,
    shank_row: rows[i]!,
    x_coord: probe.x[i]!,
    y_coord: probe.y[i]!,
  })).sort((a, b) => a.electrode - b.electrode);
}

/** The place of each contact's coordinate among the different ones of its shank, ascending. */
function ranks(probe: Probe, coordinate: Float64Array): number[] {
  const values = new Map<number, Set<number>>();
  for (const [i, shank] of probe.shank.entries())
    values.set(shank, (values.get(shank) ?? new Set()).add(coordinate[i]!));
  const sorted = new Map([...values].map(([shank, set]) => [shank, [...set].sort((a, b) => a - b)] as const));
  return Array.from(coordinate, (value, i) => sorted.get(probe.shank[i]!)!.indexOf(value));
}

export interface ElectrodeConfigRows {
  readonly electrode_config_hash: string;
  readonly probe_type: string;
  readonly electrode_config_name: string;
  readonly electrodes: readonly number[];
}

/** The configuration of a set of electrodes: its hash as Python makes it, its name as runs `a-b`. */
export function electrodeConfig(probeType: string, electrodes: Iterable<number>): ElectrodeConfigRows {
  const sorted = [...new Set(electrodes)].sort((a, b) => a - b);
  const dict = Object.fromEntries(
    sorted.map((electrode) => [`${electrode}`, { probe_type: probeType, electrode }]),
  );
  return {
    electrode_config_hash: dictToUuid(dict, true),
    probe_type: probeType,
    electrode_config_name: electrodeRuns(sorted),
    electrodes: sorted,
  };
}

/** `0-383`, `0-95; 192-192`: ascending numbers as runs. */
export function electrodeRuns(sorted: readonly number[]): string {
  const runs: string[] = [];
  let first = 0;
  for (let i = 1; i <= sorted.length; i++) {
    if (i < sorted.length && sorted[i]! - sorted[i - 1]! === 1) continue;
    runs.push(`${sorted[first]}-${sorted[i - 1]}`);
    first = i;
  }
  return runs.join("; ");
}

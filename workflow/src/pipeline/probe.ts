/**
 * @module
 * Schema `probe`: probe types with their electrodes, probes by serial number, electrode configurations (pipeline contract 2.4).
 */
import { Schema } from "@tenon/datajoint";

export const schema = new Schema();

export class ProbeType extends schema.lookup(`
  # Type of probe
  probe_type : varchar(32)          # e.g. neuropixels 1.0
`) {}

export class ProbeTypeElectrode extends ProbeType.part(
  "Electrode",
  `
  # Electrode information for each probe type
  -> ProbeType
  electrode : int                   # electrode index, starts at 0
  ---
  shank : int                       # shank index, starts at 0, advance left to right
  shank_col : int                   # column index, starts at 0, advance left to right
  shank_row : int                   # row index, starts at 0, advance tip to tail
  x_coord=NULL : float              # (um) x coordinate of the electrode within the probe
  y_coord=NULL : float              # (um) y coordinate of the electrode within the probe
`,
  { ProbeType },
) {}

export class Probe extends schema.lookup(
  `
  # Represent a physical probe with unique identification
  probe : varchar(32)               # unique identifier for this model of probe (e.g. serial number)
  ---
  -> ProbeType
  probe_comment='' : varchar(1000)
`,
  { ProbeType },
) {}

export class ElectrodeConfig extends schema.lookup(
  `
  # The electrode configuration setting on a given probe
  electrode_config_hash : uuid
  ---
  -> ProbeType
  electrode_config_name : varchar(4000)   # user friendly name
`,
  { ProbeType },
) {}

export class ElectrodeConfigElectrode extends ElectrodeConfig.part(
  "Electrode",
  `
  # Electrodes selected for recording
  -> ElectrodeConfig
  -> ProbeType.Electrode
`,
  { ElectrodeConfig, "ProbeType.Electrode": ProbeTypeElectrode },
) {}

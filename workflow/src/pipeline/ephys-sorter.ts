/**
 * @module
 * Schema `ephys_sorter`: the three steps of a triggered sorting, each for its own kind of machine (pipeline contract 2.7).
 */
import { Schema } from "@tenon/datajoint";
import { ClusteringTask } from "./ephys.ts";

export const schema = new Schema();

export class PreProcessing extends schema.imported(
  `
  # Pre-processing of the raw data before the sorter
  -> ClusteringTask
  ---
  execution_time : datetime         # datetime of the start of this step
  execution_duration : float        # (hour) execution duration
`,
  { ClusteringTask },
) {}

export class SIClustering extends schema.imported(
  `
  # The sorter itself
  -> PreProcessing
  ---
  execution_time : datetime         # datetime of the start of this step
  execution_duration : float        # (hour) execution duration
`,
  { PreProcessing },
) {}

export class PostProcessing extends schema.imported(
  `
  # Post-processing of the sorter's output
  -> SIClustering
  ---
  execution_time : datetime         # datetime of the start of this step
  execution_duration : float        # (hour) execution duration
  do_si_export=0 : bool             # whether to export to phy
`,
  { SIClustering },
) {}

/** For the rows of Python's workers: Tenon's own PostProcessing writes the Phy folder itself and leaves `do_si_export` at 0. */
export class SIExport extends schema.computed(
  `
  # Export of the sorted units by SpikeInterface
  -> PostProcessing
  ---
  execution_time : datetime         # datetime of the start of this step
  execution_duration : float        # (hour) execution duration
`,
  { PostProcessing },
) {}

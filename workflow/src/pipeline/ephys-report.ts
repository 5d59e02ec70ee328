/**
 * @module
 * Schema `ephys_report`: figures of probes and units (pipeline contract 2.8).
 */
import { Schema } from "@tenon/datajoint";
import { ClusterQualityLabel, CuratedClustering, CuratedClusteringUnit, QualityMetrics } from "./ephys.ts";

export const schema = new Schema();

export class ProbeLevelReport extends schema.computed(
  `
  -> CuratedClustering
  shank : tinyint unsigned
  ---
  drift_map_plot : attach
`,
  { CuratedClustering },
) {}

export class UnitLevelReport extends schema.computed(
  `
  -> CuratedClustering.Unit
  ---
  -> ClusterQualityLabel
  waveform_plotly : longblob
  autocorrelogram_plotly : longblob
  depth_waveform_plotly : longblob
`,
  { "CuratedClustering.Unit": CuratedClusteringUnit, ClusterQualityLabel },
) {}

export class QualityMetricCutoffs extends schema.lookup(
  `
  cutoffs_id : smallint
  ---
  amplitude_cutoff_maximum=null : float   # Defined by user, e.g. 0.1
  presence_ratio_minimum=null : float     # Defined by user, e.g. 0.9
  isi_violations_maximum=null : float     # Defined by user, e.g. 0.5
  cutoffs_hash : uuid
  unique index (cutoffs_hash)
`,
  {},
  {
    contents: [
      {
        cutoffs_id: 0,
        amplitude_cutoff_maximum: null,
        presence_ratio_minimum: null,
        isi_violations_maximum: null,
        cutoffs_hash: "5d835de1-e1af-1871-d81f-d12a9702ff5f",
      },
      {
        cutoffs_id: 1,
        amplitude_cutoff_maximum: 0.1,
        presence_ratio_minimum: 0.9,
        isi_violations_maximum: 0.5,
        cutoffs_hash: "f74ccd77-0b3a-2bf8-0bfd-ec9713b5dca8",
      },
    ],
  },
) {}

export class QualityMetricSet extends schema.manual(
  `
  -> QualityMetrics
  -> QualityMetricCutoffs
`,
  { QualityMetrics, QualityMetricCutoffs },
) {}

export class QualityMetricReport extends schema.computed(
  `
  -> QualityMetricSet
  ---
  plot_grid : longblob
`,
  { QualityMetricSet },
) {}

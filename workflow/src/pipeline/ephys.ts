/**
 * @module
 * Schema `ephys`: insertions, recordings, LFP, clustering, units, waveforms, metrics (pipeline contract 2.5).
 *
 * Definitions only; what fills the imported tables is in `populate/steps/`. What a newcomer would get wrong:
 * `-> ElectrodeConfig.Electrode` brings three columns (electrode_config_hash, probe_type, electrode) into the child.
 */
import { Schema } from "@tenon/datajoint";
import { SkullReference } from "./lab.ts";
import { ElectrodeConfig, ElectrodeConfigElectrode, Probe } from "./probe.ts";
import { Session } from "./session.ts";

export const schema = new Schema();

export class AcquisitionSoftware extends schema.lookup(
  `
  # Name of software used for recording of neuropixels probes - SpikeGLX or Open Ephys
  acq_software : varchar(24)
`,
  {},
  { contents: [{ acq_software: "SpikeGLX" }, { acq_software: "Open Ephys" }, { acq_software: "Binary" }] },
) {}

export class ProbeInsertion extends schema.manual(
  `
  # Probe insertion implanted into an animal for a given session
  -> Session
  insertion_number : tinyint unsigned
  ---
  -> Probe
`,
  { Session, Probe },
) {}

export class InsertionLocation extends schema.manual(
  `
  # Brain Location of a given probe insertion
  -> ProbeInsertion
  ---
  -> SkullReference
  ap_location : decimal(6, 2)       # (um) anterior-posterior; ref is 0; more anterior is more positive
  ml_location : decimal(6, 2)       # (um) medial axis; ref is 0 ; more right is more positive
  depth : decimal(6, 2)             # (um) manipulator depth relative to surface of the brain (0); more ventral is more negative
  theta=null : decimal(5, 2)        # (deg) elevation, rotation about the ml-axis
  phi=null : decimal(5, 2)          # (deg) azimuth, rotation about the dv-axis
  beta=null : decimal(5, 2)         # (deg) rotation about the shank of the probe
`,
  { ProbeInsertion, SkullReference },
) {}

export class EphysRecording extends schema.imported(
  `
  # Ephys recording from a probe insertion for a given session
  -> ProbeInsertion
  ---
  -> ElectrodeConfig
  -> AcquisitionSoftware
  sampling_rate : float             # (Hz)
  recording_datetime : datetime     # datetime of the recording from this probe
  recording_duration : float        # (seconds) duration of the recording from this probe
`,
  { ProbeInsertion, ElectrodeConfig, AcquisitionSoftware },
) {}

export class EphysRecordingChannel extends EphysRecording.part(
  "Channel",
  `
  -> master
  channel_idx : int                 # channel index (index of the raw data)
  ---
  -> ElectrodeConfig.Electrode
  channel_name='' : varchar(64)     # alias of the channel
`,
  { "ElectrodeConfig.Electrode": ElectrodeConfigElectrode },
) {}

export class EphysRecordingEphysFile extends EphysRecording.part(
  "EphysFile",
  `
  # Paths of files of a given EphysRecording round
  -> master
  file_path : varchar(255)          # filepath relative to root data directory
`,
) {}

export class LFP extends schema.imported(
  `
  # Acquired local field potential (LFP) from a given Ephys recording
  -> EphysRecording
  ---
  lfp_sampling_rate : float         # (Hz)
  lfp_time_stamps : longblob        # (s) timestamps with respect to the start of the recording
  lfp_mean : longblob               # (uV) mean of LFP across electrodes - shape (time,)
`,
  { EphysRecording },
) {}

export class LFPElectrode extends LFP.part(
  "Electrode",
  `
  -> master
  -> ElectrodeConfig.Electrode
  ---
  lfp : longblob                    # (uV) recorded lfp at this electrode
`,
  { "ElectrodeConfig.Electrode": ElectrodeConfigElectrode },
) {}

export class ClusteringMethod extends schema.lookup(
  `
  # Method for clustering
  clustering_method : varchar(16)
  ---
  clustering_method_desc : varchar(1000)
`,
  {},
  {
    contents: [
      { clustering_method: "kilosort2", clustering_method_desc: "kilosort2 clustering method" },
      { clustering_method: "kilosort2.5", clustering_method_desc: "kilosort2.5 clustering method" },
      { clustering_method: "kilosort3", clustering_method_desc: "kilosort3 clustering method" },
      { clustering_method: "tenon", clustering_method_desc: "the sorter built into Tenon" },
    ],
  },
) {}

export class ClusteringParamSet extends schema.lookup(
  `
  # Parameter set to be used in a clustering procedure
  paramset_idx : smallint
  ---
  -> ClusteringMethod
  paramset_desc : varchar(128)
  param_set_hash : uuid
  params : longblob                 # dictionary of all applicable parameters
  unique index (param_set_hash)
`,
  { ClusteringMethod },
) {}

export class ClusterQualityLabel extends schema.lookup(
  `
  # Quality
  cluster_quality_label : varchar(100)    # cluster quality type - e.g. 'good', 'MUA', 'noise', etc.
  ---
  cluster_quality_description : varchar(4000)
`,
  {},
  {
    contents: [
      { cluster_quality_label: "good", cluster_quality_description: "single unit" },
      {
        cluster_quality_label: "ok",
        cluster_quality_description: "probably a single unit, but could be contaminated",
      },
      { cluster_quality_label: "mua", cluster_quality_description: "multi-unit activity" },
      { cluster_quality_label: "noise", cluster_quality_description: "bad unit" },
      { cluster_quality_label: "n.a.", cluster_quality_description: "not available" },
    ],
  },
) {}

export class ClusteringTask extends schema.manual(
  `
  # Manual table for defining a clustering task ready to be run
  -> EphysRecording
  -> ClusteringParamSet
  ---
  clustering_output_dir='' : varchar(255)   # clustering output directory relative to the clustering root data directory
  task_mode='load' : enum('load', 'trigger')    # 'load': load computed analysis results, 'trigger': trigger computation
`,
  { EphysRecording, ClusteringParamSet },
) {}

export class Clustering extends schema.imported(
  `
  # Clustering Procedure
  -> ClusteringTask
  ---
  clustering_time : datetime        # time of generation of this set of clustering results
  package_version='' : varchar(16)
`,
  { ClusteringTask },
) {}

export class CuratedClustering extends schema.imported(
  `
  # Clustering results of the spike sorting step
  -> Clustering
`,
  { Clustering },
) {}

export class CuratedClusteringUnit extends CuratedClustering.part(
  "Unit",
  `
  # Properties of a given unit from a round of clustering (and curation)
  -> master
  unit : int
  ---
  -> ElectrodeConfig.Electrode      # electrode with highest waveform amplitude for this unit
  -> ClusterQualityLabel
  spike_count : int                 # how many spikes in this recording for this unit
  spike_times : longblob            # (s) spike times of this unit, relative to the start of the EphysRecording
  spike_sites : longblob            # array of electrode associated with each spike
  spike_depths=null : longblob      # (um) array of depths associated with each spike, relative to the (0, 0) of the probe
`,
  { "ElectrodeConfig.Electrode": ElectrodeConfigElectrode, ClusterQualityLabel },
) {}

export class WaveformSet extends schema.imported(
  `
  # A set of spike waveforms for units out of a given CuratedClustering
  -> CuratedClustering
`,
  { CuratedClustering },
) {}

export class WaveformSetPeakWaveform extends WaveformSet.part(
  "PeakWaveform",
  `
  # Mean waveform across spikes for a given unit at its representative electrode
  -> master
  -> CuratedClustering.Unit
  ---
  peak_electrode_waveform : longblob    # (uV) mean waveform for a given unit at its representative electrode
`,
  { "CuratedClustering.Unit": CuratedClusteringUnit },
) {}

export class WaveformSetWaveform extends WaveformSet.part(
  "Waveform",
  `
  # Spike waveforms and their mean across spikes for the given unit
  -> master
  -> CuratedClustering.Unit
  -> ElectrodeConfig.Electrode
  ---
  waveform_mean : longblob          # (uV) mean waveform across spikes of the given unit
  waveforms=null : longblob         # (uV) (spike x sample) waveforms of a sampling of spikes at the given electrode and unit
`,
  { "CuratedClustering.Unit": CuratedClusteringUnit, "ElectrodeConfig.Electrode": ElectrodeConfigElectrode },
) {}

export class QualityMetrics extends schema.imported(
  `
  # Clusters and waveforms metrics
  -> CuratedClustering
`,
  { CuratedClustering },
) {}

export class QualityMetricsCluster extends QualityMetrics.part(
  "Cluster",
  `
  # Cluster metrics for a particular unit
  -> master
  -> CuratedClustering.Unit
  ---
  firing_rate=null : float          # (Hz) firing rate for a unit
  snr=null : float                  # signal-to-noise ratio for a unit
  presence_ratio=null : float       # fraction of time in which spikes are present
  isi_violation=null : float        # rate of ISI violation as a fraction of overall rate
  number_violation=null : int       # total number of ISI violations
  amplitude_cutoff=null : float     # estimate of miss rate based on amplitude histogram
  isolation_distance=null : float   # distance to nearest cluster in Mahalanobis space
  l_ratio=null : float
  d_prime=null : float              # classification accuracy based on LDA
  nn_hit_rate=null : float          # fraction of neighbors for target cluster that are also in target cluster
  nn_miss_rate=null : float         # fraction of neighbors outside target cluster that are in target cluster
  silhouette_score=null : float     # standard metric for cluster overlap
  max_drift=null : float            # maximum change in spike depth throughout recording
  cumulative_drift=null : float     # cumulative change in spike depth throughout recording
  contamination_rate=null : float   # frequency of spikes in the refractory period
`,
  { "CuratedClustering.Unit": CuratedClusteringUnit },
) {}

export class QualityMetricsWaveform extends QualityMetrics.part(
  "Waveform",
  `
  # Waveform metrics for a particular unit
  -> master
  -> CuratedClustering.Unit
  ---
  amplitude=null : float            # (uV) absolute difference between waveform peak and trough
  duration=null : float             # (ms) time between waveform peak and trough
  halfwidth=null : float            # (ms) spike width at half max amplitude
  pt_ratio=null : float             # absolute amplitude of peak divided by absolute amplitude of trough relative to 0
  repolarization_slope=null : float # the repolarization slope was defined by fitting a regression line to the first 30us from trough to peak
  recovery_slope=null : float       # the recovery slope was defined by fitting a regression line to the first 30us from peak to tail
  spread=null : float               # (um) the range with amplitude above 12-percent of the maximum amplitude along the probe
  velocity_above=null : float       # (s/m) inverse velocity of waveform propagation from the soma toward the top of the probe
  velocity_below=null : float       # (s/m) inverse velocity of waveform propagation from the soma toward the bottom of the probe
`,
  { "CuratedClustering.Unit": CuratedClusteringUnit },
) {}

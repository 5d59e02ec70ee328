/**
 * The tables on every database, read back by name, are those that `contract/pipeline.md` 2 marks [C] (and its worker log): names at the
 * MySQL level, keys in order, types, defaults. Written here from the contract's tables, not from the definitions.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect, virtualSchema } from "@tenon/datajoint";
import { activatePipeline } from "../../src/pipeline/activate.ts";
import { makeTestLab, settingsOf, testServers } from "../support/test-lab.ts";

const session = "subject varchar(8), session_datetime datetime";
const insertion = `${session}, insertion_number tinyint unsigned`;
const task = `${insertion}, paramset_idx smallint`;
const unit = `${task}, unit int`;
const config = "electrode_config_hash uuid";
const electrode = `${config}, probe_type varchar(32), electrode int`;
const execution = "execution_time datetime, execution_duration float";
const trace = `${insertion}, ${electrode}`;
const nulls = (type: string, names: string) =>
  names
    .split(" ")
    .map((name) => `${name} ${type} null`)
    .join(", ");

/** By schema and table: key | other attributes. `=x` is a default; the contract's `=null` is `null`. */
const contract: Readonly<Record<string, string>> = {
  "lab #lab": "lab varchar(24) | lab_name varchar(255), address varchar(255), time_zone varchar(64)",
  "lab #location": "lab varchar(24), location varchar(32) | location_description varchar(255) =",
  "lab #user_role": "user_role varchar(24) |",
  "lab #user":
    "user varchar(32) | user_email varchar(128) =, user_cellphone varchar(32) =, user_fullname varchar(64) =",
  "lab #lab_membership": "lab varchar(24), user varchar(32) | user_role varchar(24) null",
  "lab #source":
    "source varchar(32) | source_name varchar(255), contact_details varchar(255) =, source_description varchar(255) =",
  "lab #device": "device varchar(32) | modality varchar(64), description varchar(256) =",
  "lab #skull_reference": "skull_reference varchar(60) |",
  "subject subject":
    "subject varchar(8) | subject_nickname varchar(64) =, sex enum('M','F','U'), subject_birth_date date, subject_description varchar(1024) =",
  "subject subject__protocol": "subject varchar(8), protocol varchar(36) |",
  "subject subject__user": "subject varchar(8), user varchar(32) |",
  "subject subject__species": "subject varchar(8) | species varchar(64)",
  "subject subject__line": "subject varchar(8) | line varchar(32)",
  "subject subject__strain": "subject varchar(8) | strain varchar(32)",
  "subject subject__source": "subject varchar(8) | source varchar(32)",
  "subject subject__lab": "subject varchar(8), lab varchar(24) | subject_alias varchar(32) =",
  "subject subject_death": "subject varchar(8) | death_date date",
  "session session": `${session} | session_id int null`,
  "session session__attribute": `${session}, attribute_name varchar(32) | attribute_value varchar(2000) =, attribute_blob longblob null`,
  "session session_directory": `${session} | session_dir varchar(256)`,
  "session session_experimenter": `${session}, user varchar(32) |`,
  "session session_note": `${session} | session_note varchar(1024)`,
  "session project_session": `project varchar(32), ${session} |`,
  "probe #probe_type": "probe_type varchar(32) |",
  "probe #probe_type__electrode":
    "probe_type varchar(32), electrode int | shank int, shank_col int, shank_row int, x_coord float null, y_coord float null",
  "probe #probe": "probe varchar(32) | probe_type varchar(32), probe_comment varchar(1000) =",
  "probe #electrode_config": `${config} | probe_type varchar(32), electrode_config_name varchar(4000)`,
  "probe #electrode_config__electrode": `${electrode} |`,
  "ephys #acquisition_software": "acq_software varchar(24) |",
  "ephys probe_insertion": `${insertion} | probe varchar(32)`,
  "ephys insertion_location": `${insertion} | skull_reference varchar(60), ap_location decimal(6,2), ml_location decimal(6,2), depth decimal(6,2), ${nulls("decimal(5,2)", "theta phi beta")}`,
  "ephys _ephys_recording": `${insertion} | ${config}, acq_software varchar(24), sampling_rate float, recording_datetime datetime, recording_duration float`,
  "ephys _ephys_recording__channel": `${insertion}, channel_idx int | ${electrode}, channel_name varchar(64) =`,
  "ephys _ephys_recording__ephys_file": `${insertion}, file_path varchar(255) |`,
  "ephys _l_f_p": `${insertion} | lfp_sampling_rate float, lfp_time_stamps longblob, lfp_mean longblob`,
  "ephys _l_f_p__electrode": `${trace} | lfp longblob`,
  "ephys #clustering_method": "clustering_method varchar(16) | clustering_method_desc varchar(1000)",
  "ephys #clustering_param_set":
    "paramset_idx smallint | clustering_method varchar(16), paramset_desc varchar(128), param_set_hash uuid, params longblob",
  "ephys #cluster_quality_label":
    "cluster_quality_label varchar(100) | cluster_quality_description varchar(4000)",
  "ephys clustering_task": `${task} | clustering_output_dir varchar(255) =, task_mode enum('load','trigger') =load`,
  "ephys _clustering": `${task} | clustering_time datetime, package_version varchar(16) =`,
  "ephys _curated_clustering": `${task} |`,
  "ephys _curated_clustering__unit": `${unit} | ${electrode}, cluster_quality_label varchar(100), spike_count int, spike_times longblob, spike_sites longblob, spike_depths longblob null`,
  "ephys _waveform_set": `${task} |`,
  "ephys _waveform_set__peak_waveform": `${unit} | peak_electrode_waveform longblob`,
  "ephys _waveform_set__waveform": `${unit}, ${electrode} | waveform_mean longblob, waveforms longblob null`,
  "ephys _quality_metrics": `${task} |`,
  "ephys _quality_metrics__cluster": `${unit} | ${nulls("float", "firing_rate snr presence_ratio isi_violation")}, number_violation int null, ${nulls("float", "amplitude_cutoff isolation_distance l_ratio d_prime nn_hit_rate nn_miss_rate silhouette_score max_drift cumulative_drift contamination_rate")}`,
  "ephys _quality_metrics__waveform": `${unit} | ${nulls("float", "amplitude duration halfwidth pt_ratio repolarization_slope recovery_slope spread velocity_above velocity_below")}`,
  "ephys_sorter _pre_processing": `${task} | ${execution}`,
  "ephys_sorter _s_i_clustering": `${task} | ${execution}`,
  "ephys_sorter _post_processing": `${task} | ${execution}, do_si_export tinyint(1) =0`,
  "ephys_sorter __s_i_export": `${task} | ${execution}`,
  "ephys_report __probe_level_report": `${task}, shank tinyint unsigned | drift_map_plot attach`,
  "ephys_report __unit_level_report": `${unit} | cluster_quality_label varchar(100), waveform_plotly longblob, autocorrelogram_plotly longblob, depth_waveform_plotly longblob`,
  "ephys_report #quality_metric_cutoffs": `cutoffs_id smallint | ${nulls("float", "amplitude_cutoff_maximum presence_ratio_minimum isi_violations_maximum")}, cutoffs_hash uuid`,
  "ephys_report quality_metric_set": `${task}, cutoffs_id smallint |`,
  "ephys_report __quality_metric_report": `${task}, cutoffs_id smallint | plot_grid longblob`,
  "analysis #spectral_band": "band_name varchar(16) | lower_freq float, upper_freq float",
  "analysis __l_f_p_q_c": `${trace} | lfp_std float, lfp_noise_level float, lfp_skewness float, lfp_kurtosis float`,
  "analysis #spectrogram_parameters":
    "param_idx int | window_size float, overlap_size float =0, description varchar(64) =",
  "analysis __l_f_p_spectrogram": `${trace}, param_idx int | delta_band_mean_power float, power_range_90pct float`,
  "analysis __l_f_p_spectrogram__channel_spectrogram": `${trace}, param_idx int | spectrogram blob@datajoint-blob, time blob@datajoint-blob, frequency blob@datajoint-blob`,
  "analysis __l_f_p_spectrogram__channel_power": `${trace}, param_idx int, band_name varchar(16) | power_time_series blob@datajoint-blob, mean_power float, std_power float`,
  "workerlog registered_worker":
    "worker_name varchar(64) | registration_time datetime(6), worker_kwargs longblob, worker_config_uuid uuid",
  "workerlog registered_worker__process":
    "worker_name varchar(64), process_index int | process varchar(64), full_table_name varchar(255) =, key_source_sql longblob null, process_kwargs longblob, process_config_uuid uuid",
};

for (const server of testServers)
  describe(`the pipeline's tables (${server.name})`, { skip: server.skip }, () => {
    it("are the contract's, by name, key, type and default", { timeout: 120_000 }, async () => {
      const lab = makeTestLab(server);
      const connection = await connect(settingsOf(server, lab.folder));
      try {
        await activatePipeline(connection, {
          prefix: lab.prefix,
          generation: "legacy",
          stores: { "datajoint-blob": { protocol: "file", location: lab.folder } },
        });
        const found: Record<string, string> = {};
        for (const schema of new Set(Object.keys(contract).map((name) => name.split(" ")[0]!)))
          for (const table of Object.values(await virtualSchema(connection, `${lab.prefix}${schema}`))) {
            const told = (inKey: boolean) =>
              table.heading.attributes
                .filter((attribute) => attribute.inKey === inKey)
                .map(({ name, type, annotation, nullable, default: value }) => {
                  const rest = nullable ? " null" : value === undefined || value === null ? "" : ` =${value}`;
                  return `${name} ${annotation ?? type}${rest}`;
                })
                .join(", ");
            found[`${schema} ${table.table}`] = `${told(true)} | ${told(false)}`.trimEnd();
          }
        for (const [name, expected] of Object.entries(contract)) assert.equal(found[name], expected, name);
      } finally {
        await connection.close();
        await lab.remove();
      }
    });
  });

/**
 * @module
 * Step ephys_report.UnitLevelReport: waveform, autocorrelogram and depth waveforms of each unit as plotly figures (pipeline contract 2.8).
 */
import { CuratedClusteringUnit, EphysRecording, WaveformSetWaveform } from "../../pipeline/ephys.ts";
import { UnitLevelReport } from "../../pipeline/ephys-report.ts";
import { ProbeTypeElectrode } from "../../pipeline/probe.ts";
import { unitLevelReportKeys } from "./key-sources.ts";
import { autocorrelogramPlotly, depthWaveformPlotly, waveformPlotly } from "./plotly-figures.ts";
import type { StepKey } from "./sorting-task.ts";

export function makeUnitLevelReport(): void {
  UnitLevelReport.makes({
    keySource: unitLevelReportKeys,
    fetch: async (key: StepKey) => {
      const unit = await CuratedClusteringUnit.restrict(key)
        .proj("electrode", "probe_type", "cluster_quality_label", "spike_times")
        .fetch1();
      const waveforms = await WaveformSetWaveform.restrict(key)
        .proj("waveform_mean")
        .join(ProbeTypeElectrode.proj("shank", "x_coord", "y_coord"))
        .fetch({ orderBy: ["electrode"] });
      return {
        electrode: unit.electrode,
        label: unit.cluster_quality_label,
        // as step CuratedClustering and Python write it
        timesS: Float64Array.from(unit.spike_times as Float64Array),
        samplingRateHz: await EphysRecording.restrict(key, { ignoreUnknown: true }).fetch1("sampling_rate"),
        waveforms: waveforms.map((row) => ({
          electrode: row.electrode,
          shank: row.shank,
          xUm: row.x_coord ?? 0,
          yUm: row.y_coord ?? 0,
          mean: row.waveform_mean as Float64Array,
        })),
      };
    },
    compute: (_key, { electrode, label, timesS, samplingRateHz, waveforms }) => {
      const peak = waveforms.find((waveform) => waveform.electrode === electrode)?.mean ?? [];
      return {
        cluster_quality_label: label,
        waveform_plotly: waveformPlotly(peak, samplingRateHz),
        autocorrelogram_plotly: autocorrelogramPlotly(timesS),
        depth_waveform_plotly: depthWaveformPlotly(waveforms, electrode),
      };
    },
    insert: async (key, row) => {
      await UnitLevelReport.insert([{ ...key, ...row }]);
    },
  });
}

/** A folder as Kilosort and Phy leave it: spikes out of order, a merged cluster, file columns that are not channels, no positions. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Recording, RecordingError, writeNpy } from "@tenon/ephys";
import { type LoadedSorting, loadSorting } from "../../../src/populate/steps/loaded-sorting.ts";
import { metricsFeatures } from "../../../src/populate/steps/metrics-features.ts";
import { spikeAmplitudesUv } from "../../../src/populate/steps/spike-amplitudes.ts";
import { spikeDepths } from "../../../src/populate/steps/spike-depths.ts";
import { memoryRecording } from "./support/memory-recording.ts";

// file order; in time order: 100 (t2 c4), 200 (t0 c9), 250 (t1 c9), 300 (t0 c9), 400 (t2 c4)
const times = [300, 100, 200, 400, 250];
const templatesOfSpikes = [0, 2, 0, 2, 1];
const clusters = [9, 4, 9, 4, 9];
const amplitudes = [10, 20, 30, 40, 50];
/** Columns of the file that the folder's three channels are. */
const channelMap = [5, 0, 2];
const positions = [
  [0, 100],
  [0, 0],
  [0, 40],
];
// [spikes x 2 components x 2 channels], channels by template
const featureChannels = [
  [0, 1],
  [1, 2],
  [2, -1],
];
const features = [
  [3, 4, 9, 9],
  [5, 7, 9, 9],
  [-3, 2, 9, 9],
  [-1, 6, 9, 9],
  [1, 1, 9, 9],
];

describe("loadSorting", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-kilosort-"));
  after(() => rmSync(folder, { recursive: true }));
  const recording: Recording = {
    ...memoryRecording(new Float32Array(3 * 500), 3),
    // the recording's channels are columns 0, 2 and 5 of its file
    file: {
      path: "/memory",
      type: "int16",
      columnCount: 6,
      headerBytes: 0,
      channelColumns: Int32Array.of(0, 2, 5),
    },
  };
  let loaded: LoadedSorting;

  before(async () => {
    const template = (peak: number) => [
      0,
      0,
      0,
      peak === 0 ? -9 : 1,
      peak === 1 ? -9 : 1,
      peak === 2 ? -9 : 1,
    ];
    const npy = (name: string, values: Parameters<typeof writeNpy>[1], shape?: number[]) =>
      writeNpy(join(folder, `${name}.npy`), values, shape);
    await npy("spike_times", BigInt64Array.from(times, BigInt), [5, 1]);
    await npy("spike_templates", Int32Array.from(templatesOfSpikes));
    await npy("spike_clusters", Int32Array.from(clusters));
    await npy("amplitudes", Float64Array.from(amplitudes), [5, 1]);
    await npy("templates", Float32Array.from([0, 1, 2].flatMap(template)), [3, 2, 3]);
    await npy("channel_map", Int32Array.from(channelMap));
    await npy("channel_positions", Float64Array.from(positions.flat()), [3, 2]);
    await npy("pc_features", Float32Array.from(features.flat()), [5, 2, 2]);
    await npy("pc_feature_ind", Int32Array.from(featureChannels.flat()), [3, 2]);
    writeFileSync(
      join(folder, "params.py"),
      "dat_path = 'x.bin'\nn_channels_dat = 6\ndtype = 'int16'\noffset = 0\nsample_rate = 30000.\nhp_filtered = True\n",
    );
    writeFileSync(join(folder, "cluster_group.tsv"), "cluster_id\tgroup\n4\tgood\n9\tunsorted\n");
    loaded = await loadSorting(folder, recording);
  });

  it("gives units and their spikes in time order", () => {
    const { sorting } = loaded.phy;
    assert.deepEqual([...sorting.unitIds], [4, 9]);
    const samplesOf = loaded.rows.map((rows) => Array.from(rows, (row) => sorting.spikeSamples[row]));
    assert.deepEqual(samplesOf, [
      [100, 400],
      [200, 250, 300],
    ]);
    assert.deepEqual(
      [...loaded.phy.labels],
      [
        [4, "good"],
        [9, "unsorted"],
      ],
    );
    assert.deepEqual([...loaded.fileRows!], [1, 2, 4, 0, 3]);
  });

  it("finds the recording's channel by way of the file's column", () => {
    // template 0 is largest on the folder's channel 0, which is column 5, the recording's channel 2
    assert.deepEqual([...loaded.templateChannels], [2, 0, 1]);
  });

  it("puts spikes at the centre of mass of the first component's square, negative ones left out", async () => {
    const depths = await spikeDepths(loaded);
    const expected = [
      40, // (5² at 40); the second channel is none
      (4 * 0) / 4, // -3 counts as 0, 2² at 0
      (1 * 0 + 1 * 40) / 2,
      (9 * 100 + 16 * 0) / 25,
      Number.NaN, // only -1 and a channel that is none
    ];
    assert.deepEqual([...depths!], expected);
  });

  it("scales amplitudes so that their mean is the mean waveform's extremum", () => {
    const amplitudesUv = spikeAmplitudesUv(loaded, loaded.rows[1]!, [0, -60, 20]);
    assert.deepEqual([...amplitudesUv], [60, 100, 20]);
  });

  it("hands features to the metrics with the spike that each belongs to", async () => {
    const found = await metricsFeatures(loaded, [4, 9]);
    assert.deepEqual([...found!.spikeLists], templatesOfSpikes);
    assert.deepEqual(
      [...found!.spikeUnits],
      clusters.map((cluster) => [4, 9].indexOf(cluster)),
    );
    assert.deepEqual([found!.featuresPerChannel, found!.channelCount], [2, 2]);
  });

  it("refuses a folder of a longer recording", async () => {
    const short = { ...recording, sampleCount: 350 };
    await assert.rejects(loadSorting(folder, short), (error: RecordingError) => {
      assert.ok(error instanceof RecordingError);
      return /spike at sample 400, but the recording .* has 350 samples/.test(error.message);
    });
  });

  it("refuses a folder whose channels the recording does not have", async () => {
    const other = { ...recording, file: { ...recording.file!, channelColumns: Int32Array.of(0, 1, 2) } };
    await assert.rejects(loadSorting(folder, other), /template 0 is largest on column 5 of the raw file/);
  });
});

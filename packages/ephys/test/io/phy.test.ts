import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ParameterError, RecordingError, ShapeError } from "../../src/errors.ts";
import { readNpy } from "../../src/io/npy/read-npy.ts";
import { writeNpy } from "../../src/io/npy/write-npy.ts";
import { invertMatrix } from "../../src/io/phy/invert-matrix.ts";
import { readPhyFeatures } from "../../src/io/phy/read-features.ts";
import { missingPhyFiles, readPhyFolder } from "../../src/io/phy/read-phy.ts";
import { type PhyContent, writePhyFolder } from "../../src/io/phy/write-phy.ts";
import { CHANNELS, makeContent, SAMPLES, SPIKES, UNITS } from "../support/phy-content.ts";
import { temporaryFolder } from "../support/tiny-spikeglx.ts";

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof RecordingError && error.code === code;
}

test("a folder that was written reads back the same, its templates after the whitening is undone", async () => {
  await using folder = await temporaryFolder();
  const content = makeContent();
  await writePhyFolder(folder.path, content);
  assert.deepEqual(await missingPhyFiles(folder.path), []);
  const read = await readPhyFolder(folder.path, { sampleCount: 4000 });
  assert.deepEqual(read.sorting, content.sorting);
  assert.deepEqual(
    [...read.labels],
    [
      [2, "good"],
      [5, "mua"],
      [9, "noise"],
    ],
  );
  assert.deepEqual(
    read.spikeTemplates,
    content.sorting.spikeUnits.map((unit) => UNITS.indexOf(unit)),
  );
  assert.deepEqual(read.channelMap, content.channelIndices);
  assert.deepEqual(read.channelPositions, content.positions);
  assert.deepEqual(read.spikePositions, content.spikePositions);
  assert.deepEqual(read.whiteningMatrix, content.whiteningMatrix);
  const info = read.tables.find(({ file }) => file === "cluster_info.tsv");
  assert.equal(info?.rows.get(9)?.amplitude, "");
  assert.equal(info?.rows.get(5)?.snr, "4.25");
  const templates = read.templates;
  assert.ok(templates !== undefined && templates.channels === undefined);
  assertUnwhitened(
    templates.data,
    read.whiteningMatrixInverse as Float64Array,
    content.templates as Float32Array,
  );
});

/** Rows of `white` times the inverse must be the rows in uV. */
function assertUnwhitened(white: ArrayLike<number>, inverse: Float64Array, wanted: Float32Array): void {
  for (let i = 0; i < wanted.length; i++) {
    const row = i - (i % CHANNELS);
    let sum = 0;
    for (let c = 0; c < CHANNELS; c++) sum += white[row + c] * inverse[c * CHANNELS + (i % CHANNELS)];
    assert.ok(Math.abs(sum - wanted[i]) < 1e-4, `template value ${i}: ${sum} is not ${wanted[i]}`);
  }
}

test("arrays have the types and shapes that Phy reads", async () => {
  await using folder = await temporaryFolder();
  await writePhyFolder(folder.path, makeContent());
  const expected: [string, string, number[]][] = [
    ["spike_times", "BigInt64Array", [SPIKES]],
    ["spike_clusters", "Int32Array", [SPIKES]],
    ["spike_templates", "Int32Array", [SPIKES]],
    ["amplitudes", "Float64Array", [SPIKES]],
    ["templates", "Float32Array", [3, SAMPLES, CHANNELS]],
    ["templates_ind", "Int32Array", [3, CHANNELS]],
    ["similar_templates", "Float32Array", [3, 3]],
    ["channel_map", "Int32Array", [CHANNELS]],
    ["channel_positions", "Float64Array", [CHANNELS, 2]],
    ["whitening_mat", "Float64Array", [CHANNELS, CHANNELS]],
    ["whitening_mat_inv", "Float64Array", [CHANNELS, CHANNELS]],
    ["pc_features", "Float32Array", [SPIKES, 3, 2]],
    ["pc_feature_ind", "Int32Array", [3, 2]],
    ["spike_positions", "Float32Array", [SPIKES, 2]],
  ];
  for (const [name, type, shape] of expected) {
    const array = await readNpy(join(folder.path, `${name}.npy`));
    assert.deepEqual([name, array.values.constructor.name, array.shape], [name, type, shape]);
  }
  const group = await readFile(join(folder.path, "cluster_group.tsv"), "utf8");
  assert.equal(group, "cluster_id\tgroup\n2\tgood\n5\tmua\n9\tnoise\n");
});

test("sparse templates are laid out on all channels", async () => {
  await using folder = await temporaryFolder();
  const data = Float32Array.from({ length: UNITS.length * SAMPLES * 2 }, (_, i) => i + 1);
  const templates = { data, channels: Int32Array.of(0, 1, 3, -1, 2, 1), channelsPerUnit: 2 };
  await writePhyFolder(folder.path, makeContent({ templates, whiteningMatrix: undefined }));
  const { values } = await readNpy(join(folder.path, "templates.npy"));
  assert.deepEqual([...values.slice(0, 2 * CHANNELS)], [1, 2, 0, 0, 3, 4, 0, 0]);
  const second = SAMPLES * CHANNELS;
  assert.deepEqual([...values.slice(second, second + 2 * CHANNELS)], [0, 0, 0, 13, 0, 0, 0, 15]);
  const third = 2 * second;
  assert.deepEqual([...values.slice(third, third + CHANNELS)], [0, 26, 25, 0]);
});

test("columns of features that a unit has not get other channels with zeros, and are read as -1 again", async () => {
  await using folder = await temporaryFolder();
  const pcFeatureIndices = Int32Array.of(0, 1, 0, -1, -1, -1);
  const content = makeContent({ pcFeatureIndices });
  await writePhyFolder(folder.path, content);
  const written = await readNpy(join(folder.path, "pc_feature_ind.npy"));
  assert.deepEqual([...written.values], [0, 1, 0, 1, 0, 1]);
  // the third unit has no channel at all
  const { values } = await readNpy(join(folder.path, "pc_features.npy"));
  const unit = UNITS.indexOf(content.sorting.spikeUnits[0]);
  for (let at = 0; at < 6; at++)
    assert.equal(values[at], pcFeatureIndices[2 * unit + (at % 2)] < 0 ? 0 : content.pcFeatures?.[at]);
  const rows = content.sorting.spikeUnits.map((_, i) => i).subarray(0, 30);
  for (const options of [{}, { rows }])
    assert.deepEqual((await readPhyFeatures(folder.path, options))?.channels, pcFeatureIndices);
  // a folder of an older release, with -1 in the file
  await writeNpy(join(folder.path, "pc_feature_ind.npy"), pcFeatureIndices, [3, 2]);
  await writeNpy(join(folder.path, "pc_features.npy"), content.pcFeatures as Float32Array, [SPIKES, 3, 2]);
  assert.deepEqual((await readPhyFeatures(folder.path))?.channels, pcFeatureIndices);
});

test("parts that do not fit each other are refused before anything is written", async () => {
  await using folder = await temporaryFolder();
  const target = join(folder.path, "phy");
  const { sorting } = makeContent();
  const bad: [Partial<PhyContent>, typeof ShapeError | typeof ParameterError][] = [
    [{ positions: new Float64Array(7) }, ShapeError],
    [{ templates: new Float32Array(71) }, ShapeError],
    [{ spikePositions: new Float32Array(3) }, ShapeError],
    [{ unitInfo: [] }, ShapeError],
    [{ pcFeatures: undefined }, ParameterError],
    [{ pcFeatures: new Float32Array(SPIKES * 15), pcFeatureIndices: new Int32Array(15) }, ShapeError],
    [{ channelIndices: Int32Array.of(0, 1, 3, 5) }, ParameterError],
    [{ whiteningMatrix: new Float64Array(16).fill(1) }, ParameterError],
    [{ sorting: { ...sorting, spikeUnits: sorting.spikeUnits.map(() => 7) } }, ParameterError],
    [{ sorting: { ...sorting, spikeSamples: sorting.spikeSamples.toReversed() } }, ParameterError],
  ];
  for (const [changes, kind] of bad) await assert.rejects(writePhyFolder(target, makeContent(changes)), kind);
  await assert.rejects(readFile(join(target, "params.py")), /ENOENT/);
});

test("a folder without units is written and read", async () => {
  await using folder = await temporaryFolder();
  const none = {
    unitIds: new Int32Array(0),
    spikeSamples: new Float64Array(0),
    spikeUnits: new Int32Array(0),
  };
  const sorting = { samplingRateHz: 30000, sampleCount: 4000, ...none, spikeAmplitudes: new Float32Array(0) };
  const empty = {
    amplitudesUv: undefined,
    spikePositions: undefined,
    pcFeatures: undefined,
    pcFeatureIndices: undefined,
  };
  await writePhyFolder(
    folder.path,
    makeContent({ sorting, templates: new Float32Array(0), unitInfo: [], ...empty }),
  );
  assert.deepEqual((await readPhyFolder(folder.path, { sampleCount: 4000 })).sorting, sorting);
});

test("what a folder lacks or contradicts is said: times, clusters, rate, lengths, tables", async () => {
  await using folder = await temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await assert.rejects(readPhyFolder(path("absent")), hasCode("missing"));
  await writePhyFolder(folder.path, makeContent());
  await rm(path("params.py"));
  await assert.rejects(readPhyFolder(folder.path), hasCode("missing-params"));
  assert.equal((await readPhyFolder(folder.path, { samplingRateHz: 25000 })).sorting.samplingRateHz, 25000);
  await writePhyFolder(folder.path, makeContent());
  for (const [name, values, shape] of [
    ["spike_clusters.npy", new Int32Array(SPIKES - 1)],
    ["amplitudes.npy", new Float64Array(2 * SPIKES), [SPIKES, 2]],
    ["spike_templates.npy", new Int32Array(SPIKES).fill(3)],
    ["channel_map.npy", Int32Array.of(0, 1, 3)],
    ["channel_map.npy", Int32Array.of(0, 1, 3, 5)],
    ["channel_positions.npy", new Float64Array(6), [3, 2]],
    ["whitening_mat.npy", new Float64Array(9), [3, 3]],
    ["templates.npy", new Float32Array(3 * SAMPLES), [3, SAMPLES]],
  ] as const) {
    await writeNpy(path(name), values, shape);
    await assert.rejects(readPhyFolder(folder.path), hasCode("inconsistent"), name);
    await writePhyFolder(folder.path, makeContent());
  }
  await writeFile(path("cluster_group.tsv"), "cluster_id\tgroup\n2\n");
  await assert.rejects(readPhyFolder(folder.path), hasCode("bad-table"));
  await writePhyFolder(folder.path, makeContent());
  await rm(path("spike_clusters.npy"));
  // without clusters, units are the templates
  assert.deepEqual([...(await readPhyFolder(folder.path)).sorting.unitIds], [0, 1, 2]);
  await rm(path("spike_templates.npy"));
  await assert.rejects(readPhyFolder(folder.path), hasCode("missing-npy"));
});

test("a person's group goes before the sorter's label, and SpikeInterface's 'unsorted' does not", async () => {
  await using folder = await temporaryFolder();
  await writePhyFolder(folder.path, makeContent());
  await writeFile(join(folder.path, "cluster_group.tsv"), "cluster_id\tgroup\r\n2\tnoise\r\n5\tunsorted\r\n");
  assert.deepEqual(
    [...(await readPhyFolder(folder.path)).labels],
    [
      [2, "noise"],
      [5, "mua"],
      [9, "noise"],
    ],
  );
});

test("spikes out of time order are put in order with everything that belongs to them", async () => {
  await using folder = await temporaryFolder();
  const content = makeContent();
  await writePhyFolder(folder.path, content);
  const last = SPIKES - 1;
  const names = ["spike_times", "spike_clusters", "spike_templates", "amplitudes", "spike_positions"];
  for (const name of names) {
    const path = join(folder.path, `${name}.npy`);
    const { values, shape } = await readNpy(path);
    const width = shape[1] ?? 1;
    const turned = values.slice();
    for (let i = 0; i < values.length; i++)
      turned[i] = values[(last - Math.floor(i / width)) * width + (i % width)];
    await writeNpy(path, turned, shape);
  }
  const read = await readPhyFolder(folder.path, { sampleCount: 4000 });
  assert.deepEqual(read.sorting, content.sorting);
  assert.deepEqual(read.spikePositions, content.spikePositions);
});

test("a matrix times its inverse is the identity, also when a pivot is 0", () => {
  const matrix = Float64Array.of(0, 2, 1, 1, 0, 0, 3, 1, 5);
  const inverse = invertMatrix(matrix, 3);
  for (let i = 0; i < 9; i++) {
    let sum = 0;
    for (let k = 0; k < 3; k++) sum += matrix[i - (i % 3) + k] * inverse[3 * k + (i % 3)];
    assert.ok(Math.abs(sum - (i % 4 === 0 ? 1 : 0)) < 1e-14);
  }
  assert.throws(() => invertMatrix(Float64Array.of(1, 2, 2, 4), 2), ParameterError);
});

test("features are read as they were written, refused when rows are missing, and undefined when there are none", async () => {
  await using folder = await temporaryFolder();
  const content = makeContent();
  await writePhyFolder(folder.path, content);
  const features = await readPhyFeatures(folder.path);
  assert.deepEqual(features?.data, content.pcFeatures);
  assert.deepEqual(features?.channels, content.pcFeatureIndices);
  assert.deepEqual([features?.rowCount, features?.componentCount, features?.channelCount], [SPIKES, 3, 2]);
  await writeNpy(join(folder.path, "pc_features.npy"), new Float32Array(6 * (SPIKES - 1)), [
    SPIKES - 1,
    3,
    2,
  ]);
  await assert.rejects(readPhyFeatures(folder.path), hasCode("inconsistent"));
  await rm(join(folder.path, "pc_features.npy"));
  assert.equal(await readPhyFeatures(folder.path), undefined);
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readNpy } from "../../src/io/npy/read-npy.ts";
import { readPhyFeatures } from "../../src/io/phy/read-features.ts";
import { missingPhyFiles, readPhyFolder } from "../../src/io/phy/read-phy.ts";
import { sharedPath, skipWithoutSharedData } from "../support/shared-data.ts";

interface ExpectedClusters {
  fs_assumed: number;
  n_spikes: number;
  n_clusters: number;
  first: number;
  last: number;
  clusters: { id: number; n: number; first: number; last: number }[];
}

test("three real sorter outputs have the clusters, counts and times that an independent script found", {
  skip: skipWithoutSharedData,
}, async () => {
  const path = sharedPath("expected/phy_clusters.json");
  const folders = JSON.parse(readFileSync(path, "utf8")) as Record<string, ExpectedClusters>;
  assert.equal(Object.keys(folders).length, 3);
  for (const [name, expected] of Object.entries(folders)) {
    const hasParams = !(await missingPhyFiles(sharedPath(name))).includes("params.py");
    const { sorting, channelMap, channelPositions } = await readPhyFolder(
      sharedPath(name),
      hasParams ? {} : { samplingRateHz: expected.fs_assumed },
    );
    assert.equal(sorting.samplingRateHz, expected.fs_assumed);
    assert.equal(sorting.spikeSamples.length, expected.n_spikes);
    assert.equal(sorting.spikeSamples[0], expected.first);
    assert.equal(sorting.spikeSamples.at(-1), expected.last);
    assert.deepEqual(
      [...sorting.unitIds],
      expected.clusters.map(({ id }) => id),
    );
    for (const { id, n, first, last } of expected.clusters) {
      const times = sorting.spikeSamples.filter((_, i) => sorting.spikeUnits[i] === id);
      assert.deepEqual([id, times.length, times[0], times.at(-1)], [id, n, first, last]);
    }
    assert.equal(channelPositions?.length, 2 * (channelMap?.length ?? 0));
  }
  const features = await readPhyFeatures(sharedPath("kwikteam+phy-data/template"));
  assert.deepEqual([features?.rowCount, features?.componentCount, features?.channelCount], [314, 3, 12]);
});

test("Fortran-ordered templates of a real folder have their peak where the unit's channels are", {
  skip: skipWithoutSharedData,
}, async () => {
  const folder = sharedPath("Julie-Fabre+bombcell/py_bombcell/demos/toy_data");
  const { templates } = await readPhyFolder(folder, { samplingRateHz: 30000 });
  assert.ok(templates !== undefined);
  const { values } = await readNpy(join(folder, "pc_feature_ind.npy"));
  for (let unit = 0; unit < templates.templateCount; unit++) {
    const size = templates.sampleCount * templates.channelCount;
    let peak = 0;
    for (let i = 0; i < size; i++)
      if (Math.abs(templates.data[unit * size + i]) > Math.abs(templates.data[unit * size + peak])) peak = i;
    // Kilosort lists a template's channels nearest first: the peak is among its 32
    const channels = Array.from({ length: 32 }, (_, i) => Number(values[unit * 32 + i]));
    assert.ok(
      channels.includes(peak % templates.channelCount),
      `unit ${unit}, channel ${peak % templates.channelCount}`,
    );
  }
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readPhyFeatures } from "../../src/io/phy/read-features.ts";
import { readPhyFolder } from "../../src/io/phy/read-phy.ts";
import { writePhyFolder } from "../../src/io/phy/write-phy.ts";
import { CHANNELS, makeContent, SAMPLES, SPIKES, UNITS } from "../support/phy-content.ts";
import { temporaryFolder } from "../support/tiny-spikeglx.ts";

/** A python with spikeinterface, pandas, scikit-learn and phylib. */
const python = process.env.TENON_PYTHON;
const skip = python === undefined ? "TENON_PYTHON is not set (scripts/python-env.sh)" : false;
const script = (name: string) => join(import.meta.dirname, "fixtures", name);

interface SeenByPeer {
  rate: number;
  units: Record<string, number[]>;
  quality: Record<string, string>;
}

interface SeenByPhylib extends SeenByPeer {
  duration: number;
  mapping: number[];
  positions: number[][];
  shanks: number[];
  amplitudes: number[];
  similar: number[][];
  attributes: string[];
  templates: number[][][];
  features: number[][][];
  depths: number[];
  metadata: Record<string, Record<string, unknown>>;
  traces: number[][];
}

function run<T>(executable: string, ...args: string[]): T {
  const { status, stdout, stderr } = spawnSync(executable, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1) as string) as T;
}

function spikesOfUnits(): Record<string, number[]> {
  const { spikeSamples, spikeUnits } = makeContent().sorting;
  return Object.fromEntries(
    UNITS.map((unit) => [String(unit), [...spikeSamples.filter((_, i) => spikeUnits[i] === unit)]]),
  );
}

test("SpikeInterface reads our folder with the same spikes, ids and labels", { skip }, async () => {
  await using folder = await temporaryFolder();
  await writePhyFolder(folder.path, makeContent());
  const seen = run<SeenByPeer>(
    python as string,
    script("read-phy-with-peers.py"),
    "spikeinterface",
    folder.path,
  );
  assert.equal(seen.rate, 30000);
  assert.deepEqual(seen.units, spikesOfUnits());
  assert.deepEqual(seen.quality, { 2: "good", 5: "mua", 9: "noise" });
});

test("phylib, Phy's own reader, finds every part of our folder as it was given", { skip }, async () => {
  await using folder = await temporaryFolder();
  const content = makeContent();
  await writePhyFolder(folder.path, content);
  // 4000 samples of 5 rows, each value its row
  const samples = Int16Array.from({ length: 4000 * 5 }, (_, i) => i % 5);
  await writeFile(join(folder.path, "recording.dat"), new Uint8Array(samples.buffer));
  const seen = run<SeenByPhylib>(python as string, script("read-phy-with-peers.py"), "phylib", folder.path);
  assert.deepEqual(seen.units, spikesOfUnits());
  assert.equal(seen.duration, 4000 / 30000);
  assert.deepEqual(seen.mapping, [...content.channelIndices]);
  assert.deepEqual(seen.positions.flat(), [...content.positions]);
  assert.deepEqual(seen.shanks, [0, 0, 1, 1]);
  assert.deepEqual(seen.amplitudes, [...content.sorting.spikeAmplitudes]);
  assert.ok(seen.similar.every((row, i) => Math.abs(row[i] - 1) < 1e-6));
  assert.ok(
    seen.attributes.includes("amplitudes_uv") && seen.attributes.includes("positions"),
    String(seen.attributes),
  );
  assert.deepEqual(seen.traces, [
    [0, 1, 3, 4],
    [0, 1, 3, 4],
    [0, 1, 3, 4],
  ]);
  assert.deepEqual(seen.metadata.group, { 2: "good", 5: "mua", 9: "noise" });
  // unwhitened by Phy: the uV that were given
  const given = content.templates as Float32Array;
  for (const [i, value] of seen.templates.flat(2).entries())
    assert.ok(Math.abs(value - given[i]) < 1e-4, `template value ${i}`);
  assert.equal(seen.templates.flat(2).length, UNITS.length * SAMPLES * CHANNELS);
  checkFeatures(seen.features, content.sorting.spikeUnits, content.pcFeatures as Float32Array);
});

test("phylib reads features of units with fewer channels, and their depths", { skip }, async () => {
  await using folder = await temporaryFolder();
  const content = makeContent({ pcFeatureIndices: Int32Array.of(0, 1, 2, -1, 3, -1) });
  const pcFeatures = content.pcFeatures?.map(Math.abs) as Float32Array;
  await writePhyFolder(folder.path, { ...content, pcFeatures });
  await writeFile(join(folder.path, "recording.dat"), new Uint8Array(4000 * 5 * 2));
  const seen = run<SeenByPhylib>(python as string, script("read-phy-with-peers.py"), "phylib", folder.path);
  const { spikeUnits } = content.sorting;
  for (let spike = 0; spike < SPIKES; spike++) {
    const unit = UNITS.indexOf(spikeUnits[spike]);
    const [first, second] = [pcFeatures[6 * spike], pcFeatures[6 * spike + 1]];
    const row = seen.features[spike].map((components) => components[0]);
    assert.deepEqual(
      row,
      [
        [first, second, 0, 0],
        [0, 0, first, 0],
        [0, 0, 0, first],
      ][unit],
    );
    // channels 0 and 1 are at 0, 2 and 3 at 15.5 um
    assert.ok(Math.abs(seen.depths[spike] - [0, 15.5, 15.5][unit]) < 1e-4, `spike ${spike}`);
  }
});

/** phylib spreads them over all channels: [spikes x channels x components], 0 where a unit has none. */
function checkFeatures(seen: number[][][], spikeUnits: Int32Array, given: Float32Array): void {
  const indices = makeContent().pcFeatureIndices as Int32Array;
  for (let spike = 0; spike < SPIKES; spike++)
    for (let component = 0; component < 3; component++)
      for (let i = 0; i < 2; i++) {
        const channel = indices[2 * UNITS.indexOf(spikeUnits[spike]) + i];
        assert.equal(seen[spike][channel][component], given[(spike * 3 + component) * 2 + i]);
      }
}

test("a folder that SpikeInterface exported is read with its spikes, sparse templates and channels", {
  skip,
}, async () => {
  await using folder = await temporaryFolder();
  const target = join(folder.path, "phy");
  const wanted = run<{ units: Record<string, number[]>; channels: number }>(
    python as string,
    script("export-to-phy.py"),
    target,
  );
  const read = await readPhyFolder(target);
  for (const [unit, samples] of Object.entries(wanted.units))
    assert.deepEqual(
      [...read.sorting.spikeSamples.filter((_, i) => read.sorting.spikeUnits[i] === Number(unit))],
      samples,
    );
  assert.equal(read.channelMap?.length, wanted.channels);
  assert.equal(read.templates?.templateCount, Object.keys(wanted.units).length);
  const peaks = read.templates?.channels;
  assert.ok(peaks === undefined || peaks.every((channel) => channel >= -1 && channel < wanted.channels));
  assert.ok(((await readPhyFeatures(target))?.rowCount ?? 0) === read.sorting.spikeSamples.length);
  assert.deepEqual(new Set(read.labels.values()), new Set(["unsorted"]));
  assert.ok(read.tables.some(({ file }) => file === "cluster_si_unit_ids.tsv"));
});

/** A Phy folder of a real sorting, as phylib (Phy's own reader) takes it: depths from first components, features of every cluster. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  generateRecording,
  openRecording,
  type PhyContent,
  type Recording,
  readPhyFeatures,
  readPhyFolder,
  type SortingResult,
  sortRecording,
  writePhyFolder,
} from "@tenon/ephys";
import { phyContent } from "../../../src/populate/steps/phy-content.ts";
import { undelayed } from "../../../src/populate/steps/undelayed-templates.ts";
import { type MeasuredUnit, measureUnits } from "../../../src/populate/steps/unit-measures.ts";
import { uprightFeatures } from "../../../src/populate/steps/upright-features.ts";

/** A python with phylib. */
const python = process.env["TENON_PYTHON"];
const skip = python === undefined ? "TENON_PYTHON is not set (scripts/python-env.sh)" : false;
const script = join(import.meta.dirname, "support", "phylib-depths.py");

interface SeenByPhylib {
  readonly depths: readonly (number | null)[];
  readonly clusters: Record<string, { readonly shape: readonly number[]; readonly finite: boolean }>;
}

for (const suite of ["tiny", "tetrode"] as const)
  describe(`the Phy folder of suite ${suite}`, () => {
    const top = mkdtempSync(join(tmpdir(), "tenon-phy-content-"));
    const folder = join(top, "phy");
    let recording: Recording;
    let result: SortingResult;
    let units: MeasuredUnit[];
    let content: PhyContent;

    before(async () => {
      const { truthPath } = await generateRecording(suite, 3, join(top, "raw"), {
        durationS: 10,
        name: "short",
      });
      recording = await openRecording(join(truthPath, "..", ".."));
      result = undelayed(await sortRecording(recording, { threads: 1 }));
      assert.ok(result.sorting.unitIds.length >= 2);
      units = await measureUnits(result, recording);
      content = phyContent(result, recording, units);
      await writePhyFolder(folder, content);
    });
    after(async () => {
      await recording.close();
      rmSync(top, { recursive: true });
    });

    it("has first components that are positive on the main channel of a unit with a trough", () => {
      const { featuresPerChannel, channelCount } = result.features;
      const width = featuresPerChannel * channelCount;
      let troughs = 0;
      for (const [index, unit] of result.sorting.unitIds.entries()) {
        const { waveform } = units[index]!;
        const [least, most] = [Math.min(...waveform.mean), Math.max(...waveform.mean)];
        if (-least < most) continue;
        troughs++;
        const values = Array.from(result.sorting.spikeUnits.keys())
          .filter((spike) => result.sorting.spikeUnits[spike] === unit)
          .map((spike) => content.pcFeatures![spike * width]!)
          .sort((a, b) => a - b);
        assert.ok(values[values.length >> 1]! > 0, `unit ${unit}: median ${values[values.length >> 1]}`);
      }
      assert.ok(troughs >= 2);
    });

    it("does not depend on the sign that the basis happens to have", () => {
      const { values, featuresPerChannel, channelCount } = result.features;
      const width = featuresPerChannel * channelCount;
      const turned = values.map((value, at) => (at % width < channelCount ? -value : value));
      const upright = uprightFeatures({ ...result, features: { ...result.features, values: turned } });
      // -0 counts as 0
      assert.ok(upright.every((value, at) => value === content.pcFeatures![at]));
    });

    it("names channels of the probe only, and says -1 again when it is read", async () => {
      const features = await readPhyFeatures(folder);
      assert.deepEqual(features?.channels, content.pcFeatureIndices);
    });

    it("says depths and amplitudes that are the medians of its spikes", async () => {
      const { spikePositions, tables } = await readPhyFolder(folder);
      const info = tables.find(({ file }) => file === "cluster_info.tsv");
      for (const [index, unit] of result.sorting.unitIds.entries()) {
        const own = Array.from(result.sorting.spikeUnits.keys()).filter(
          (spike) => result.sorting.spikeUnits[spike] === unit,
        );
        const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
        const row = info!.rows.get(unit)!;
        const depth = median(own.map((spike) => spikePositions![2 * spike + 1]!));
        assert.ok(Math.abs(Number(row["depth"]) - depth) < 0.01, `unit ${unit}`);
        const amplitude = median(own.map((spike) => content.amplitudesUv![spike]!));
        assert.ok(Math.abs(Number(row["amplitude"]) / amplitude - 1) < 0.01, `unit ${unit}`);
        assert.equal(Number(row["n_spikes"]), own.length, `unit ${index}`);
      }
    });

    it("gives phylib a depth of every spike and the features of every cluster", { skip }, () => {
      const { status, stdout, stderr } = spawnSync(python!, [script, folder], {
        encoding: "utf8",
        maxBuffer: 2 ** 28,
      });
      assert.equal(status, 0, stderr);
      const seen = JSON.parse(stdout.trim().split("\n").at(-1)!) as SeenByPhylib;
      assert.equal(seen.depths.length, result.sorting.spikeSamples.length);
      assert.equal(seen.depths.filter((depth) => depth === null).length, 0, "depths that are not finite");
      const differences = seen.depths
        .map((depth, spike) => Math.abs(depth! - result.spikePositions[2 * spike + 1]!))
        .sort((a, b) => a - b);
      const middle = differences[differences.length >> 1]!;
      assert.ok(middle < 10, `median difference of depths ${middle} um`);
      assert.equal(Object.keys(seen.clusters).length, result.sorting.unitIds.length);
      for (const [unit, { shape, finite }] of Object.entries(seen.clusters)) {
        assert.deepEqual(shape.slice(1), [recording.channelCount, 3], `unit ${unit}`);
        assert.ok(finite, `unit ${unit}`);
      }
    });
  });

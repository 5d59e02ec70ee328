import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  electrodeCount,
  electrodeOfPosition,
  electrodeOfSite,
  electrodeSites,
  electrodesPerShank,
  requirePartLayout,
  sampleShifts,
  siteOfElectrode,
} from "../../src/core/probe-geometry.ts";
import { knownParts, partLayout, partOfSpikeGlxType, probeTypeAliases } from "../../src/core/probe-parts.ts";
import { ParameterError } from "../../src/errors.ts";
import { readProbeGroup } from "../../src/io/probeinterface/read-probe-group.ts";
import { sharedPath, skipWithoutSharedData } from "../support/shared-data.ts";

describe("the geometry of every part", () => {
  for (const part of knownParts())
    it(`${part}: electrodes and places are one to one`, () => {
      const layout = requirePartLayout(part);
      const sites = electrodeSites(layout);
      assert.equal(sites.length, electrodeCount(layout));
      assert.equal(sites.length, layout.shankCount * electrodesPerShank(layout));
      const places = new Set<string>();
      for (const [index, site] of sites.entries()) {
        const { electrode, shank, column, row, xUm, yUm } = site;
        assert.equal(electrode, index);
        assert.equal(electrodeOfSite(layout, shank, column, row), electrode);
        assert.equal(electrodeOfPosition(layout, shank, xUm - shank * layout.shankPitchUm, yUm), electrode);
        places.add(`${xUm}, ${yUm}`);
      }
      assert.equal(places.size, sites.length, "no two electrodes at one place");
      assert.ok(layout.maxInt === 512 || layout.maxInt === 2048 || layout.maxInt === 8192);
    });

  it("a place between electrodes, another shank, and numbers past the end have none", () => {
    const layout = requirePartLayout("NP2010");
    assert.equal(electrodeOfPosition(layout, 0, 27, 7), undefined);
    assert.equal(electrodeOfPosition(layout, 0, 40, 0), undefined);
    assert.equal(electrodeOfPosition(layout, 4, 27, 0), undefined);
    assert.equal(electrodeOfPosition(layout, 0, 27.5, 15.4), 2, "files write one decimal");
    assert.equal(electrodeOfSite(layout, 0, 2, 0), undefined);
    assert.equal(electrodeOfSite(layout, 0, 0, 640), undefined);
    for (const electrode of [-1, 5120, 1.5, Number.NaN])
      assert.throws(
        () => siteOfElectrode(layout, electrode),
        (error) => error instanceof ParameterError && error.message.includes(`0..5119, got ${electrode}`),
      );
  });

  it("an unknown part is refused, with those that are known", () => {
    assert.throws(
      () => requirePartLayout("NP9999"),
      (error) =>
        error instanceof ParameterError &&
        error.parameter === "part" &&
        /'NP9999' is not in the geometry table\. Known: .*NP1000.*probeinterface JSON/.test(error.message),
    );
    assert.equal(partLayout("NP9999"), undefined);
    assert.equal(partOfSpikeGlxType("9999"), undefined);
    assert.equal(partOfSpikeGlxType("24"), "NP2010");
  });

  it("names of probe types stand for parts, and databases before July 2023 hold other x", () => {
    for (const [alias, part] of probeTypeAliases()) assert.deepEqual(partLayout(alias), partLayout(part));
    const now = requirePartLayout("neuropixels 1.0");
    const before = requirePartLayout("neuropixels 1.0", "before-2023-07");
    const xs = (layout: typeof now) =>
      [0, 1, 2, 3].map((electrode) => siteOfElectrode(layout, electrode).xUm);
    assert.deepEqual(xs(now), [27, 59, 11, 43]);
    assert.deepEqual(xs(before), [16, 48, 0, 32]);
    const straight = requirePartLayout("neuropixels 2.0 - SS", "before-2023-07");
    assert.deepEqual(xs(straight), [0, 32, 0, 32]);
  });
});

describe("probeinterface's library", { skip: skipWithoutSharedData }, () => {
  const folder = sharedPath("SpikeInterface+probeinterface_library/imec");
  const parts = skipWithoutSharedData === false ? readdirSync(folder) : [];

  it("has a dozen of the parts", () => assert.ok(parts.length >= 12, parts.join(", ")));

  for (const part of parts)
    it(`has every electrode of ${part} where we have it, from the leftmost contact`, async () => {
      const { probes } = await readProbeGroup(join(folder, part, `${part}.json`));
      const [{ positionsUm, contactIds, annotations }] = probes;
      const layout = requirePartLayout(part);
      const sites = electrodeSites(layout);
      assert.equal(positionsUm.length, 2 * sites.length);
      const edge = Math.min(layout.evenRowOffsetUm, layout.oddRowOffsetUm);
      for (const [i, { electrode, shank, xUm, yUm }] of sites.entries()) {
        assert.deepEqual(
          [positionsUm[2 * i], positionsUm[2 * i + 1]],
          [xUm - edge, yUm],
          `electrode ${electrode}`,
        );
        const onShank = electrode - shank * electrodesPerShank(layout);
        assert.equal(contactIds?.[i], layout.shankCount > 1 ? `s${shank}e${onShank}` : `e${onShank}`);
      }
      const table = String(annotations["adc_sampling_table"] ?? "");
      const turns = [...table.matchAll(/\(([\d ]+)\)/g)].map(([, channels]) =>
        channels.split(" ").map(Number),
      );
      const channels = Int32Array.from(turns.flat());
      const shifts = sampleShifts(layout, channels);
      if (shifts === undefined) return;
      assert.ok(turns.length > 0, "a part with a known order has a table of it");
      const expected = turns.flatMap((group, turn) =>
        group.map(() => turn / (layout.adc?.turnsPerSample ?? 1)),
      );
      assert.deepEqual(Array.from(shifts), expected);
    });
});

/**
 * @module
 * The probe of a suite: the lowest channels of a Neuropixels part, electrode n on channel n (bank 0).
 */
import type { Probe } from "../core/probe.ts";
import { requirePartLayout, sampleShifts, siteOfElectrode } from "../core/probe-geometry.ts";
import type { Suite } from "./suites.ts";

/** Makes the probe; its serial number tells suite probes from real ones by its leading 9s. */
export function makeSuiteProbe(suite: Suite, seed: number): Probe {
  const layout = requirePartLayout(suite.part);
  const channels = Int32Array.from({ length: suite.channelCount }, (_, channel) => channel);
  const sites = Array.from(channels, (channel) => siteOfElectrode(layout, channel));
  return {
    part: suite.part,
    serial: `999${String(Math.abs(seed) % 100000000).padStart(8, "0")}`,
    x: Float64Array.from(sites, (site) => site.xUm),
    y: Float64Array.from(sites, (site) => site.yUm),
    shank: Int32Array.from(sites, (site) => site.shank),
    electrode: channels,
    sampleShift: sampleShifts(layout, channels),
    isUsed: new Uint8Array(suite.channelCount).fill(1),
  };
}

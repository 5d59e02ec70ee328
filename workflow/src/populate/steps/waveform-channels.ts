/**
 * @module
 * The channels whose waveforms are kept of a unit: those near its peak channel, on the same shank.
 *
 * Rows for every electrode of the probe, mostly zeros, are what filled the tables before (pipeline contract 10.3, D2).
 */
import type { Probe } from "@tenon/ephys";

const radiusUm = 120;
const leastChannels = 4;
const mostChannels = 48;

/** @returns Int32Array of channels, the peak channel first, then by distance */
export function waveformChannels(probe: Pick<Probe, "x" | "y" | "shank">, peak: number): Int32Array {
  const near: { channel: number; distance: number }[] = [];
  for (let channel = 0; channel < probe.x.length; channel++) {
    if (probe.shank[channel] !== probe.shank[peak]) continue;
    const [dx, dy] = [probe.x[channel]! - probe.x[peak]!, probe.y[channel]! - probe.y[peak]!];
    near.push({ channel, distance: Math.sqrt(dx * dx + dy * dy) });
  }
  near.sort((a, b) => a.distance - b.distance || a.channel - b.channel);
  const kept = near.filter(
    ({ distance }, index) => index < leastChannels || (distance <= radiusUm && index < mostChannels),
  );
  return Int32Array.from(kept, ({ channel }) => channel);
}

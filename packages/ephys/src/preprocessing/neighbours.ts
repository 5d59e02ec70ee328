/**
 * @module
 * Which channels are near which: on one shank, within a radius, nearest first.
 */
import type { Probe } from "../core/probe.ts";

/** Distance of two contacts, um; infinity when they sit on different shanks. */
export function contactDistanceUm(probe: Probe, a: number, b: number): number {
  if (probe.shank[a] !== probe.shank[b]) return Number.POSITIVE_INFINITY;
  return Math.hypot(probe.x[a] - probe.x[b], probe.y[a] - probe.y[b]);
}

/**
 * Lists the nearest used channels of a channel on its shank, itself first, then by distance (ties: lower channel first).
 *
 * @param isUsed  Uint8Array [channels]; channels of 0 are nobody's neighbour
 * @param radiusUm  the farthest distance, included
 * @param limit  at most so many, the channel itself included
 */
export function nearestChannels(
  probe: Probe,
  isUsed: Uint8Array,
  channel: number,
  radiusUm: number,
  limit = Number.POSITIVE_INFINITY,
): number[] {
  const near: { channel: number; distance: number }[] = [];
  for (let c = 0; c < isUsed.length; c++) {
    if (isUsed[c] === 0) continue;
    const distance = contactDistanceUm(probe, channel, c);
    if (distance <= radiusUm) near.push({ channel: c, distance: c === channel ? -1 : distance });
  }
  near.sort((a, b) => a.distance - b.distance || a.channel - b.channel);
  return near.slice(0, limit).map((entry) => entry.channel);
}

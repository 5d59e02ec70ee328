/**
 * @module
 * How large a unit's spike is on each channel: three models, mixed over the units, so that no sorter fits the generator by its own
 * assumption. Each gives 1 on the channel where it is largest; a value may be negative (the return current's side).
 */
import type { Random } from "../core/random.ts";

export type SpatialModel = "current-dipole" | "exponential" | "power-law";

/** A point near the probe: x across, y along, z away from the probe's face; um. */
export interface Place {
  readonly xUm: number;
  readonly yUm: number;
  readonly zUm: number;
}

export interface Footprint {
  readonly model: SpatialModel;
  /** Float64Array [channels]: amplitude relative to the main channel's. */
  readonly amplitude: Float64Array;
  /** Float64Array [channels]: from the unit to the contact, um. */
  readonly distanceUm: Float64Array;
  readonly mainChannel: number;
}

/**
 * Draws a footprint of a unit at `place`.
 *
 * - current-dipole: a sink of 1/r and its return current 30 to 150 um away in a random direction;
 * - exponential: exp(-r / 20..40 um), space shrunk by 0.4 to 1 along the probe's axis (SpikeInterface's generator does so);
 * - power-law: (1 + (r / 15..30 um)^2)^(-0.8..-1.3).
 *
 * @param x  Float64Array [channels], um; @param y  likewise
 */
export function drawFootprint(place: Place, x: Float64Array, y: Float64Array, random: Random): Footprint {
  const channelCount = x.length;
  const distanceUm = new Float64Array(channelCount);
  for (let c = 0; c < channelCount; c++)
    distanceUm[c] = Math.hypot(x[c] - place.xUm, y[c] - place.yUm, place.zUm);
  const choice = random.integer(3);
  const model: SpatialModel = choice === 0 ? "current-dipole" : choice === 1 ? "exponential" : "power-law";
  const value = drawModel(model, place, random);
  const amplitude = new Float64Array(channelCount);
  let mainChannel = 0;
  for (let c = 0; c < channelCount; c++) {
    amplitude[c] = value(x[c] - place.xUm, y[c] - place.yUm, -place.zUm, distanceUm[c]);
    if (Math.abs(amplitude[c]) > Math.abs(amplitude[mainChannel])) mainChannel = c;
  }
  const scale = 1 / amplitude[mainChannel];
  for (let c = 0; c < channelCount; c++) amplitude[c] *= scale;
  return { model, amplitude, distanceUm, mainChannel };
}

type Model = (dx: number, dy: number, dz: number, distanceUm: number) => number;

function drawModel(model: SpatialModel, place: Place, random: Random): Model {
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  switch (model) {
    case "current-dipole": {
      const soma = between(8, 15);
      const share = between(0.3, 0.8);
      const away = between(30, 150);
      const turn = between(0, 2 * Math.PI);
      const rise = between(-1, 1);
      const flat = Math.sqrt(1 - rise * rise);
      const sx = away * flat * Math.cos(turn);
      const sy = away * rise;
      // the return current is never on the probe's other side, where it could be nearer than the soma
      const sz = Math.max(away * flat * Math.sin(turn), 0);
      return (dx, dy, dz, distance) =>
        1 / Math.hypot(distance, soma) - share / Math.hypot(dx - sx, dy - sy, dz - sz, 20 + soma);
    }
    case "exponential": {
      const length = between(20, 40);
      const shrink = between(0.4, 1);
      return (dx, dy, dz) => Math.exp(-Math.hypot(dx, dy * shrink, dz) / length);
    }
    case "power-law": {
      const length = between(15, 30) + place.zUm / 4;
      const power = between(0.8, 1.3);
      return (_dx, _dy, _dz, distance) => (1 + (distance / length) ** 2) ** -power;
    }
  }
}

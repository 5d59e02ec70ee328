/**
 * @module
 * Templates as Phy's folder wants them: on every channel, whitened, with their similarities.
 *
 * What a newcomer would get wrong: phylib restricts the inverse of the whitening to a template's channels when templates are sparse,
 * which is not its inverse there; on every channel the uV come back exactly.
 */

/** Templates on some channels of each unit. */
export interface SparseTemplates {
  /** Float32Array [units x samples x channelsPerUnit], uV. */
  readonly data: Float32Array;
  /** Int32Array [units x channelsPerUnit], index of the channel; -1 fills up. */
  readonly channels: Int32Array;
  readonly channelsPerUnit: number;
}

/** Lays templates out on every channel, 0 where a unit has none. @returns Float32Array [units x samples x channels] */
export function denseTemplates(
  templates: Float32Array | SparseTemplates,
  unitCount: number,
  channelCount: number,
): Float32Array {
  if (templates instanceof Float32Array) return templates;
  const { data, channels, channelsPerUnit } = templates;
  const sampleCount = unitCount === 0 ? 0 : data.length / channels.length;
  const out = new Float32Array(unitCount * sampleCount * channelCount);
  for (let unit = 0; unit < unitCount; unit++)
    for (let t = 0; t < sampleCount; t++)
      for (let i = 0; i < channelsPerUnit; i++) {
        const channel = channels[unit * channelsPerUnit + i];
        const row = unit * sampleCount + t;
        if (channel >= 0) out[row * channelCount + channel] = data[row * channelsPerUnit + i];
      }
  return out;
}

/** Multiplies each row of samples by the matrix: white row = row of uV x matrix. */
export function whitenTemplates(
  templates: Float32Array,
  matrix: Float64Array,
  channelCount: number,
): Float32Array {
  const out = new Float32Array(templates.length);
  const sums = new Float64Array(channelCount);
  for (let row = 0; row < templates.length; row += channelCount) {
    sums.fill(0);
    for (let c = 0; c < channelCount; c++) {
      const value = templates[row + c];
      if (value === 0) continue;
      for (let d = 0; d < channelCount; d++) sums[d] += value * matrix[c * channelCount + d];
    }
    out.set(sums, row);
  }
  return out;
}

/** Cosine of the angle between each two templates; 0 with an empty one. Float32Array [units x units] */
export function templateSimilarities(templates: Float32Array, unitCount: number): Float32Array {
  const size = unitCount === 0 ? 0 : templates.length / unitCount;
  const out = new Float32Array(unitCount * unitCount);
  const norms = new Float64Array(unitCount);
  for (let a = 0; a < unitCount; a++) norms[a] = Math.sqrt(dot(templates, a * size, a * size, size));
  for (let a = 0; a < unitCount; a++)
    for (let b = 0; b <= a; b++) {
      const scale = norms[a] * norms[b];
      const cosine = scale > 0 ? dot(templates, a * size, b * size, size) / scale : 0;
      out[a * unitCount + b] = out[b * unitCount + a] = cosine;
    }
  return out;
}

function dot(values: Float32Array, a: number, b: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += values[a + i] * values[b + i];
  return sum;
}

/**
 * @module
 * Kernels over traces in AssemblyScript (compiled with filter-block.as.ts, block-rows.as.ts and median.as.ts by scripts/build-wasm.ts to
 * traces.wasm and traces.relaxed.wasm; not read by tsc): some channels of some rows, steps of int16, peaks and scores.
 *
 * Rows of *traces* are time-major. Callers give all memory; nothing is allocated or checked.
 */

/** Bit g says that entries 4 g to 4 g + 3 of a list of channels follow one another; of lists longer than 256, of their first 256. */
function runsOfFour(channels: usize, width: i32): u64 {
  let runs: u64 = 0;
  const groups = min(width >> 2, 64);
  for (let group = 0; group < groups; group++) {
    const at = channels + <usize>group * 16;
    const first = load<i32>(at);
    if (load<i32>(at, 4) == first + 1 && load<i32>(at, 8) == first + 2 && load<i32>(at, 12) == first + 3) runs |= <u64>1 << group;
  }
  return runs;
}

/**
 * Copies some channels of rows of traces: out[t * width + i] = row t at channels[i]; four neighbours in the list that are neighbours in
 * the traces go as one vector.
 *
 * @param from  address of the first row; @param channels  i32 [width], `width` a multiple of 4 or not
 */
export function gatherRows(from: usize, rowBytes: usize, rows: i32, channels: usize, width: i32, out: usize): void {
  const runs = runsOfFour(channels, width);
  const whole = channels + <usize>(width & ~3) * 4;
  const end = channels + <usize>width * 4;
  for (let t = 0; t < rows; t++, from += rowBytes) {
    let left = runs;
    let at = channels;
    for (; at < whole; at += 16, out += 16, left >>= 1) {
      if (<i32>left & 1) v128.store(out, v128.load(from + (<usize>load<u32>(at) << 2)));
      else {
        store<f32>(out, load<f32>(from + (<usize>load<u32>(at) << 2)));
        store<f32>(out, load<f32>(from + (<usize>load<u32>(at, 4) << 2)), 4);
        store<f32>(out, load<f32>(from + (<usize>load<u32>(at, 8) << 2)), 8);
        store<f32>(out, load<f32>(from + (<usize>load<u32>(at, 12) << 2)), 12);
      }
    }
    for (; at < end; at += 4, out += 4) store<f32>(out, load<f32>(from + (<usize>load<u32>(at) << 2)));
  }
}

/** Adds some channels of rows of traces to sums, f64 [rows x width]; lists as in `gatherRows`. */
export function sumRows(from: usize, rowBytes: usize, rows: i32, channels: usize, width: i32, sums: usize): void {
  const runs = runsOfFour(channels, width);
  const whole = channels + <usize>(width & ~3) * 4;
  const end = channels + <usize>width * 4;
  for (let t = 0; t < rows; t++, from += rowBytes) {
    let left = runs;
    let at = channels;
    for (; at < whole; at += 16, sums += 32, left >>= 1) {
      if (<i32>left & 1) {
        const values = v128.load(from + (<usize>load<u32>(at) << 2));
        v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(values)));
        const high = v128.shuffle<f32>(values, values, 2, 3, 2, 3);
        v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.promote_low_f32x4(high)), 16);
      } else
        for (let i: usize = 0; i < 4; i++) {
          const place = sums + i * 8;
          store<f64>(place, load<f64>(place) + <f64>load<f32>(from + (<usize>load<u32>(at + i * 4) << 2)));
        }
    }
    for (; at < end; at += 4, sums += 8) store<f64>(sums, load<f64>(sums) + <f64>load<f32>(from + (<usize>load<u32>(at) << 2)));
  }
}

/** Adds `scale` times a waveform, f32 [rows x width], to some channels of rows of traces; lists as in `gatherRows`, no channel twice. */
export function addRows(to: usize, rowBytes: usize, rows: i32, channels: usize, width: i32, waveform: usize, scale: f32): void {
  const runs = runsOfFour(channels, width);
  const factor = f32x4.splat(scale);
  const whole = channels + <usize>(width & ~3) * 4;
  const end = channels + <usize>width * 4;
  for (let t = 0; t < rows; t++, to += rowBytes) {
    let left = runs;
    let at = channels;
    for (; at < whole; at += 16, waveform += 16, left >>= 1) {
      if (<i32>left & 1) {
        const place = to + (<usize>load<u32>(at) << 2);
        v128.store(place, f32x4.add(v128.load(place), f32x4.mul(factor, v128.load(waveform))));
      } else
        for (let i: usize = 0; i < 16; i += 4) {
          const place = to + (<usize>load<u32>(at + i) << 2);
          store<f32>(place, load<f32>(place) + scale * load<f32>(waveform + i));
        }
    }
    for (; at < end; at += 4, waveform += 4) {
      const place = to + (<usize>load<u32>(at) << 2);
      store<f32>(place, load<f32>(place) + scale * load<f32>(waveform));
    }
  }
}

/** Rounds f32 to i16 steps: out = x * stepsPerUnit, clipped; `count` is a multiple of 8. */
export function toSteps(input: usize, count: i32, stepsPerUnit: f32, out: usize): void {
  const scale = f32x4.splat(stepsPerUnit);
  const end = input + <usize>count * 4;
  for (; input < end; input += 32, out += 16) {
    const low = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(input), scale)));
    const high = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(input, 16), scale)));
    v128.store(out, i16x8.narrow_i32x4_s(low, high));
  }
}

/** Makes f32 of i16 steps: out = i * unitsPerStep; `count` is a multiple of 8. */
export function fromSteps(input: usize, count: i32, unitsPerStep: f32, out: usize): void {
  const scale = f32x4.splat(unitsPerStep);
  const end = input + <usize>count * 2;
  for (; input < end; input += 16, out += 32) {
    v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(v128.load16x4_s(input)), scale));
    v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(v128.load16x4_s(input, 8)), scale), 16);
  }
}

/**
 * Lists the peaks of a block's rows in columns 1 to `last`: above the threshold, not below the sample before, above the sample after.
 *
 * @param out  [peaks x 3]: column (u32), row (u32), value (f32); room for rows x columns / 2
 * @returns how many; row after row
 */
export function peaksAbove(block: usize, rows: i32, pitch: usize, last: i32, threshold: f32, out: usize): i32 {
  const limit = f32x4.splat(threshold);
  let to = out;
  for (let row = 0; row < rows; row++) {
    const from = block + <usize>row * pitch;
    for (let t = 0; t <= last; t += 4) {
      const values = v128.load(from + <usize>t * 4);
      if (!v128.any_true(f32x4.gt(values, limit))) continue;
      for (let column = max(t, 1); column < t + 4 && column <= last; column++) {
        const value = load<f32>(from + <usize>column * 4);
        if (!(value > threshold)) continue;
        if (value < load<f32>(from + <usize>column * 4 - 4) || !(value > load<f32>(from + <usize>column * 4 + 4))) continue;
        store<u32>(to, column);
        store<u32>(to, row, 4);
        store<f32>(to, value, 8);
        to += 12;
      }
    }
  }
  return <i32>((to - out) / 12);
}

/**
 * Scores some places and their surroundings: out[i, j] is the largest over the pools of the pooled correlation of `taps` weights at
 * sample places[i].sample - radius + j, the first weight on that sample less `before`. What a detector's map holds, at a few places only.
 *
 * @param traces  address of sample 0; samples before it and behind the last are read as they lie in memory
 * @param places  [count x 2]: sample (i32), row of the pools (u32)
 * @param pools  [poolCount x 3]: addresses of rowStart (i32 [rows + 1]), of byte offsets in a row of traces (u32), of weights (f32)
 * @param scratch  f32 [taps + 2 radius]; @param out  f32 [count x (2 radius + 1)]
 */
export function scoreAround(
  traces: usize, rowBytes: usize, places: usize, count: i32, radius: i32, weights: usize, taps: i32, before: i32,
  pools: usize, poolCount: i32, scratch: usize, out: usize,
): void {
  const rows = taps + 2 * radius;
  for (let i = 0; i < count; i++, places += 8) {
    const first = traces + <usize>(load<i32>(places) - before - radius) * rowBytes;
    const row = <usize>load<u32>(places, 4) * 4;
    for (let pool = 0; pool < poolCount; pool++) {
      const rowStart = load<usize>(pools + <usize>pool * 12) + row;
      const from = load<i32>(rowStart) * 4;
      const end = load<i32>(rowStart, 4) * 4;
      const offsets = load<usize>(pools + <usize>pool * 12, 4);
      const poolWeights = load<usize>(pools + <usize>pool * 12, 8);
      let at = first;
      for (let r = 0; r < rows; r++, at += rowBytes) {
        let sum: f32 = 0;
        for (let k = from; k < end; k += 4) sum += load<f32>(poolWeights + k) * load<f32>(at + load<u32>(offsets + k));
        store<f32>(scratch + r * 4, sum);
      }
      for (let j = 0; j <= 2 * radius; j++) {
        let score: f32 = 0;
        for (let k = 0; k < taps; k++) score += load<f32>(weights + k * 4) * load<f32>(scratch + (j + k) * 4);
        const place = out + (i * (2 * radius + 1) + j) * 4;
        store<f32>(place, pool == 0 ? score : max(score, load<f32>(place)));
      }
    }
  }
}

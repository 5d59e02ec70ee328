/**
 * @module
 * Kernels over traces in AssemblyScript (compiled by scripts/build-wasm.ts to traces.wasm and traces.relaxed.wasm; not read by tsc).
 *
 * A *block* is a short stretch turned round: [lanes x pitch], one row per channel, time along it, so that one row is added to another by
 * plain vectors whatever the channels' order. Rows of *traces* are time-major. Callers give all memory; nothing is allocated or checked.
 */

@inline function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

@inline function multiplySubtract(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** Stores four vectors (four samples of four channels) as four rows of a block. */
@inline function storeTurned(to: usize, pitch: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(ab, cd, 0, 2));
  v128.store(to + pitch, v128.shuffle<f64>(ab, cd, 1, 3));
  v128.store(to + 2 * pitch, v128.shuffle<f64>(abHigh, cdHigh, 0, 2));
  v128.store(to + 3 * pitch, v128.shuffle<f64>(abHigh, cdHigh, 1, 3));
}

/**
 * Filters `samples` (a multiple of 4) rows of traces by second-order sections into a block.
 *
 * The states are those of the transposed direct form II, but each is made from the states before it and not from the output:
 * first' = (b1 - a1 b0) x + second - a1 first, second' = (b2 - a2 b0) x - a2 first, y = b0 x + first. This waits less and rounds less.
 * @param input  f32, or i16 when `isInt16`, rows of `rowBytes`; read up to `lanes` numbers into each row, so past a row's own channels
 * @param gain  f32 [lanes], what an i16 is multiplied by; @param offset  f32 [lanes], subtracted first; @param lanes  multiple of 16
 * A section with a zero at 0 Hz is given the differences x[n] - x[n - 1] and the numerator without that zero: so its states follow
 * what passes and not the slow wave that it removes, whose rounding would otherwise be larger than the rest of the error.
 * @param sections  f32 [sectionCount x 6]: b0, b1 - a1 b0, b2 - a2 b0, a1, a2, 1 when it is given differences (else 0)
 * @param state  f32 [lanes/16 x sectionCount x 48], kept between calls; @param scratch  f32 [samples x 16]
 * @param block  f32 [lanes x pitch bytes]
 */
export function filterIntoBlock(
  input: usize, rowBytes: usize, isInt16: bool, samples: i32, lanes: i32, gain: usize, offset: usize,
  sections: usize, sectionCount: i32, state: usize, scratch: usize, block: usize, pitch: usize,
): void {
  const end = scratch + <usize>samples * 64;
  for (let lane = 0; lane < lanes; lane += 16) {
    scaleRows(input + (isInt16 ? lane * 2 : lane * 4), rowBytes, isInt16, gain + lane * 4, offset + lane * 4, scratch, end);
    for (let section = 0; section < sectionCount; section++) {
      const at = state + ((lane >> 4) * sectionCount + section) * 192;
      const coefficients = sections + section * 24;
      const isDifference = load<f32>(coefficients, 20) != 0;
      if (isDifference) filterSection(coefficients, at, scratch, end, true);
      else filterSection(coefficients, at, scratch, end, false);
    }
    let to = block + <usize>lane * pitch;
    for (let group: usize = 0; group < 64; group += 16, to += 4 * pitch)
      for (let turned = scratch + group, column = to; turned < end; turned += 256, column += 16)
        storeTurned(column, pitch, v128.load(turned), v128.load(turned, 64), v128.load(turned, 128), v128.load(turned, 192));
  }
}

/** Copies 16 channels of the input to the scratch rows, scaled when they are i16, less the offset. */
@inline function scaleRows(from: usize, rowBytes: usize, isInt16: bool, gain: usize, offset: usize, scratch: usize, end: usize): void {
  const o0 = v128.load(offset), o1 = v128.load(offset, 16), o2 = v128.load(offset, 32), o3 = v128.load(offset, 48);
  if (isInt16) {
    const g0 = v128.load(gain), g1 = v128.load(gain, 16), g2 = v128.load(gain, 32), g3 = v128.load(gain, 48);
    for (let to = scratch; to < end; to += 64, from += rowBytes) {
      v128.store(to, f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(v128.load16x4_s(from)), g0), o0));
      v128.store(to, f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(v128.load16x4_s(from, 8)), g1), o1), 16);
      v128.store(to, f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(v128.load16x4_s(from, 16)), g2), o2), 32);
      v128.store(to, f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(v128.load16x4_s(from, 24)), g3), o3), 48);
    }
  } else
    for (let to = scratch; to < end; to += 64, from += rowBytes) {
      v128.store(to, f32x4.sub(v128.load(from), o0));
      v128.store(to, f32x4.sub(v128.load(from, 16), o1), 16);
      v128.store(to, f32x4.sub(v128.load(from, 32), o2), 32);
      v128.store(to, f32x4.sub(v128.load(from, 48), o3), 48);
    }
}

/** One section over the 16 channels of the scratch rows, in place. */
@inline function filterSection(coefficients: usize, state: usize, scratch: usize, end: usize, isDifference: bool): void {
  const b0 = v128.load32_splat(coefficients);
  const c1 = v128.load32_splat(coefficients, 4);
  const c2 = v128.load32_splat(coefficients, 8);
  const a1 = v128.load32_splat(coefficients, 12);
  const a2 = v128.load32_splat(coefficients, 16);
  let p0 = v128.load(state), p1 = v128.load(state, 16), p2 = v128.load(state, 32), p3 = v128.load(state, 48);
  let q0 = v128.load(state, 64), q1 = v128.load(state, 80), q2 = v128.load(state, 96), q3 = v128.load(state, 112);
  let r0 = v128.load(state, 128), r1 = v128.load(state, 144), r2 = v128.load(state, 160), r3 = v128.load(state, 176);
  for (let to = scratch; to < end; to += 64) {
    let x = v128.load(to);
    let before = x;
    if (isDifference) {
      before = r0;
      r0 = x;
      x = f32x4.sub(x, before);
    }
    v128.store(to, multiplyAdd(b0, x, p0));
    let next = multiplySubtract(a1, p0, multiplyAdd(c1, x, q0));
    q0 = multiplySubtract(a2, p0, f32x4.mul(c2, x));
    p0 = next;
    x = v128.load(to, 16);
    if (isDifference) {
      before = r1;
      r1 = x;
      x = f32x4.sub(x, before);
    }
    v128.store(to, multiplyAdd(b0, x, p1), 16);
    next = multiplySubtract(a1, p1, multiplyAdd(c1, x, q1));
    q1 = multiplySubtract(a2, p1, f32x4.mul(c2, x));
    p1 = next;
    x = v128.load(to, 32);
    if (isDifference) {
      before = r2;
      r2 = x;
      x = f32x4.sub(x, before);
    }
    v128.store(to, multiplyAdd(b0, x, p2), 32);
    next = multiplySubtract(a1, p2, multiplyAdd(c1, x, q2));
    q2 = multiplySubtract(a2, p2, f32x4.mul(c2, x));
    p2 = next;
    x = v128.load(to, 48);
    if (isDifference) {
      before = r3;
      r3 = x;
      x = f32x4.sub(x, before);
    }
    v128.store(to, multiplyAdd(b0, x, p3), 48);
    next = multiplySubtract(a1, p3, multiplyAdd(c1, x, q3));
    q3 = multiplySubtract(a2, p3, f32x4.mul(c2, x));
    p3 = next;
  }
  v128.store(state, p0);
  v128.store(state, p1, 16);
  v128.store(state, p2, 32);
  v128.store(state, p3, 48);
  v128.store(state, q0, 64);
  v128.store(state, q1, 80);
  v128.store(state, q2, 96);
  v128.store(state, q3, 112);
  v128.store(state, r0, 128);
  v128.store(state, r1, 144);
  v128.store(state, r2, 160);
  v128.store(state, r3, 176);
}

/** Turns `samples` (multiple of 4) rows of traces into a block; reads up to `lanes` (multiple of 4) numbers into each row. */
export function turnIntoBlock(input: usize, rowBytes: usize, samples: i32, lanes: i32, block: usize, pitch: usize): void {
  for (let t = 0; t < samples; t += 4) {
    const row = input + <usize>t * rowBytes;
    for (let lane = 0; lane < lanes; lane += 4) {
      const from = row + lane * 4;
      storeTurned(
        block + <usize>lane * pitch + t * 4, pitch,
        v128.load(from), v128.load(from + rowBytes), v128.load(from + 2 * rowBytes), v128.load(from + 3 * rowBytes),
      );
    }
  }
}

/** Turns a block back into `samples` rows of traces of exactly `channels` numbers; writes nothing beside them. */
export function turnFromBlock(block: usize, pitch: usize, samples: i32, channels: i32, output: usize, rowBytes: usize): void {
  const whole = channels & ~3;
  const wholeSamples = samples & ~3;
  for (let t = 0; t < wholeSamples; t += 4) {
    const row = output + <usize>t * rowBytes;
    for (let c = 0; c < whole; c += 4) {
      const from = block + <usize>c * pitch + t * 4;
      storeTurned(
        row + c * 4, rowBytes,
        v128.load(from), v128.load(from + pitch), v128.load(from + 2 * pitch), v128.load(from + 3 * pitch),
      );
    }
  }
  for (let t = 0; t < samples; t++)
    for (let c = t < wholeSamples ? whole : 0; c < channels; c++)
      store<f32>(output + <usize>t * rowBytes + c * 4, load<f32>(block + <usize>c * pitch + t * 4));
}

/** Adds `count` rows, each times its weight, over 32 samples: out = (max of out and) sum weights[i] * row at base + offsets[i]. */
@inline function combineTile(base: usize, offsets: usize, weights: usize, count: i32, out: usize, isMaximum: bool): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  let s4 = f32x4.splat(0), s5 = f32x4.splat(0), s6 = f32x4.splat(0), s7 = f32x4.splat(0);
  const end = offsets + <usize>count * 4;
  while (offsets < end) {
    const row = base + load<u32>(offsets);
    const weight = v128.load32_splat(weights);
    s0 = multiplyAdd(v128.load(row), weight, s0);
    s1 = multiplyAdd(v128.load(row, 16), weight, s1);
    s2 = multiplyAdd(v128.load(row, 32), weight, s2);
    s3 = multiplyAdd(v128.load(row, 48), weight, s3);
    s4 = multiplyAdd(v128.load(row, 64), weight, s4);
    s5 = multiplyAdd(v128.load(row, 80), weight, s5);
    s6 = multiplyAdd(v128.load(row, 96), weight, s6);
    s7 = multiplyAdd(v128.load(row, 112), weight, s7);
    offsets += 4;
    weights += 4;
  }
  if (isMaximum) {
    s0 = f32x4.max(s0, v128.load(out));
    s1 = f32x4.max(s1, v128.load(out, 16));
    s2 = f32x4.max(s2, v128.load(out, 32));
    s3 = f32x4.max(s3, v128.load(out, 48));
    s4 = f32x4.max(s4, v128.load(out, 64));
    s5 = f32x4.max(s5, v128.load(out, 80));
    s6 = f32x4.max(s6, v128.load(out, 96));
    s7 = f32x4.max(s7, v128.load(out, 112));
  }
  v128.store(out, s0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
  v128.store(out, s4, 64);
  v128.store(out, s5, 80);
  v128.store(out, s6, 96);
  v128.store(out, s7, 112);
}

/**
 * Makes each row of a block from weighted rows of another: the product of a sparse matrix and a block.
 *
 * @param rowStart  i32 [rows + 1]; @param offsets  u32, byte offset of a row in `block`; @param weights  f32
 * @param samples  multiple of 32; @param isMaximum  keep the larger of what `out` holds and the sum
 */
export function combineRows(
  block: usize, rows: i32, rowStart: usize, offsets: usize, weights: usize, out: usize, pitch: usize, samples: i32, isMaximum: bool,
): void {
  for (let row = 0; row < rows; row++) {
    const from = load<i32>(rowStart + row * 4);
    const count = load<i32>(rowStart + row * 4, 4) - from;
    const o = offsets + from * 4;
    const w = weights + from * 4;
    const to = out + <usize>row * pitch;
    if (isMaximum) for (let t: usize = 0; t < <usize>samples * 4; t += 128) combineTile(block + t, o, w, count, to + t, true);
    else for (let t: usize = 0; t < <usize>samples * 4; t += 128) combineTile(block + t, o, w, count, to + t, false);
  }
}

/** Two rows at once over 16 samples, from the rows that either needs: weights are [count x 2]. */
@inline function combinePairTile(base: usize, offsets: usize, weights: usize, count: i32, out: usize, pitch: usize, isMaximum: bool): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  let u0 = f32x4.splat(0), u1 = f32x4.splat(0), u2 = f32x4.splat(0), u3 = f32x4.splat(0);
  const end = offsets + <usize>count * 4;
  while (offsets < end) {
    const row = base + load<u32>(offsets);
    const w = v128.load32_splat(weights);
    const v = v128.load32_splat(weights, 4);
    const x0 = v128.load(row);
    s0 = multiplyAdd(x0, w, s0);
    u0 = multiplyAdd(x0, v, u0);
    const x1 = v128.load(row, 16);
    s1 = multiplyAdd(x1, w, s1);
    u1 = multiplyAdd(x1, v, u1);
    const x2 = v128.load(row, 32);
    s2 = multiplyAdd(x2, w, s2);
    u2 = multiplyAdd(x2, v, u2);
    const x3 = v128.load(row, 48);
    s3 = multiplyAdd(x3, w, s3);
    u3 = multiplyAdd(x3, v, u3);
    offsets += 4;
    weights += 8;
  }
  const other = out + pitch;
  if (isMaximum) {
    s0 = f32x4.max(s0, v128.load(out));
    s1 = f32x4.max(s1, v128.load(out, 16));
    s2 = f32x4.max(s2, v128.load(out, 32));
    s3 = f32x4.max(s3, v128.load(out, 48));
    u0 = f32x4.max(u0, v128.load(other));
    u1 = f32x4.max(u1, v128.load(other, 16));
    u2 = f32x4.max(u2, v128.load(other, 32));
    u3 = f32x4.max(u3, v128.load(other, 48));
  }
  v128.store(out, s0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
  v128.store(other, u0);
  v128.store(other, u1, 16);
  v128.store(other, u2, 32);
  v128.store(other, u3, 48);
}

/** `combineRows` two rows at a time, which loads each input row once for both: rowStart is i32 [pairs + 1], weights f32 [entries x 2]. */
export function combinePairs(
  block: usize, pairs: i32, rowStart: usize, offsets: usize, weights: usize, out: usize, pitch: usize, samples: i32, isMaximum: bool,
): void {
  for (let pair = 0; pair < pairs; pair++) {
    const from = load<i32>(rowStart + pair * 4);
    const count = load<i32>(rowStart + pair * 4, 4) - from;
    const o = offsets + from * 4;
    const w = weights + from * 8;
    const to = out + <usize>pair * pitch * 2;
    if (isMaximum) for (let t: usize = 0; t < <usize>samples * 4; t += 64) combinePairTile(block + t, o, w, count, to + t, pitch, true);
    else for (let t: usize = 0; t < <usize>samples * 4; t += 64) combinePairTile(block + t, o, w, count, to + t, pitch, false);
  }
}

/** Correlates each row of a block with `taps` weights: out[t] = sum weights[k] * row[t + k]; `samples` is a multiple of 32. */
export function correlateRows(
  block: usize, rows: i32, pitch: usize, offsets: usize, weights: usize, taps: i32, out: usize, outPitch: usize, samples: i32,
): void {
  for (let row = 0; row < rows; row++) {
    const from = block + <usize>row * pitch;
    const to = out + <usize>row * outPitch;
    for (let t: usize = 0; t < <usize>samples * 4; t += 128) combineTile(from + t, offsets, weights, taps, to + t, false);
  }
}

/** Subtracts `row` (f32 [samples], multiple of 4) from the rows of a block that `offsets` names. */
export function subtractRow(block: usize, offsets: usize, count: i32, row: usize, samples: i32): void {
  for (let i = 0; i < count; i++) {
    const to = block + load<u32>(offsets + i * 4);
    for (let t: usize = 0; t < <usize>samples * 4; t += 16) v128.store(to + t, f32x4.sub(v128.load(to + t), v128.load(row + t)));
  }
}

/** Dot products of one row with others: out[i] = sum over `samples` (multiple of 16) of row * (block + offsets[i]). */
export function dotRows(row: usize, block: usize, offsets: usize, count: i32, samples: i32, out: usize): void {
  const bytes = <usize>samples * 4;
  for (let i = 0; i < count; i++) {
    const other = block + load<u32>(offsets + i * 4);
    let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
    for (let t: usize = 0; t < bytes; t += 64) {
      s0 = multiplyAdd(v128.load(row + t), v128.load(other + t), s0);
      s1 = multiplyAdd(v128.load(row + t, 16), v128.load(other + t, 16), s1);
      s2 = multiplyAdd(v128.load(row + t, 32), v128.load(other + t, 32), s2);
      s3 = multiplyAdd(v128.load(row + t, 48), v128.load(other + t, 48), s3);
    }
    const s = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
    store<f32>(
      out + i * 4,
      f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1) + f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3),
    );
  }
}

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

/**
 * @module
 * Kernels over the rows of blocks: weighted sums, correlations, dot products (AssemblyScript; see traces.as.ts).
 *
 * A *block* is a short stretch turned round: [lanes x pitch], one row per channel, time along it, so that one row is added to another by
 * plain vectors whatever the channels' order. Callers give all memory; nothing is allocated or checked.
 */
import { multiplyAdd } from "./multiply-add.as";

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

/**
 * @module
 * Kernels that turn traces into blocks and back, filtered or as they are (AssemblyScript; see traces.as.ts).
 *
 * A *block* is a short stretch turned round: [lanes x pitch], one row per channel, time along it, so that one row is added to another by
 * plain vectors whatever the channels' order. Rows of *traces* are time-major. Callers give all memory; nothing is allocated or checked.
 */
import { multiplyAdd, multiplySubtract } from "./multiply-add.as";

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

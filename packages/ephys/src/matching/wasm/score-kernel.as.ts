/**
 * @module
 * The scoring kernel with SIMD, in AssemblyScript: snippet onto the five basis waveforms at every lag, then products with templates.
 *
 * Compiled into score-kernel-module.ts by test/matching/support/embed-kernel.ts; not read by tsc. Pointers are bytes, all values f32;
 * the basis is transposed, [W x 5]; `width` is a multiple of 4. Callers give all memory; nothing is allocated or checked.
 */

@inline function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** projected[lag][r][c] = sum_w basis[w][r] snippet[lag + w][c], r = 0..4. */
function project(snippet: usize, basis: usize, projected: usize, samples: i32, lags: i32, width: i32): void {
  const row: usize = (<usize>width) << 2;
  for (let lag = 0; lag < lags; lag++) {
    let c = 0;
    for (; c + 8 <= width; c += 8) {
      const column: usize = (<usize>c) << 2;
      let x = snippet + <usize>lag * row + column;
      let b = basis;
      let a0 = f32x4.splat(0);
      let a1 = f32x4.splat(0);
      let a2 = f32x4.splat(0);
      let a3 = f32x4.splat(0);
      let a4 = f32x4.splat(0);
      let b0 = f32x4.splat(0);
      let b1 = f32x4.splat(0);
      let b2 = f32x4.splat(0);
      let b3 = f32x4.splat(0);
      let b4 = f32x4.splat(0);
      for (let w = 0; w < samples; w++) {
        const left = v128.load(x);
        const right = v128.load(x, 16);
        const w0 = v128.load32_splat(b);
        const w1 = v128.load32_splat(b, 4);
        const w2 = v128.load32_splat(b, 8);
        const w3 = v128.load32_splat(b, 12);
        const w4 = v128.load32_splat(b, 16);
        a0 = multiplyAdd(left, w0, a0);
        b0 = multiplyAdd(right, w0, b0);
        a1 = multiplyAdd(left, w1, a1);
        b1 = multiplyAdd(right, w1, b1);
        a2 = multiplyAdd(left, w2, a2);
        b2 = multiplyAdd(right, w2, b2);
        a3 = multiplyAdd(left, w3, a3);
        b3 = multiplyAdd(right, w3, b3);
        a4 = multiplyAdd(left, w4, a4);
        b4 = multiplyAdd(right, w4, b4);
        x += row;
        b += 20;
      }
      let to = projected + (<usize>(lag * 5)) * row + column;
      v128.store(to, a0);
      v128.store(to, b0, 16);
      to += row;
      v128.store(to, a1);
      v128.store(to, b1, 16);
      to += row;
      v128.store(to, a2);
      v128.store(to, b2, 16);
      to += row;
      v128.store(to, a3);
      v128.store(to, b3, 16);
      to += row;
      v128.store(to, a4);
      v128.store(to, b4, 16);
    }
    if (c < width) {
      const column: usize = (<usize>c) << 2;
      let x = snippet + <usize>lag * row + column;
      let b = basis;
      let a0 = f32x4.splat(0);
      let a1 = f32x4.splat(0);
      let a2 = f32x4.splat(0);
      let a3 = f32x4.splat(0);
      let a4 = f32x4.splat(0);
      for (let w = 0; w < samples; w++) {
        const left = v128.load(x);
        a0 = multiplyAdd(left, v128.load32_splat(b), a0);
        a1 = multiplyAdd(left, v128.load32_splat(b, 4), a1);
        a2 = multiplyAdd(left, v128.load32_splat(b, 8), a2);
        a3 = multiplyAdd(left, v128.load32_splat(b, 12), a3);
        a4 = multiplyAdd(left, v128.load32_splat(b, 16), a4);
        x += row;
        b += 20;
      }
      let to = projected + (<usize>(lag * 5)) * row + column;
      v128.store(to, a0);
      to += row;
      v128.store(to, a1);
      to += row;
      v128.store(to, a2);
      to += row;
      v128.store(to, a3);
      to += row;
      v128.store(to, a4);
    }
  }
}

/** Inner product of 4 x `vectors` values, two sums. */
function dot(a: usize, b: usize, vectors: i32): f32 {
  let even = f32x4.splat(0);
  let odd = f32x4.splat(0);
  let i = 0;
  for (; i + 2 <= vectors; i += 2) {
    even = multiplyAdd(v128.load(a), v128.load(b), even);
    odd = multiplyAdd(v128.load(a, 16), v128.load(b, 16), odd);
    a += 32;
    b += 32;
  }
  if (i < vectors) even = multiplyAdd(v128.load(a), v128.load(b), even);
  const sum = f32x4.add(even, odd);
  return (
    f32x4.extract_lane(sum, 0) +
    f32x4.extract_lane(sum, 1) +
    (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
  );
}

/** products[lag][k] = <table[k], projected[lag]>. */
export function run(
  snippet: usize,
  basis: usize,
  projected: usize,
  products: usize,
  table: usize,
  samples: i32,
  lags: i32,
  width: i32,
  candidates: i32,
): void {
  project(snippet, basis, projected, samples, lags, width);
  const bytes: usize = (<usize>width) * 20;
  const vectors = (width * 5) >> 2;
  for (let lag = 0; lag < lags; lag++) {
    const z = projected + <usize>lag * bytes;
    for (let k = 0; k < candidates; k++) {
      store<f32>(products, dot(z, table + <usize>k * bytes, vectors));
      products += 4;
    }
  }
}

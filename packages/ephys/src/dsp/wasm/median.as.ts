/**
 * @module
 * Median of many rows of a block at every sample, exact: a counting search with four samples to a vector.
 *
 * Each sample keeps a bracket of values with the counts of rows at or below them and interpolates between; it is done when exactly half
 * of the rows are at or below, and then the largest of those and the smallest of the others are the middle values. Equal values in the
 * middle never split in half: such a sample is left to a plain selection.
 */

const PASSES: i32 = 24;

@inline function select(mask: v128, yes: v128, no: v128): v128 {
  return v128.bitselect(yes, no, mask);
}

/**
 * Finds the median over rows at every sample.
 *
 * @param block  f32 rows; @param offsets  u32 [count], byte offset of each row; @param samples  multiple of 8
 * @param out  f32 [samples]; @param scratch  f32 [count]
 */
export function medianOfRows(block: usize, offsets: usize, count: i32, samples: i32, out: usize, scratch: usize): void {
  for (let t = 0; t < samples; t += 8) medianOfEight(block + t * 4, offsets, count, out + t * 4, scratch);
}

/** The next place to count at, for four samples. */
@inline function nextPlace(
  pass: i32, place: v128, below: v128, target: v128, step: v128, low: v128, high: v128, lowCount: v128, highCount: v128,
): v128 {
  const isBracketed = v128.and(
    f32x4.gt(low, f32x4.splat(-Infinity)),
    f32x4.lt(high, f32x4.splat(Infinity)),
  );
  const fraction = (pass & 3) == 3
    ? f32x4.splat(0.5)
    : f32x4.div(f32x4.sub(target, lowCount), f32x4.sub(highCount, lowCount));
  const inside = f32x4.add(low, f32x4.mul(f32x4.sub(high, low), fraction));
  const outside = f32x4.add(place, f32x4.mul(f32x4.sub(target, below), step));
  return select(isBracketed, inside, outside);
}

function medianOfEight(base: usize, offsets: usize, count: i32, out: usize, scratch: usize): void {
  const end = offsets + <usize>count * 4;
  const inverse: f32 = <f32>1 / <f32>count;
  let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0), square0 = f32x4.splat(0), square1 = f32x4.splat(0);
  for (let at = offsets; at < end; at += 4) {
    const row = base + load<u32>(at);
    const x0 = v128.load(row);
    const x1 = v128.load(row, 16);
    sum0 = f32x4.add(sum0, x0);
    sum1 = f32x4.add(sum1, x1);
    square0 = f32x4.add(square0, f32x4.mul(x0, x0));
    square1 = f32x4.add(square1, f32x4.mul(x1, x1));
  }
  const half = count >> 1;
  const fewest = i32x4.splat(half);
  const most = i32x4.splat(half + (count & 1));
  const target = f32x4.splat(<f32>half + <f32>0.5 * <f32>(count & 1));
  let place0 = f32x4.mul(sum0, f32x4.splat(inverse));
  let place1 = f32x4.mul(sum1, f32x4.splat(inverse));
  const spread0 = f32x4.sub(f32x4.mul(square0, f32x4.splat(inverse)), f32x4.mul(place0, place0));
  const spread1 = f32x4.sub(f32x4.mul(square1, f32x4.splat(inverse)), f32x4.mul(place1, place1));
  // the density of a normal distribution in its middle is 0.4 / sigma: so far apart are neighbouring values; grows when it does not reach
  let step0 = f32x4.mul(f32x4.sqrt(f32x4.max(spread0, f32x4.splat(1e-12))), f32x4.splat(<f32>2.5 * inverse));
  let step1 = f32x4.mul(f32x4.sqrt(f32x4.max(spread1, f32x4.splat(1e-12))), f32x4.splat(<f32>2.5 * inverse));
  let low0 = f32x4.splat(-Infinity), low1 = f32x4.splat(-Infinity), high0 = f32x4.splat(Infinity), high1 = f32x4.splat(Infinity);
  let lowCount0 = f32x4.splat(0), lowCount1 = f32x4.splat(0);
  let highCount0 = f32x4.splat(<f32>count), highCount1 = f32x4.splat(<f32>count);
  let below0 = i32x4.splat(0), below1 = i32x4.splat(0), done0 = i32x4.splat(0), done1 = i32x4.splat(0);
  for (let pass = 0; pass < PASSES; pass++) {
    below0 = i32x4.splat(0);
    below1 = i32x4.splat(0);
    for (let at = offsets; at < end; at += 4) {
      const row = base + load<u32>(at);
      below0 = i32x4.sub(below0, f32x4.le(v128.load(row), place0));
      below1 = i32x4.sub(below1, f32x4.le(v128.load(row, 16), place1));
    }
    done0 = v128.and(i32x4.ge_s(below0, fewest), i32x4.le_s(below0, most));
    done1 = v128.and(i32x4.ge_s(below1, fewest), i32x4.le_s(below1, most));
    if (i32x4.all_true(v128.and(done0, done1))) break;
    const isLow0 = i32x4.lt_s(below0, fewest);
    const isLow1 = i32x4.lt_s(below1, fewest);
    const belowReal0 = f32x4.convert_i32x4_s(below0);
    const belowReal1 = f32x4.convert_i32x4_s(below1);
    low0 = select(isLow0, place0, low0);
    low1 = select(isLow1, place1, low1);
    lowCount0 = select(isLow0, belowReal0, lowCount0);
    lowCount1 = select(isLow1, belowReal1, lowCount1);
    high0 = select(isLow0, high0, place0);
    high1 = select(isLow1, high1, place1);
    highCount0 = select(isLow0, highCount0, belowReal0);
    highCount1 = select(isLow1, highCount1, belowReal1);
    const next0 = nextPlace(pass, place0, belowReal0, target, step0, low0, high0, lowCount0, highCount0);
    const next1 = nextPlace(pass, place1, belowReal1, target, step1, low1, high1, lowCount1, highCount1);
    place0 = select(done0, place0, next0);
    place1 = select(done1, place1, next1);
    step0 = f32x4.mul(step0, f32x4.splat(1.5));
    step1 = f32x4.mul(step1, f32x4.splat(1.5));
  }
  let under0 = f32x4.splat(-Infinity), under1 = f32x4.splat(-Infinity), over0 = f32x4.splat(Infinity), over1 = f32x4.splat(Infinity);
  for (let at = offsets; at < end; at += 4) {
    const row = base + load<u32>(at);
    const x0 = v128.load(row);
    const x1 = v128.load(row, 16);
    const isUnder0 = f32x4.le(x0, place0);
    const isUnder1 = f32x4.le(x1, place1);
    under0 = f32x4.pmax(under0, select(isUnder0, x0, under0));
    under1 = f32x4.pmax(under1, select(isUnder1, x1, under1));
    over0 = f32x4.pmin(over0, select(isUnder0, over0, x0));
    over1 = f32x4.pmin(over1, select(isUnder1, over1, x1));
  }
  if ((count & 1) == 0) {
    v128.store(out, f32x4.mul(f32x4.add(under0, over0), f32x4.splat(0.5)));
    v128.store(out, f32x4.mul(f32x4.add(under1, over1), f32x4.splat(0.5)), 16);
  } else {
    v128.store(out, select(i32x4.eq(below0, fewest), over0, under0));
    v128.store(out, select(i32x4.eq(below1, fewest), over1, under1), 16);
  }
  const bits = i32x4.bitmask(done0) | (i32x4.bitmask(done1) << 4);
  if (bits != 255)
    for (let lane = 0; lane < 8; lane++)
      if ((bits & (1 << lane)) == 0) store<f32>(out + lane * 4, selectMedian(base + lane * 4, offsets, count, scratch));
}

/** The median of one sample by selection (Hoare). */
function selectMedian(base: usize, offsets: usize, count: i32, scratch: usize): f32 {
  for (let i = 0; i < count; i++) store<f32>(scratch + i * 4, load<f32>(base + load<u32>(offsets + i * 4)));
  const middle = count >> 1;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = load<f32>(scratch + ((low + high) >> 1) * 4);
    let i = low;
    let j = high;
    while (i <= j) {
      while (load<f32>(scratch + i * 4) < pivot) i++;
      while (load<f32>(scratch + j * 4) > pivot) j--;
      if (i > j) break;
      const value = load<f32>(scratch + i * 4);
      store<f32>(scratch + i * 4, load<f32>(scratch + j * 4));
      store<f32>(scratch + j * 4, value);
      i++;
      j--;
    }
    if (middle <= j) high = j;
    else if (middle >= i) low = i;
    else break;
  }
  const upper = load<f32>(scratch + middle * 4);
  if ((count & 1) == 1) return upper;
  let lower = load<f32>(scratch);
  for (let i = 1; i < middle; i++) lower = max(lower, load<f32>(scratch + i * 4));
  return (lower + upper) * 0.5;
}

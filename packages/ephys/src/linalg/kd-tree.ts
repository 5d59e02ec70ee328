/**
 * @module
 * A k-d tree over points: exact nearest neighbours in Euclidean distance.
 *
 * Meant for tens of dimensions and clustered points: give points turned into their principal axes, so that the first coordinates decide
 * most comparisons. Source: Arya and Mount 1993 (the bound that is updated from node to node).
 */
import { ShapeError } from "../errors.ts";

const LEAF_POINTS = 40;

export class KdTree {
  readonly #dimensions: number;
  readonly #count: number;
  /** Point of each place; points of a node are next to each other. */
  readonly #order: Int32Array;
  readonly #placeOf: Int32Array;
  /** Float64Array [places x dimensions]. */
  readonly #points: Float64Array;
  // nodes: [start, end) are places; the left child follows its parent, `#right` is 0 for a leaf
  readonly #start: number[] = [];
  readonly #end: number[] = [];
  readonly #axis: number[] = [];
  readonly #split: number[] = [];
  readonly #right: number[] = [];
  readonly #bounds: Float64Array;
  readonly #found: Int32Array;
  readonly #distances: Float64Array;

  /**
   * Builds the tree.
   *
   * @param points  Float64Array [count x dimensions], finite
   * @param most  the largest number of neighbours that will be asked for
   * @throws ShapeError when `points` is not a whole number of rows
   */
  constructor(points: Float64Array, dimensions: number, most: number) {
    if (dimensions < 1 || points.length % dimensions !== 0)
      throw new ShapeError(
        `KdTree: points of ${dimensions} dimensions (at least 1) need a multiple of it of values, got ${points.length}`,
      );
    this.#dimensions = dimensions;
    this.#count = points.length / dimensions;
    this.#order = Int32Array.from({ length: this.#count }, (_, i) => i);
    this.#bounds = new Float64Array(dimensions);
    this.#found = new Int32Array(most);
    this.#distances = new Float64Array(most);
    if (this.#count > 0) this.#build(points, 0, this.#count);
    this.#placeOf = new Int32Array(this.#count);
    this.#points = new Float64Array(points.length);
    for (let place = 0; place < this.#count; place++) {
      const point = this.#order[place];
      this.#placeOf[point] = place;
      this.#points.set(points.subarray(point * dimensions, (point + 1) * dimensions), place * dimensions);
    }
  }

  /**
   * Finds the points nearest to point `index`, which is not among them, nearest first.
   *
   * @param out  Int32Array [neighbours wanted]
   * @returns how many there are: fewer than wanted when the tree has no more
   */
  neighbours(index: number, out: Int32Array): number {
    const wanted = Math.min(out.length, this.#count - 1);
    if (wanted === 0) return 0;
    this.#distances.fill(Number.POSITIVE_INFINITY, 0, wanted);
    this.#bounds.fill(0);
    this.#visit(0, 0, this.#placeOf[index], wanted);
    for (let i = 0; i < wanted; i++) out[i] = this.#order[this.#found[i]];
    return wanted;
  }

  /**
   * A squared distance within which point `index` has at least `wanted` others: that of the `wanted`-th nearest in its own leaf. Costs a
   * small part of `neighbours`; infinite when the leaf has no so many.
   */
  reach(index: number, wanted: number): number {
    const query = this.#placeOf[index];
    let node = 0;
    while (this.#right[node] !== 0)
      node = query < this.#start[this.#right[node]] ? node + 1 : this.#right[node];
    this.#distances.fill(Number.POSITIVE_INFINITY, 0, wanted);
    this.#searchLeaf(this.#start[node], this.#end[node], query, wanted);
    return this.#distances[wanted - 1];
  }

  #build(points: Float64Array, start: number, end: number): void {
    const node = this.#start.length;
    this.#start.push(start);
    this.#end.push(end);
    this.#right.push(0);
    const { axis, extent } = this.#widest(points, start, end);
    this.#axis.push(axis);
    this.#split.push(0);
    if (end - start <= LEAF_POINTS || extent === 0) return;
    const middle = (start + end) >> 1;
    selectPlace(points, this.#dimensions, axis, this.#order, start, end - 1, middle);
    this.#split[node] = points[this.#order[middle] * this.#dimensions + axis];
    this.#build(points, start, middle);
    this.#right[node] = this.#start.length;
    this.#build(points, middle, end);
  }

  #widest(points: Float64Array, start: number, end: number): { axis: number; extent: number } {
    let axis = 0;
    let extent = 0;
    for (let j = 0; j < this.#dimensions; j++) {
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      for (let place = start; place < end; place++) {
        const value = points[this.#order[place] * this.#dimensions + j];
        if (value < low) low = value;
        if (value > high) high = value;
      }
      if (high - low > extent) {
        extent = high - low;
        axis = j;
      }
    }
    return { axis, extent };
  }

  /** @param bound  squared distance of the query from the node's cell, at least */
  #visit(node: number, bound: number, query: number, wanted: number): void {
    const right = this.#right[node];
    if (right === 0) {
      this.#searchLeaf(this.#start[node], this.#end[node], query, wanted);
      return;
    }
    const axis = this.#axis[node];
    const offset = this.#points[query * this.#dimensions + axis] - this.#split[node];
    const [near, far] = offset < 0 ? [node + 1, right] : [right, node + 1];
    this.#visit(near, bound, query, wanted);
    const before = this.#bounds[axis];
    const farBound = bound - before * before + offset * offset;
    if (farBound >= this.#distances[wanted - 1]) return;
    this.#bounds[axis] = offset;
    this.#visit(far, farBound, query, wanted);
    this.#bounds[axis] = before;
  }

  #searchLeaf(start: number, end: number, query: number, wanted: number): void {
    const n = this.#dimensions;
    const points = this.#points;
    const distances = this.#distances;
    const from = query * n;
    const whole = n - (n % 4);
    for (let place = start; place < end; place++) {
      if (place === query) continue;
      const worst = distances[wanted - 1];
      const to = place * n;
      let sum = 0;
      let j = 0;
      // four coordinates at a time: looking at the sum after each costs more than it saves (by a third, 36 dimensions)
      for (; j < whole && sum < worst; j += 4) {
        const a = points[from + j] - points[to + j];
        const b = points[from + j + 1] - points[to + j + 1];
        const c = points[from + j + 2] - points[to + j + 2];
        const d = points[from + j + 3] - points[to + j + 3];
        sum += a * a + b * b + (c * c + d * d);
      }
      if (sum >= worst) continue;
      for (; j < n; j++) {
        const a = points[from + j] - points[to + j];
        sum += a * a;
      }
      if (sum >= worst) continue;
      let i = wanted - 1;
      for (; i > 0 && distances[i - 1] > sum; i--) {
        distances[i] = distances[i - 1];
        this.#found[i] = this.#found[i - 1];
      }
      distances[i] = sum;
      this.#found[i] = place;
    }
  }
}

/** Reorders `order` in [left, right] so that the point at `place` has the value that it would have sorted along the axis. */
function selectPlace(
  points: Float64Array,
  n: number,
  axis: number,
  order: Int32Array,
  left: number,
  right: number,
  place: number,
): void {
  let low = left;
  let high = right;
  while (low < high) {
    const a = points[order[low] * n + axis];
    const b = points[order[(low + high) >> 1] * n + axis];
    const c = points[order[high] * n + axis];
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let i = low;
    let j = high;
    while (i <= j) {
      while (points[order[i] * n + axis] < pivot) i++;
      while (points[order[j] * n + axis] > pivot) j--;
      if (i > j) break;
      const point = order[i];
      order[i++] = order[j];
      order[j--] = point;
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else break;
  }
}

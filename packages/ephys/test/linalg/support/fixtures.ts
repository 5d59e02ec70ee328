/**
 * @module
 * The reference values that make-linalg-fixtures.py wrote.
 */
import { readFileSync } from "node:fs";

export interface LinalgFixtures {
  readonly eigen: readonly { name: string; size: number; matrix: number[]; values: number[] }[];
  readonly solve: readonly { size: number; matrix: number[]; b: number[]; x: number[]; factor: number[] }[];
  readonly qr: readonly { rows: number; columns: number; matrix: number[]; q: number[]; r: number[] }[];
  readonly covariance: readonly {
    count: number;
    dimensions: number;
    points: number[];
    covariance: number[];
  }[];
  readonly products: readonly {
    rows: number;
    inner: number;
    columns: number;
    a: number[];
    b: number[];
    product: number[];
    gram: number[];
  }[];
}

export function readLinalgFixtures(): LinalgFixtures {
  return JSON.parse(readFileSync(new URL("../fixtures/linalg.json", import.meta.url), "utf8"));
}

/** Largest |a - b|; NaN anywhere gives Infinity, and so do different lengths. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}

/** Largest |a|. */
export function largestMagnitude(a: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]));
  return largest;
}

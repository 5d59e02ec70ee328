/**
 * @module
 * A checksum of a table's rows that does not depend on their order: the sum, modulo 2^128, of the first 16 bytes of every row's SHA-256.
 * Two tables with the same sum have the same rows, but for a chance of 2^-128.
 */
import { createHash } from "node:crypto";

const modulus = 1n << 128n;

export class RowSum {
  rows = 0;
  #sum = 0n;

  /** Takes a row: each value's bytes, null for NULL. */
  add(row: readonly (Uint8Array | null)[]): void {
    const hash = createHash("sha256");
    for (const value of row) {
      // lengths keep ("ab", "c") and ("a", "bc") apart, and NULL from the empty text
      hash.update(value === null ? "-;" : `${value.length};`);
      if (value !== null) hash.update(value);
    }
    this.#sum = (this.#sum + BigInt(`0x${hash.digest("hex").slice(0, 32)}`)) % modulus;
    this.rows++;
  }

  get text(): string {
    return this.#sum.toString(16).padStart(32, "0");
  }
}

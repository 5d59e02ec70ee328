/**
 * @module
 * What computes one key of an auto-populated table, in three parts: fetch and compute run outside the insert transaction, so that hours
 * of computation hold no lock; insert runs inside.
 *
 * What a newcomer would get wrong: fetch runs twice, the second time inside the transaction, and must give the same again; if what it
 * read has changed meanwhile, nothing is inserted.
 */

/** A key as rows hold it. */
export type Key = Readonly<Record<string, unknown>>;

/** One run of `make` for one key. */
export interface Attempt {
  readonly key: Key;
  /** Unique among all attempts of all workers, and 2^40 or more; that of the lease when the key is reserved. Names the attempt's folder. */
  readonly token: bigint;
}

export interface MakeContext {
  /** Aborted when the work has become useless: the lease is lost, or the caller of `populate` wants to end. */
  readonly signal: AbortSignal;
  /** Says how far the computation is: `done` of `total` (samples, spikes, epochs), and of what. */
  progress(done: number, total: number, what?: string): void;
  readonly attempt: Attempt;
}

/** How the rows of one key are made. All parts may be synchronous. */
export interface Make<K = Key, Fetched = unknown, Computed = unknown> {
  /** Reads what is needed. Without side effects: it runs again inside the insert transaction, and both results must be equal. */
  fetch(key: K): Fetched | Promise<Fetched>;
  /** Computes; touches neither the database nor what other attempts share. */
  compute(key: K, fetched: Fetched, context: MakeContext): Computed | Promise<Computed>;
  /** Inserts the rows of the table and its parts. Runs in a transaction, which may be run again from its start.
   *  What it returns is awaited and not used. */
  insert(key: K, computed: Computed, context: MakeContext): unknown;
}

/**
 * @module
 * The memory of retries: how often a failed key was tried again by itself, and when it will be next. It outlives the workers, so that a key
 * that fails for ever is given up by all of them together.
 */
import { deleteFrom } from "@tenon/datajoint";
import { Retry } from "../pipeline/operation.ts";
import { again, isThere } from "./operation-tables.ts";
import { msOfUtc, utc, utcNow } from "./utc.ts";

export interface RetryState {
  readonly process: string;
  readonly keyHash: string;
  readonly count: number;
  /** No retry before, ms since 1970. */
  readonly nextMs: number;
}

export interface FailedKey {
  readonly process: string;
  readonly keyHash: string;
  readonly key: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Characters of a key or message that are kept. */
const longestText = 2047;

/** All that are remembered. */
export async function readRetries(): Promise<readonly RetryState[]> {
  if (!isThere(Retry)) return [];
  const rows = await again(() =>
    Retry.query.proj("process", "key_hash", "retry_count", "next_retry").fetch(),
  );
  return rows.map((row) => ({
    process: String(row.process),
    keyHash: String(row.key_hash),
    count: Number(row.retry_count),
    nextMs: msOfUtc(String(row.next_retry)),
  }));
}

/** Remembers that a key has failed for the `count + 1`st time and is next tried at `nextMs`. */
export async function rememberRetry(failed: FailedKey, count: number, nextMs: number): Promise<void> {
  const row = {
    process: failed.process,
    key_hash: failed.keyHash,
    key: JSON.stringify(failed.key).slice(0, longestText),
    retry_count: count,
    next_retry: utc(nextMs),
    error_message: [...failed.message].slice(0, longestText).join(""),
    error_timestamp: utcNow(),
  };
  await again(() => Retry.insert([row], { replace: true }));
}

/** Forgets a key: it is done, or a person frees it. */
export async function forgetRetry({
  process,
  keyHash,
}: {
  readonly process: string;
  readonly keyHash: string;
}): Promise<void> {
  if (isThere(Retry)) await again(() => deleteFrom(Retry.restrict({ process, key_hash: keyHash })));
}

/** Forgets what has not failed for a month; dead letters, with `mostRetries` behind them, after a year. */
export async function forgetOldRetries(mostRetries: number): Promise<void> {
  const before = (days: number) => utc(Date.now() - days * 86_400_000);
  const most = Math.floor(mostRetries);
  await again(() =>
    deleteFrom(Retry.restrict(`error_timestamp < '${before(30)}' AND retry_count < ${most}`)),
  );
  await again(() => deleteFrom(Retry.restrict(`error_timestamp < '${before(366)}'`)));
}

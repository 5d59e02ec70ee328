/**
 * @module
 * Records that a key failed, where datajoint-python records it: status, message, and the stack as a packed text.
 */
import { pack } from "../blob/encode.ts";
import type { Claim } from "./claim.ts";
import { type JobQueue, onMine, sql } from "./queue.ts";
import { onEach } from "./twin.ts";

/** Characters of the column; Python cuts longer messages to 2035 and says so. */
const LONGEST = 2047;
const CUT = "...truncated";
/** In UTF-16 units: at three bytes each they fit the 64 KB that `error_stack` has in schemas made before 0.13. */
const LONGEST_STACK = 20_000;

/** @returns whether the claim was still held; if not, nothing was recorded, since the key is another worker's */
export function fail(queue: JobQueue, claim: Claim, message: string, stack: string): Promise<boolean> {
  return onEach(queue, (one) => failIn(one, claim, message, stack));
}

function failIn(queue: JobQueue, { key, token }: Claim, message: string, stack: string): Promise<boolean> {
  const { words, shape } = queue;
  const ended = shape === "legacy" ? `${words.expiry}=${words.time(0)}` : `completed_time=${words.time(0)}`;
  return onMine(
    queue,
    sql(
      `UPDATE ${words.jobs} SET status='error', error_message=?, error_stack=?, ${ended}`,
      cutMessage(message),
      pack(cutStack(stack)),
    ),
    key,
    token,
  );
}

/** The message as the column holds it: characters are code points, as the server and Python count them. */
export function cutMessage(message: string): string {
  const characters = [...message.toWellFormed()];
  return characters.length <= LONGEST
    ? characters.join("")
    : characters.slice(0, LONGEST - CUT.length).join("") + CUT;
}

function cutStack(stack: string): string {
  const text = stack.length <= LONGEST_STACK ? stack : stack.slice(0, LONGEST_STACK) + CUT;
  return text.toWellFormed();
}

/** Python's text of an error: `ClassName`, or `ClassName: message`. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return `Error: ${String(error)}`;
  return error.message === "" ? error.name : `${error.name}: ${error.message}`;
}

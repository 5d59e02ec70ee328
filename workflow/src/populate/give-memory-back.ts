/**
 * @module
 * A worker that waits keeps as little of its machine as it can: the heap as small as what is in use.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (how: {
  readonly type: "major";
  readonly execution: "sync";
  readonly flavor: "last-resort";
}) => void;

let collect: Collect | undefined;
let isLooked = false;

/**
 * Collects what is not in use any more, as V8 does when memory is short, and gives the pages back. Left to itself V8 does so when it allocates,
 * and an idle worker hardly does: the garbage of its last job, or of its start, stayed for hours. Takes about 40 ms and as long as the heap
 * that is in use is large. Does nothing in a Node that keeps its flags to itself.
 */
export function giveMemoryBack(): void {
  if (!isLooked) collect = collector();
  isLooked = true;
  collect?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

/** V8's `gc` of a context of its own: the flag is for contexts made while it is set, and set for one. */
function collector(): Collect | undefined {
  setFlagsFromString("--expose-gc");
  try {
    return runInNewContext("globalThis.gc") as Collect | undefined;
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
}

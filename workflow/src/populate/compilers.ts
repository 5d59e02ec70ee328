/**
 * @module
 * V8's optimizing compilers of this process: asleep while a worker has found nothing to compute, since they, their threads' memory and the
 * code that they make of the program's start are 10 MB of a worker that waits; awake from its first key on.
 */
import { flushCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";

const compilers = ["maglev", "turbofan"];
let areAsleep = false;

/** To be called before the program's modules are loaded: loading them is what the compilers would optimize. */
export function restCompilers(): void {
  areAsleep = true;
  for (const name of compilers) setFlagsFromString(`--no-${name}`);
}

/** To be called before anything is computed, as often as one likes. What is at work already is optimized from now on too. */
export function wakeCompilers(): void {
  if (!areAsleep) return;
  areAsleep = false;
  // compiled code is kept under the flags of the moment, and is of use under those alone: the next worker loads these modules asleep
  flushCompileCache();
  for (const name of compilers) setFlagsFromString(`--${name}`);
}

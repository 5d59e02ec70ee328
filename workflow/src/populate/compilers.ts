/**
 * @module
 * V8's optimizing compilers of this process: asleep while a worker has found nothing to compute, since they, their threads' memory and the
 * code that they make of the program's start are 10 MB of a worker that waits; awake from its first key on.
 */
import { join } from "node:path";
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
  for (const name of compilers) setFlagsFromString(`--${name}`);
}

/**
 * The environment for a worker that another program starts. Compiled code is of use under the flags alone under which it was compiled, and a
 * program that finds other code throws it away: what workers keep lies in a folder of its own, below the one that NODE_COMPILE_CACHE names.
 */
export function withWorkerCache(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_COMPILE_CACHE: cache } = env;
  return cache === undefined ? env : { ...env, NODE_COMPILE_CACHE: join(cache, "run-workflow") };
}

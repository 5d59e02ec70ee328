/**
 * @module
 * Whether the process that started this one still lives. `scripts/start.mjs` runs programs on the project's own Node as a child; killed by
 * SIGKILL it can pass nothing on, but a pipe that it holds, this process's descriptor 3, closes.
 */
import { Socket } from "node:net";

/** Calls back when the starter is gone; never without one (in containers, under `node` itself). */
export function onStarterGone(gone: () => void): void {
  // the variable reaches grandchildren too, who have another parent and no such pipe
  if (process.env["TENON_LIFELINE"] !== `${process.ppid}`) return;
  const pipe = new Socket({ fd: 3, readable: true, writable: false });
  pipe
    .once("close", gone)
    .once("error", () => undefined)
    .resume();
  pipe.unref();
}

/**
 * @module
 * Whether the process that started this one still lives. `scripts/start.mjs` runs programs on the project's own Node as a child; killed by
 * SIGKILL it can pass nothing on, but a pipe that it holds closes.
 */
import { Socket } from "node:net";

/** Calls back when the starter is gone; never without one (in containers, under `node` itself). */
export function onStarterGone(gone: () => void): void {
  const fd = Number(process.env["TENON_LIFELINE"]);
  // its own children have another parent
  delete process.env["TENON_LIFELINE"];
  if (!Number.isInteger(fd) || fd < 3) return;
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe
    .once("close", gone)
    .once("error", () => undefined)
    .resume();
  pipe.unref();
}

/** @module Workers that stand still for longer than their lease and then go on: a suspended laptop, a paused virtual machine, a swapping host. */
import type { Fault } from "../stage.ts";
import { phases } from "../worker-process.ts";

export const stop: Fault = {
  name: "stop",
  what: "workers stand still (SIGSTOP) in each phase for longer than their lease, are taken over, and go on",
  cannot: () => undefined,
  // one of the crew goes on, so that there is somebody to take over; the others meet the phases in turn
  plan: ({ nth, place, seed }) =>
    place === 0 ? undefined : { signal: "SIGSTOP", phase: phases[(nth + seed) % phases.length]!, attempt: 1 },
};

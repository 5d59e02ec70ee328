/** @module Workers that stand still for longer than their lease and then go on: a suspended laptop, a paused virtual machine, a swapping host. */
import type { Fault } from "../stage.ts";
import { phases } from "../worker-process.ts";

export const stop: Fault = {
  name: "stop",
  what: "workers stand still (SIGSTOP) in each phase for longer than their lease, are taken over, and go on",
  cannot: () => undefined,
  plan: (nth, chance) =>
    nth >= phases.length
      ? undefined
      : { signal: "SIGSTOP", phase: phases[nth]!, attempt: 1 + Math.floor(chance() * 2) },
};

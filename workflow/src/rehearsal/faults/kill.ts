/** @module Workers that die at any instant: out of memory, a power cut, an operator's kill -9. */
import type { Fault } from "../stage.ts";
import { phases } from "../worker-process.ts";

/** So many workers die: each phase twice. */
const deaths = 2 * phases.length;

export const kill: Fault = {
  name: "kill",
  what: "workers end by SIGKILL in each phase of an attempt and are started again",
  cannot: () => undefined,
  plan: ({ nth, seed, chance }) =>
    nth >= deaths
      ? undefined
      : {
          signal: "SIGKILL",
          phase: phases[(nth + seed) % phases.length]!,
          attempt: 1 + Math.floor(chance() * 2),
        },
};

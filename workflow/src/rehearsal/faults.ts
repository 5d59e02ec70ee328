/**
 * @module
 * Every fault that a rehearsal knows, in the order in which it plays them.
 */
import { clock } from "./faults/clock.ts";
import { disk } from "./faults/disk.ts";
import { kill } from "./faults/kill.ts";
import { halfNetwork, network } from "./faults/network.ts";
import { server } from "./faults/server.ts";
import { stop } from "./faults/stop.ts";
import type { Fault } from "./stage.ts";

/** Nothing at all: the round that the others are compared with. */
const calm: Fault = {
  name: "calm",
  what: "nothing happens",
  cannot: () => undefined,
};

export const faults: readonly Fault[] = [calm, kill, stop, network, halfNetwork, server, disk, clock];

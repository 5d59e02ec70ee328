/** @module A network that is down for longer than a lease, for all workers or for half of them. */
import type { Fault, Means, Stage } from "../stage.ts";

const cannot = ({ hasWire }: Means) =>
  hasWire ? undefined : "the database is a file on this machine: there is no network to cut";

async function strike({ wire, leaseS, untilDone, pause, isOver }: Stage): Promise<number> {
  let cuts = 0;
  for (const share of [0.15, 0.5]) {
    await untilDone(share);
    if (isOver()) break;
    wire!.cut();
    cuts++;
    // 90 s for leases of 40 s
    await pause(2.25 * leaseS);
    wire!.mend();
    await pause(leaseS / 4);
  }
  return cuts;
}

export const network: Fault = {
  name: "network",
  what: "the network between all workers and the server is cut for 2.25 leases",
  cannot,
  behindWire: "all",
  strike,
};

export const halfNetwork: Fault = {
  name: "half-network",
  what: "the network is cut for 2.25 leases for half of the workers; the others take their keys over",
  cannot,
  behindWire: "half",
  strike,
};

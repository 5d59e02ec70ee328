/**
 * @module
 * A Tenon worker of benchmarks/jobs-scale.ts. Prints "ready", waits for a line on stdin, populates until nothing is left, and prints the
 * keys that it computed, as its Python peer does.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectionSettings, connect, Leases, populate } from "@tenon/datajoint";
import { scaleTables } from "./jobs-scale-tables.ts";

export interface ScaleOrder {
  readonly settings: ConnectionSettings;
  readonly schema: string;
  readonly generation: "legacy" | "current";
  readonly jobMs: number;
}

const order = JSON.parse(process.argv[2]!) as ScaleOrder;
const { schema, Item, Task } = scaleTables();
await using connection = await connect(order.settings);
await schema.activate(connection, order.schema, { Item, Task }, { generation: order.generation });
const computed: number[] = [];
Task.makes({
  fetch: () => 0,
  compute: async ({ item }) => {
    await sleep(order.jobMs);
    computed.push(item);
  },
  insert: (key) => Task.insert([{ ...key, worker: "tenon" }]),
});
await using leases = await Leases.open(order.settings);
process.stdout.write("ready\n");
await once(process.stdin, "data");
let errors = 0;
let lost = 0;
await populate(Task, {
  reserve: true,
  suppressErrors: true,
  leases,
  onEvent: ({ kind }) => {
    if (kind === "failed") errors++;
    if (kind === "lost") lost++;
  },
});
process.stdout.write(`${JSON.stringify({ version: "tenon", keys: computed, errors, lost })}\n`);
process.stdin.destroy();

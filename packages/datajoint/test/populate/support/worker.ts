/**
 * @module
 * A worker process of the tests: populates `__result` with reservation, printing one JSON line for each event and each part of make.
 * Where it is told to hang it waits until it is killed or continued with a line on stdin. Started by worker-process.ts.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectionSettings, connect } from "../../../src/connection/connection.ts";
import type { LeaseTiming } from "../../../src/jobs/timing.ts";
import { populate } from "../../../src/populate/populate.ts";
import { type Generation, resultTable, squares } from "./fixture.ts";

export interface WorkerOrder {
  readonly settings: ConnectionSettings;
  readonly schema: string;
  readonly generation: Generation;
  readonly timing: LeaseTiming;
  readonly name: string;
  /** The part at which it waits for a line; undefined: nowhere. */
  readonly hangIn?: "fetch" | "compute" | "insert" | undefined;
  /** How long compute takes. */
  readonly computeMs: number;
}

const order = JSON.parse(process.argv[2]!) as WorkerOrder;
const say = (message: object) =>
  process.stdout.write(
    `${JSON.stringify(message, (_, value) => (typeof value === "bigint" ? String(value) : value))}\n`,
  );

const ending = new AbortController();
process.once("SIGTERM", () => ending.abort());
const connection = await connect(order.settings);
const fixture = { connection, schema: order.schema, generation: order.generation };
const make = squares(fixture, order.name, async (part, id) => {
  say({ part, id });
  if (part === order.hangIn) await once(process.stdin, "data");
  if (part === "compute") await sleep(order.computeMs);
});
const result = await populate(resultTable(fixture, make), {
  reserve: true,
  suppressErrors: true,
  timing: order.timing,
  signal: ending.signal,
  onEvent: (event) => say({ ...event, error: undefined }),
});
say({
  kind: "ended",
  successCount: result.successCount,
  errors: result.errors.map(({ message }) => message),
});
await connection.close();
process.stdin.destroy();

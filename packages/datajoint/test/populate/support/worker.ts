/**
 * @module
 * A worker process of the tests: populates `__result` with reservation, printing one JSON line for each event and each phase that it
 * reaches. Where it is told to hang it waits until it is killed, or continued with a line on stdin. Started by worker-process.ts.
 *
 * With lanes it works on several keys at once, each hanging in its own phase, so that one kill -9 meets all phases.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectionSettings, connect } from "../../../src/connection/connection.ts";
import { Leases } from "../../../src/jobs/leases.ts";
import type { LeaseTiming } from "../../../src/jobs/timing.ts";
import { populate } from "../../../src/populate/populate.ts";
import { type Generation, type Part, resultTable, squares } from "./fixture.ts";

/** `begun`: before the claim; `computed`: before the insert transaction; `committed`: after it. */
export type Phase = "begun" | Part | "computed" | "committed";

/** One key, and where its attempt hangs. */
export interface Lane {
  readonly id: number;
  readonly hangIn?: Phase | undefined;
}

export interface WorkerOrder {
  readonly settings: ConnectionSettings;
  readonly schema: string;
  readonly generation: Generation;
  readonly timing: Partial<LeaseTiming>;
  readonly name: string;
  /** Undefined: one populate of whatever is free. */
  readonly lanes?: readonly Lane[] | undefined;
  /** How long compute takes: asleep, or keeping the main thread from anything else. */
  readonly computeMs?: number;
  readonly busyMs?: number;
}

const order = JSON.parse(process.argv[2]!) as WorkerOrder;
const say = (message: object) =>
  process.stdout.write(
    `${JSON.stringify(message, (_, value) => (typeof value === "bigint" ? String(value) : value))}\n`,
  );

const ending = new AbortController();
process.once("SIGTERM", () => {
  ending.abort();
  say({ kind: "told to end" });
});
const connection = await connect(order.settings);
const fixture = { connection, schema: order.schema, generation: order.generation };
const leases = await Leases.open(order.settings, order.timing);
const goOn = once(process.stdin, "data");

/** Works on one key, or on what is free; resolves early, when it hangs. */
async function work(lane: Lane | undefined, hangs: () => void): Promise<void> {
  const reach = async (part: Phase, id: number | undefined) => {
    say({ part, id });
    if (part !== lane?.hangIn) return;
    hangs();
    await goOn;
  };
  const make = squares(fixture, order.name, async (part, id) => {
    await reach(part, id);
    if (part !== "compute") return;
    await sleep(order.computeMs ?? 0);
    // the event loop stands still, as in a long kernel
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.busyMs ?? 0);
  });
  await reach("begun", lane?.id);
  const result = await populate(resultTable(fixture, make), {
    reserve: true,
    suppressErrors: true,
    restrictions: lane === undefined ? [] : [{ id: lane.id }],
    leases,
    signal: ending.signal,
    onEvent: (event) => say({ ...event, error: undefined }),
    beforeInsert: ({ key }) => reach("computed", Number(key.id)),
    afterCommit: ({ key }) => reach("committed", Number(key.id)),
  });
  const errors = result.errors.map(({ message }) => message);
  say({ kind: "ended", id: lane?.id, successCount: result.successCount, errors });
}

const working: Promise<void>[] = [];
for (const lane of order.lanes ?? [undefined]) {
  await new Promise<void>((resolve, reject) => {
    working.push(work(lane, resolve).then(resolve, reject));
  });
}
say({ kind: "ready" });
await Promise.all(working);
await leases.close();
await connection.close();
process.stdin.destroy();

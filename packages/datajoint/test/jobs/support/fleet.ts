/**
 * @module
 * The tables of fleet-worker.py as Tenon has them, and a Tenon worker on them that notes when it held which key.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../../src/connection/connection.ts";
import type { Leases } from "../../../src/jobs/leases.ts";
import type { PopulateEvent } from "../../../src/populate/events.ts";
import { populate } from "../../../src/populate/populate.ts";
import { Schema } from "../../../src/schema/schema.ts";

export function fleetTables() {
  const schema = new Schema();
  class Item extends schema.manual("item : int") {}
  class Task extends schema.computed(
    `
  -> Item
  ---
  worker : varchar(16)
`,
    { Item },
  ) {}
  return { schema, Item, Task };
}

/** From after the claim to before the insert transaction, in seconds since 1970. */
export interface Hold {
  readonly item: number;
  readonly fromS: number;
  readonly toS: number;
}

export class FleetWorker {
  readonly holds: Hold[] = [];
  readonly events: PopulateEvent[] = [];
  readonly #tables: ReturnType<typeof fleetTables>;
  readonly #leases: Leases;

  private constructor(tables: ReturnType<typeof fleetTables>, leases: Leases, jobMs: number) {
    this.#tables = tables;
    this.#leases = leases;
    const started = new Map<number, number>();
    tables.Task.makes({
      fetch: () => 0,
      compute: async ({ item }) => {
        started.set(item, Date.now() / 1000);
        await sleep(jobMs);
      },
      insert: async (key) => {
        this.holds.push({ item: key.item, fromS: started.get(key.item)!, toS: Date.now() / 1000 });
        await tables.Task.insert([{ ...key, worker: "tenon" }]);
      },
    });
  }

  /** @param jobMs  how long a job takes */
  static async start(
    connection: Connection,
    schema: string,
    leases: Leases,
    jobMs: number,
  ): Promise<FleetWorker> {
    const tables = fleetTables();
    await tables.schema.activate(connection, schema, { Item: tables.Item, Task: tables.Task });
    return new FleetWorker(tables, leases, jobMs);
  }

  /** Works until every item has its row. */
  async run(): Promise<void> {
    const { Item, Task } = this.#tables;
    while ((await Item.count()) > (await Task.count())) {
      await populate(Task, {
        reserve: true,
        leases: this.#leases,
        suppressErrors: true,
        // one by one, as the Python workers do: so that they meet
        maxCalls: 1,
        onEvent: (event) => this.events.push(event),
      });
      await sleep(20);
    }
  }
}

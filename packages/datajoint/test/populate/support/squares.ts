/**
 * @module
 * Table classes to populate: numbers, their squares, and a part with a row for each digit. One schema for a suite; each test begins with
 * tables that are empty but for its numbers.
 */
import type { PopulateEvent } from "../../../src/populate/events.ts";
import { findQueue } from "../../../src/populate/table-queue.ts";
import { Schema } from "../../../src/schema/schema.ts";
import type { TestDatabase } from "../../support/dialects.ts";

export class Squares {
  readonly #database: TestDatabase;
  readonly #generation: "legacy" | "current";
  #tables: Awaited<ReturnType<typeof makeTables>> | undefined;

  constructor(database: TestDatabase, generation: "legacy" | "current") {
    this.#database = database;
    this.#generation = generation;
  }

  /** Tables with these numbers and nothing computed. */
  async begin(count: number) {
    this.#tables ??= await makeTables(this.#database, this.#generation);
    const { Given, Squared } = this.#tables;
    await Given.delete();
    const queue = await findQueue(Squared);
    if (queue !== undefined)
      await this.#database.connection.run({ text: `DELETE FROM ${queue.words.jobs}`, parameters: [] });
    await Given.insert(Array.from({ length: count }, (_, i) => ({ given_id: i + 1, value: i + 10 })));
    return { ...this.#tables, ...this.#tables.define() };
  }
}

async function makeTables(database: TestDatabase, generation: "legacy" | "current") {
  const schema = new Schema();
  class Given extends schema.manual(`
  given_id : int
  ---
  value : int
`) {}
  class Squared extends schema.computed(
    `
  -> Given
  ---
  square : bigint
`,
    { Given },
  ) {}
  class Digit extends Squared.part(
    "Digit",
    `
  -> master
  place : int
  ---
  digit : int
`,
  ) {}
  const name = await database.createSchema("pop");
  await schema.activate(database.connection, name, { Given, Squared, Digit }, { generation });
  const define = () => {
    const calls: number[] = [];
    const events: PopulateEvent[] = [];
    let atCompute: (id: number, signal: AbortSignal) => unknown = () => undefined;
    Squared.makes({
      fetch: (key) => Given.restrict(key).fetch1(),
      compute: async ({ given_id }, { value }, { signal }) => {
        calls.push(given_id);
        await atCompute(given_id, signal);
        return value ** 2;
      },
      insert: async (key, square) => {
        await Squared.insert([{ ...key, square }]);
        const digits = [...String(square)].map((digit, place) => ({ ...key, place, digit: Number(digit) }));
        await Digit.insert(digits);
      },
    });
    return {
      calls,
      kinds: () => events.map(({ kind }) => kind),
      onEvent: (event: PopulateEvent) => events.push(event),
      atCompute: (work: typeof atCompute) => {
        atCompute = work;
      },
    };
  };
  const ids = async () => (await Squared.fetch({ orderBy: ["given_id"] })).map((row) => row.given_id);
  return { Given, Squared, Digit, ids, define };
}

/**
 * @module
 * The tables of a rehearsal: samples, and what is computed of them.
 *
 * `Result` has the attempt in its primary key, so nothing but the lease keeps a second worker from adding its own row for the same sample:
 * whatever the leases let through is seen by counting. `Digit` shows whether a transaction was whole.
 */
import { type Connection, Schema } from "@tenon/datajoint";

/** As the attempts' notes and the worker log would name it. */
export const resultProcess = "rehearsal.Result";

export type RehearsalTables = Awaited<ReturnType<typeof bindTables>>;

/** Declares the tables in `schema` or binds those that are there. */
export async function bindTables(connection: Connection, name: string, generation: "legacy" | "current") {
  const schema = new Schema();
  class Sample extends schema.manual(`
  # what there is to do in a rehearsal
  sample_id : int
  ---
  value : int
  `) {}
  class Result extends schema.computed(
    `
  # what was made of a sample
  -> Sample
  attempt : varchar(24)  # token of the attempt that made it
  ---
  square : bigint
  worker : varchar(64)
  `,
    { Sample },
  ) {}
  class Digit extends Result.part(
    "Digit",
    `
  -> master
  place : int
  ---
  digit : int
  `,
  ) {}
  await schema.activate(connection, name, { Sample, Result, Digit }, { generation });
  return { Sample, Result, Digit };
}

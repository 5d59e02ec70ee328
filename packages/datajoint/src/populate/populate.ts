/**
 * @module
 * Computes what is missing in an auto-populated table: the keys of its key source that it does not have yet.
 */
import { DataJointError } from "../errors.ts";
import { Leases } from "../jobs/leases.ts";
import type { Job } from "./attempt.ts";
import type { Listener } from "./events.ts";
import type { PopulateOptions, PopulateResult } from "./options.ts";
import type { Populatable } from "./populatable.ts";
import { Tally } from "./tally.ts";
import { Todo } from "./todo.ts";
import { ReservedWork } from "./with-reservation.ts";
import { populateWithoutReservation } from "./without-reservation.ts";

/**
 * Computes and inserts the keys that are left, one after the other.
 *
 * With `reserve` each key is leased first, so that any number of workers share the work; the call ends when no key is free, after
 * waiting for late leases of others. Failures are recorded with the job and not tried again until a person clears them.
 *
 * @throws DataJointError when the table has no make, or inside a transaction; what make throws, unless `suppressErrors`
 */
export async function populate(table: Populatable, options: PopulateOptions = {}): Promise<PopulateResult> {
  const name = table.className ?? table.table;
  const { make, connection } = table;
  if (make === undefined)
    throw new DataJointError(
      `${name} cannot be populated: it says nowhere how its rows are made (${name}.makes({ fetch, compute, insert })).`,
    );
  if (connection.inTransaction) {
    throw new DataJointError(
      `${name} cannot be populated inside a transaction: each key is committed by itself. Call populate outside.`,
    );
  }
  const {
    restrictions = [],
    signal = new AbortController().signal,
    onEvent: tell = () => undefined,
  } = options;
  const todo = new Todo(table, restrictions);
  const { beforeInsert, afterCommit, ownsRows } = options;
  const ending = options.finish === undefined ? signal : AbortSignal.any([signal, options.finish]);
  const job: Job = { table, make, todo, signal, ending, tell, beforeInsert, afterCommit, ownsRows };
  const tally = new Tally(options, tell);
  if (options.reserve !== true) await populateWithoutReservation(job, tally, options.order);
  else
    await withLeases(options, table, tell, async (leases) => {
      try {
        const work = await ReservedWork.begin(job, tally, leases, restrictions.length > 0);
        await work.run();
      } catch (error) {
        // the caller's end came during a wait for the database
        if (!(ending.aborted && error === ending.reason)) throw error;
      }
    });
  return tally.result;
}

/** How many keys are left, and how many there are in all, under the restrictions. */
export async function progress(
  table: Populatable,
  restrictions: PopulateOptions["restrictions"] = [],
): Promise<{ remaining: number; total: number }> {
  const todo = new Todo(table, restrictions);
  return { remaining: await todo.remaining(), total: await todo.total() };
}

async function withLeases(
  options: PopulateOptions,
  table: Populatable,
  tell: Listener,
  work: (leases: Leases) => Promise<void>,
): Promise<void> {
  const leases = options.leases ?? (await Leases.open(table.connection.settings, options.timing));
  const stopListening = leases.beater.onEvent(tell);
  try {
    await work(leases);
  } finally {
    stopListening();
    if (options.leases === undefined) await leases.close();
  }
}

/**
 * @module
 * Takes an abandoned lease over: compare and set on the token and the expiry that were seen, so that one beat in between prevents it.
 */
import { hostname } from "node:os";
import type { RunResult, Statement } from "../connection/driver.ts";
import { LeaseLostError } from "../errors.ts";
import type { Claim } from "./claim.ts";
import { freeing } from "./give-back.ts";
import type { LateJob } from "./late.ts";
import { countToken, isMine, type JobQueue, joined, sql } from "./queue.ts";
import { queuesOf } from "./twin.ts";

/** @returns the new claim; undefined when the holder has renewed, ended, or another worker was first */
export async function takeOver(queue: JobQueue, late: LateJob): Promise<Claim | undefined> {
  if (queue.twin !== undefined) return takeOverBoth(queue, late);
  const { key } = late;
  if (queue.words.counter === undefined) {
    const { affectedRows, insertId } = await take(queue, queue.words.nextToken, isSeen(late));
    return affectedRows === 1 ? { key, token: insertId } : undefined;
  }
  return orUndefined(() =>
    queue.connection.transaction(async () => {
      const counted = await countToken(queue);
      const token = counted > late.token ? counted : late.token + 1n;
      // thrown to roll the counter back
      if ((await take(queue, String(token), isSeen(late))).affectedRows !== 1)
        throw new LeaseLostError("The late lease was renewed or taken.");
      return { key, token };
    }),
  );
}

function take({ words, connection, timing }: JobQueue, token: string, where: Statement): Promise<RunResult> {
  return connection.run(
    joined(
      sql(
        `UPDATE ${words.jobs} SET connection_id=${token}, host=?, pid=?, user=${words.user}, ${words.expiry}=${words.time(timing.leaseS)} WHERE`,
        hostname(),
        process.pid,
      ),
      where,
    ),
  );
}

/** That the row is as it was seen. */
function isSeen({ queue, key, token, expiry }: LateJob): Statement {
  return joined(isMine(queue, key, token), sql(`AND ${queue.words.expiry}=?`, expiry));
}

/** A lease in two queues is taken in both. If a person has removed one of its rows the other is freed: it holds nothing. */
async function takeOverBoth(queue: JobQueue, late: LateJob): Promise<Claim | undefined> {
  const { key } = late;
  return orUndefined(() =>
    queue.connection.transaction(async () => {
      let token: string | bigint = queue.words.nextToken;
      const taken: JobQueue[] = [];
      for (const one of queuesOf(queue)) {
        const where = one.jobs === late.queue.jobs ? isSeen(late) : isMine(one, key, late.token);
        const { affectedRows, insertId } = await take(one, String(token), where);
        if (affectedRows !== 1) continue;
        if (typeof token === "string") token = insertId;
        taken.push(one);
      }
      if (taken.length === 2 && typeof token === "bigint") return { key, token };
      const half = taken.find(({ jobs }) => jobs === late.queue.jobs);
      // thrown to roll the other one back: this one was renewed
      if (half === undefined || typeof token === "string")
        throw new LeaseLostError("The late lease was renewed or taken.");
      await half.connection.run(joined(freeing(half), "WHERE", isMine(half, key, token)));
      return undefined;
    }),
  );
}

async function orUndefined(work: () => Promise<Claim | undefined>): Promise<Claim | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LeaseLostError) return undefined;
    throw error;
  }
}

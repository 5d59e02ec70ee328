/**
 * @module
 * Takes an abandoned lease over: compare and set on the token and the expiry that were seen, so that one beat in between prevents it.
 */
import { hostname } from "node:os";
import { LeaseLostError } from "../errors.ts";
import type { Claim } from "./claim.ts";
import type { LateJob } from "./late.ts";
import { countToken, isMine, type JobQueue, joined, sql } from "./queue.ts";

/** @returns the new claim; undefined when the holder has renewed, ended, or another worker was first */
export async function takeOver(queue: JobQueue, late: LateJob): Promise<Claim | undefined> {
  const { words, connection } = queue;
  const { key } = late;
  const take = (token: string) =>
    connection.run(
      joined(
        sql(
          `UPDATE ${words.jobs} SET connection_id=${token}, host=?, pid=?, user=${words.user}, ${words.expiry}=${words.time(queue.timing.leaseS)} WHERE`,
          hostname(),
          process.pid,
        ),
        isMine(queue, key, late.token),
        sql(`AND ${words.expiry}=?`, late.expiry),
      ),
    );
  if (words.counter === undefined) {
    const { affectedRows, insertId } = await take(words.nextToken);
    return affectedRows === 1 ? { key, token: insertId } : undefined;
  }
  try {
    return await connection.transaction(async () => {
      const counted = await countToken(queue);
      const token = counted > late.token ? counted : late.token + 1n;
      // thrown to roll the counter back
      if ((await take(String(token))).affectedRows !== 1)
        throw new LeaseLostError("The late lease was renewed or taken.");
      return { key, token };
    });
  } catch (error) {
    if (error instanceof LeaseLostError) return undefined;
    throw error;
  }
}

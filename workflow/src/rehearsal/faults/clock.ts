/**
 * @module
 * The server's clock steps: every lease seems an hour old, or an hour ahead. With the lab's command the clock itself is stepped; without it
 * the expiry of every lease is moved instead, since the clock is other people's too.
 */
import { shell } from "../shell.ts";
import type { Fault, Stage } from "../stage.ts";

/** When it strikes, as a share of the keys done, and by how much. */
const steps = [
  [0.1, 3600],
  [0.3, -3600],
  [0.5, 300],
  [0.7, -300],
] as const;

export const clock: Fault = {
  name: "clock",
  what: "the server's clock is stepped by an hour and by five minutes, ahead and back (or, without --step-clock, the expiry of every lease is moved so)",
  cannot: () => undefined,
  async strike(stage, { stepClock }) {
    let times = 0;
    for (const [share, seconds] of steps) {
      await stage.untilDone(share);
      if (stage.isOver()) break;
      if (stepClock === undefined) await moveLeases(stage, -seconds);
      else await shell(stepClock, { SECONDS: `${seconds}` });
      times++;
      await stage.pause(stage.leaseS / 4);
    }
    return times;
  },
};

/** A clock that is ahead makes leases look old, so they are moved the other way. */
async function moveLeases({ connection, queue }: Stage, seconds: number): Promise<void> {
  const jobs = await queue();
  if (jobs === undefined) return;
  const { words } = jobs;
  const moved = connection.dialect.can.concurrentWriters
    ? `${words.expiry} + INTERVAL ${seconds} SECOND`
    : `strftime('%Y-%m-%d %H:%M:%f', ${words.expiry}, '${seconds} seconds')`;
  await connection.run({
    text: `UPDATE ${words.jobs} SET ${words.expiry} = ${moved} WHERE status='reserved'`,
    parameters: [],
  });
}

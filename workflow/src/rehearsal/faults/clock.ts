/** @module The server's clock steps: every lease seems an hour old, or an hour ahead. Done to the leases and not to the clock, which is other people's too. */
import type { Fault } from "../stage.ts";

export const clock: Fault = {
  name: "clock",
  what: "the expiry of every lease is moved by an hour, back and ahead, as a step of the server's clock would",
  cannot: () => undefined,
  async strike({ connection, queue, untilDone, isOver, pause, leaseS }) {
    let steps = 0;
    for (const [share, seconds] of [
      [0.1, -3600],
      [0.3, 3600],
      [0.5, -300],
      [0.7, 300],
    ] as const) {
      await untilDone(share);
      if (isOver()) break;
      const jobs = await queue();
      if (jobs === undefined) continue;
      const { words } = jobs;
      const moved = connection.dialect.can.concurrentWriters
        ? `${words.expiry} + INTERVAL ${seconds} SECOND`
        : `strftime('%Y-%m-%d %H:%M:%f', ${words.expiry}, '${seconds} seconds')`;
      await connection.run({
        text: `UPDATE ${words.jobs} SET ${words.expiry} = ${moved} WHERE status='reserved'`,
        parameters: [],
      });
      steps++;
      await pause(leaseS / 2);
    }
    return steps;
  },
};

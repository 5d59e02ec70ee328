/** @module The database server is restarted under the workers' hands. */
import { shell } from "../shell.ts";
import type { Fault } from "../stage.ts";

export const server: Fault = {
  name: "server",
  what: "the database server is restarted by the lab's command while workers compute",
  cannot: ({ restartServer }) =>
    restartServer === undefined
      ? "no command that restarts the server was given (--restart-server 'systemctl restart mysql')"
      : undefined,
  async strike({ untilDone, isOver, pause }, { restartServer }) {
    let restarts = 0;
    for (const share of [0.2, 0.6]) {
      await untilDone(share);
      if (isOver()) break;
      await shell(restartServer!);
      restarts++;
      await pause(1);
    }
    return restarts;
  },
};

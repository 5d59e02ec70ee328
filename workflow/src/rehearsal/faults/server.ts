/** @module The database server is restarted under the workers' hands. */
import { spawn } from "node:child_process";
import type { Fault } from "../stage.ts";

/** Thrown when the server could not be restarted as the lab said. */
export class RestartError extends Error {
  override readonly name = "RestartError";
}

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

function shell(command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", command], { stdio: ["ignore", "ignore", "pipe"] });
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-1000);
    });
    child.once("error", reject);
    // exit and not close: a server that it starts may keep the pipe
    child.once("exit", (code) => {
      child.stderr.destroy();
      if (code === 0) resolve();
      else
        reject(
          new RestartError(`'${command}' ended with exit code ${code}: ${complaint.trim() || "no message"}`),
        );
    });
  });
}

/** @module Runs a shell command that the lab gave for a fault, and says what it said when it failed. */
import { spawn } from "node:child_process";

/** Thrown when a lab's command failed. */
export class FaultCommandError extends Error {
  override readonly name = "FaultCommandError";
}

/** Resolves when the command has ended with 0.
 * @param env  added to the environment
 * @throws FaultCommandError with its last words */
export function shell(command: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", command], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...env },
    });
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
          new FaultCommandError(
            `'${command}' ended with exit code ${code}: ${complaint.trim() || "no message"}`,
          ),
        );
    });
  });
}

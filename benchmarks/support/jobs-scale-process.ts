/**
 * @module
 * Starts a worker process of benchmarks/jobs-scale.ts, of either language, and reads its lines.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { MysqlSettings } from "@tenon/datajoint";
import type { ScaleOrder } from "./jobs-scale-worker.ts";

export class ScaleWorker {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(python: string | undefined, order: ScaleOrder) {
    const script = (ending: string) =>
      fileURLToPath(new URL(`./jobs-scale-worker.${ending}`, import.meta.url));
    const { host, port, user, password = "" } = order.settings as MysqlSettings;
    const env = { DJ_HOST: host, DJ_PORT: String(port), DJ_USER: user, DJ_PASS: password };
    this.#child =
      python === undefined
        ? spawn(process.execPath, [script("ts"), JSON.stringify(order)], {
            stdio: ["pipe", "pipe", "inherit"],
          })
        : spawn(python, [script("py"), order.schema, String(order.jobMs)], {
            stdio: ["pipe", "pipe", "inherit"],
            env: { ...process.env, ...env },
          });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) {
      const { exitCode, signalCode } = this.#child;
      throw new Error(`A worker ended early (${exitCode ?? signalCode}); its error is above.`);
    }
    return value;
  }

  go(): void {
    this.#child.stdin.write("\n");
  }

  end(): void {
    if (this.isAlive) this.#child.kill("SIGKILL");
  }
}

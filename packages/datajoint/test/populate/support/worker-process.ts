/**
 * @module
 * Starts worker.ts as a process of its own, reads its lines and ends it, whatever happens to the test.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { WorkerOrder } from "./worker.ts";

export interface Line {
  readonly kind?: string;
  readonly part?: string;
  readonly id?: number;
  readonly key?: { readonly id: number };
  readonly isTakeover?: boolean;
  readonly successCount?: number;
  readonly errors?: readonly string[];
  readonly message?: string;
  /** When it was read, by performance.now(). */
  readonly atMs: number;
}

export class WorkerProcess {
  readonly lines: Line[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exit: Promise<void>;
  readonly #waiters = new Set<() => void>();
  #hasEnded = false;

  /** @param test  that it ends with, however the test ends */
  constructor(order: WorkerOrder, test: Pick<TestContext, "after">) {
    const script = fileURLToPath(new URL("./worker.ts", import.meta.url));
    this.#child = spawn(process.execPath, [script, JSON.stringify(order)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#exit = new Promise((resolve) => {
      createInterface({ input: this.#child.stdout })
        .on("line", (text) => {
          this.lines.push({ ...(JSON.parse(text) as Omit<Line, "atMs">), atMs: performance.now() });
          this.#wake();
        })
        .on("close", () => {
          this.#hasEnded = true;
          this.#wake();
          resolve();
        });
    });
    test.after(() => this.kill());
  }

  /** Waits for a line. @throws Error when the process ends, or `withinS` pass, without it */
  async line(isIt: (line: Line) => boolean, what: string, withinS = 30): Promise<Line> {
    const deadline = performance.now() + withinS * 1000;
    for (;;) {
      const found = this.lines.find(isIt);
      if (found !== undefined) return found;
      if (this.#hasEnded)
        throw new Error(`The worker ended without ${what}; it said ${JSON.stringify(this.lines)}`);
      const left = deadline - performance.now();
      if (left <= 0)
        throw new Error(`No ${what} within ${withinS} s; the worker said ${JSON.stringify(this.lines)}`);
      await this.#next(left);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Lets a worker that hangs go on. */
  goOn(): void {
    this.#child.stdin.write("\n");
  }

  /** Waits for its end. @throws Error after `withinS` */
  async ended(withinS = 40): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), withinS * 1000);
    await this.#exit;
    clearTimeout(timer);
    if (this.#child.signalCode === "SIGKILL")
      throw new Error(`The worker did not end within ${withinS} s: ${JSON.stringify(this.lines.slice(-5))}`);
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
  }

  #next(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      this.#waiters.add(done);
    });
  }
}

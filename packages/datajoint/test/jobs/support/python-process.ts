/**
 * @module
 * Starts fleet-worker.py under one of the two generations of datajoint-python, and reads its lines.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { MysqlSettings } from "../../../src/connection/connection.ts";
import type { TestDatabase } from "../../support/dialects.ts";

export type PythonGeneration = "0.14" | "2";

export const pythons: Readonly<Record<PythonGeneration, string | undefined>> = {
  "0.14": process.env.TENON_PYTHON_DATAJOINT,
  "2": process.env.TENON_PYTHON_DATAJOINT2,
};

/** Why a test cannot run that needs these clients; undefined when it can. */
export function missingPython(generations: readonly PythonGeneration[]): string | false {
  const missing = generations.filter((generation) => pythons[generation] === undefined);
  if (missing.length === 0) return false;
  return `no Python client for datajoint ${missing.join(" and ")}: TENON_PYTHON_DATAJOINT, TENON_PYTHON_DATAJOINT2 (scripts/python-env.sh)`;
}

export interface PythonLine {
  readonly kind: string;
  /** Seconds since 1970. */
  readonly at: number;
  readonly worker: string;
  readonly item?: number;
  readonly status?: string;
  readonly error_message?: string;
  readonly error_stack?: string | null;
  readonly errors?: readonly string[];
  readonly successCount?: number;
  readonly version?: string;
  readonly orphaned?: number;
}

export class PythonProcess {
  readonly lines: PythonLine[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exit: Promise<void>;
  #wake: () => void = () => undefined;
  #hasEnded = false;

  constructor(
    generation: PythonGeneration,
    database: TestDatabase,
    args: readonly string[],
    test: Pick<TestContext, "after">,
  ) {
    const { host, port, user, password } = database.settings as MysqlSettings;
    const env = { DJ_HOST: host, DJ_PORT: String(port ?? 3306), DJ_USER: user, DJ_PASS: password ?? "" };
    const script = fileURLToPath(new URL("./fleet-worker.py", import.meta.url));
    this.#child = spawn(pythons[generation]!, [script, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...env },
    });
    this.#exit = new Promise((resolve) => {
      createInterface({ input: this.#child.stdout })
        .on("line", (text) => {
          this.lines.push(JSON.parse(text) as PythonLine);
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

  get pid(): number {
    return this.#child.pid!;
  }

  /** Waits for a line of this kind. @throws Error when the process ends without it */
  async line(kind: string): Promise<PythonLine> {
    for (;;) {
      const found = this.lines.find((line) => line.kind === kind);
      if (found !== undefined) return found;
      if (this.#hasEnded)
        throw new Error(`The Python worker ended without "${kind}"; it said ${JSON.stringify(this.lines)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  goOn(): void {
    this.#child.stdin.write("\n");
  }

  async ended(): Promise<void> {
    await this.#exit;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }
}

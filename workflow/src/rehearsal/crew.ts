/**
 * @module
 * A rehearsal's workers: processes that are started again when they die, as systemd, Slurm or Kubernetes would, and continued some time after
 * they stopped themselves.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Plan, WorkerLine, WorkerOrder } from "./worker-process.ts";

/** A worker that dies so often without having done anything will not live. */
const stillbornMost = 40;

export interface CrewOptions {
  readonly size: number;
  readonly order: Omit<WorkerOrder, "name" | "plan">;
  /** Environment of the so-manieth place of the crew. */
  readonly env: (place: number) => Readonly<Record<string, string | undefined>>;
  /** What the next worker of a place does to itself. */
  readonly plan: (place: number) => Plan | undefined;
  /** How long a stopped worker stays stopped. */
  readonly stoppedMs: number;
}

/** What happened, over all workers. */
export interface CrewCounts {
  /** Processes started. */
  starts: number;
  killed: number;
  stopped: number;
  started: number;
  done: number;
  takenOver: number;
  lost: number;
  failed: number;
  troubles: number;
}

export class Crew {
  readonly counts: CrewCounts = {
    starts: 0,
    killed: 0,
    stopped: 0,
    started: 0,
    done: 0,
    takenOver: 0,
    lost: 0,
    failed: 0,
    troubles: 0,
  };
  /** How often a worker was killed or stopped in each phase. */
  readonly phases = new Map<string, number>();
  /** Sentences that workers gave: errors of keys, troubles with the database; the last of each. */
  readonly said = new Set<string>();
  readonly #options: CrewOptions;
  readonly #children = new Set<ChildProcess>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #stillborn = 0;
  #isEnding = false;
  /** Why the crew cannot work. */
  failure: string | undefined;

  constructor(options: CrewOptions) {
    this.#options = options;
    for (let place = 0; place < options.size; place++) this.#start(place);
  }

  /** Lets everyone finish what is in hand; kills who does not within `withinS`. */
  async end(withinS = 30): Promise<void> {
    this.#isEnding = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const child of this.#children) {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
    }
    const deadline = performance.now() + withinS * 1000;
    while (this.#children.size > 0 && performance.now() < deadline) await sleep(50);
    for (const child of this.#children) {
      this.said.add(`a worker did not end within ${withinS} s and was killed`);
      child.kill("SIGKILL");
    }
    while (this.#children.size > 0) await sleep(20);
  }

  #start(place: number): void {
    if (this.#isEnding) return;
    const { order, env, plan } = this.#options;
    const full: WorkerOrder = { ...order, name: `worker ${place + 1}`, plan: plan(place) };
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL("./worker-process.ts", import.meta.url)), JSON.stringify(full)],
      { env: env(place) as NodeJS.ProcessEnv, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.counts.starts++;
    this.#children.add(child);
    let isReady = false;
    let complaint = "";
    createInterface({ input: child.stdout! }).on("line", (text) => {
      const line = parse(text);
      if (line === undefined) return;
      if (line.kind === "ready") isReady = true;
      this.#hear(line, child);
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-2000);
    });
    child.once("close", () => {
      this.#children.delete(child);
      if (this.#isEnding) return;
      if (!isReady && ++this.#stillborn > stillbornMost) {
        this.failure = `The workers of the rehearsal do not start: ${complaint.trim().split("\n").at(-1) ?? "no message"}`;
        return;
      }
      // the pause before a restart
      this.#later(isReady ? 100 : 500, () => this.#start(place));
    });
  }

  #hear(line: WorkerLine, child: ChildProcess): void {
    const { counts, phases } = this;
    if (line.phase !== undefined) phases.set(line.phase, (phases.get(line.phase) ?? 0) + 1);
    if (line.kind === "SIGKILL") counts.killed++;
    else if (line.kind === "SIGSTOP") {
      counts.stopped++;
      this.#later(this.#options.stoppedMs, () => child.kill("SIGCONT"));
    } else if (line.kind === "started") {
      counts.started++;
      if (line.isTakeover === true) counts.takenOver++;
    } else if (line.kind === "done") counts.done++;
    else if (line.kind === "lost") counts.lost++;
    else if (line.kind === "failed" || line.kind === "afterCommitFailed") {
      counts.failed++;
      this.said.add(line.message ?? line.kind);
    } else if (line.kind === "trouble" || line.kind === "databaseAway" || line.kind === "beaterDied") {
      counts.troubles++;
      this.said.add(line.message ?? line.kind);
    }
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
  }
}

/** A line may be cut where its worker was killed. */
function parse(text: string): WorkerLine | undefined {
  try {
    return JSON.parse(text) as WorkerLine;
  } catch {
    return undefined;
  }
}

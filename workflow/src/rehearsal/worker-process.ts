/**
 * @module
 * The program of one worker of a rehearsal: computes `Result` until SIGTERM, as the pipeline's own workers do (leases, attempts' folders, sweep),
 * and prints one JSON line for each thing that happens. Its order is one JSON argument; the password comes with the configuration.
 *
 * When told so it ends (SIGKILL) or stops (SIGSTOP) itself in a phase of an attempt, so that each phase is met and not only the longest.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, Leases, populate } from "@tenon/datajoint";
import { attemptStates } from "../populate/attempt-state.ts";
import { Lab } from "../populate/lab.ts";
import { timingOf } from "../populate/lease-timing.ts";
import { Sweeper } from "../populate/sweeper.ts";
import { loadSettings } from "../settings/settings.ts";
import { bindTables, resultProcess } from "./tables.ts";

/** `fetch` follows the claim; `fenced` and `insert` are inside the insert transaction; `committed` is before the files are published. */
export const phases = ["fetch", "compute", "computed", "fenced", "insert", "committed"] as const;
export type Phase = (typeof phases)[number];

/** What a worker does to itself, at the so-manieth attempt that it begins. */
export interface Plan {
  readonly signal: "SIGKILL" | "SIGSTOP";
  readonly phase: Phase;
  readonly attempt: number;
}

export interface WorkerOrder {
  readonly config: string;
  readonly schema: string;
  readonly generation: "legacy" | "current";
  readonly name: string;
  /** What one key takes, asleep. */
  readonly computeMs: number;
  /** Size of the file that an attempt leaves. */
  readonly fileBytes: number;
  readonly plan?: Plan | undefined;
}

/** One line of a worker: an event of populate, a plan being carried out, or what the program says of itself. */
export interface WorkerLine {
  readonly kind: string;
  readonly sample?: number;
  readonly phase?: Phase;
  readonly isTakeover?: boolean;
  readonly message?: string;
}

/** The file of a sample: its number over and over, so that one half-written is seen. */
export function contentOf(sample: number, bytes: number): string {
  const line = `sample ${sample}\n`;
  return line.repeat(Math.ceil(bytes / line.length));
}

async function main(order: WorkerOrder): Promise<void> {
  const say = (line: WorkerLine) => process.stdout.write(`${JSON.stringify(line)}\n`);
  const ending = new AbortController();
  process.on("SIGTERM", () => ending.abort(new Error("Stopped by SIGTERM")));
  const settings = loadSettings({ file: order.config });
  await using connection = await connect(settings.database);
  const { Sample, Result, Digit } = await bindTables(connection, order.schema, order.generation);
  const lab = new Lab({
    rawRoots: [],
    processedRoot: settings.processedRoot,
    threads: 1,
    stateOf: attemptStates(new Map([[resultProcess, Result]])),
  });
  await using leases = await Leases.open(settings.database, timingOf(settings.leaseS));
  await using _sweeper = await Sweeper.start(lab, (message) => say({ kind: "log", message }));

  let attempts = 0;
  const reach = async (phase: Phase, sample: number) => {
    if (phase === "fetch") attempts++;
    const { plan } = order;
    if (plan === undefined || plan.phase !== phase || attempts !== plan.attempt) return;
    say({ kind: plan.signal, phase, sample });
    // the line must be out before the process is not
    await sleep(20);
    process.kill(process.pid, plan.signal);
    await sleep(20);
    // who stood still finishes what it has in hand, if it may, and makes room for another that meets the next phase
    ending.abort(new Error("Continued after SIGSTOP"));
  };
  Result.makes({
    fetch: async (key) => {
      await reach(connection.inTransaction ? "fenced" : "fetch", key.sample_id);
      return Sample.restrict({ sample_id: key.sample_id }).fetch1();
    },
    compute: async ({ sample_id }, { value }, { attempt, signal }) => {
      const parent = join(settings.processedRoot, `sample_${sample_id}`);
      const owner = { process: resultProcess, key: { sample_id } };
      const folder = await lab.begin(parent, "result", `${attempt.token}`, owner);
      await writeFile(join(folder, "result.txt"), contentOf(sample_id, order.fileBytes));
      await reach("compute", sample_id);
      await sleep(order.computeMs, undefined, { signal });
      return value ** 2;
    },
    insert: async ({ sample_id }, square, { attempt }) => {
      const row = { sample_id, attempt: `${attempt.token}` };
      await Result.insert([{ ...row, square, worker: order.name }]);
      await Digit.insert([...`${square}`].map((digit, place) => ({ ...row, place, digit: Number(digit) })));
      await reach("insert", sample_id);
    },
  });

  say({ kind: "ready" });
  while (!ending.signal.aborted) {
    let token = "";
    const drops: Promise<void>[] = [];
    try {
      await populate(Result, {
        reserve: true,
        suppressErrors: true,
        leases,
        finish: ending.signal,
        beforeInsert: async ({ key, token: own }) => {
          await lab.seal(`${own}`);
          await reach("computed", Number(key["sample_id"]));
        },
        afterCommit: async ({ key, token: own }) => {
          await reach("committed", Number(key["sample_id"]));
          await lab.publish(`${own}`);
        },
        onEvent: (event) => {
          if (event.kind === "started") token = `${event.attempt.token}`;
          else if (event.kind === "lost") lab.leave(token);
          else if (event.kind === "failed" || event.kind === "released" || event.kind === "skipped")
            drops.push(lab.drop(token));
          if (event.kind === "progress" || event.kind === "waiting") return;
          say({
            kind: event.kind,
            ...("key" in event ? { sample: Number(event.key["sample_id"]) } : {}),
            ...("isTakeover" in event ? { isTakeover: event.isTakeover } : {}),
            ...("message" in event ? { message: event.message } : {}),
            ...("reason" in event ? { message: event.reason } : {}),
          });
        },
      });
    } catch (error) {
      // the database or its connection; a worker of the pipeline goes on too
      say({ kind: "trouble", message: (error as Error).message });
    }
    await Promise.all(drops);
    await sleep(300, undefined, { signal: ending.signal }).catch(() => undefined);
  }
  say({ kind: "ended" });
}

if (import.meta.main) await main(JSON.parse(process.argv[2]!) as WorkerOrder);

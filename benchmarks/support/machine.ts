/**
 * @module
 * On what a benchmark ran: what its printed results begin with.
 */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly revision: string;
  /** Load average of the last minute when the run began: above the cores, wall times mean nothing. */
  readonly load: number;
}

export function describeMachine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 16) + "Z",
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    revision: gitRevision(),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

/** One line. */
export function machineLine(machine: Machine): string {
  const { date, cpu, cores, memoryGb, node, revision, load } = machine;
  return `${date}, ${cpu}, ${cores} cores, ${memoryGb} GB, load ${load}; Node ${node}, revision ${revision}`;
}

function gitRevision(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8", stdio: "pipe" }).trim();
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain") === "" ? "" : " + changes");
  } catch {
    return "unknown"; // a copy of the tree without git is a fine place to run a benchmark
  }
}

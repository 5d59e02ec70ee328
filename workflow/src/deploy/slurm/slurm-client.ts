/**
 * @module
 * The two programs of Slurm that are called: `squeue` to count, `sbatch` to submit.
 */
import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { SlurmError } from "./batch-script.ts";

export interface SlurmClient {
  /** Jobs of these names that wait or run, array tasks counted one by one. */
  queued(names: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Submits an array of so many jobs; returns Slurm's job number. */
  submit(script: string, jobs: number): Promise<string>;
}

/** @param env  what the programs get; without secrets, since sbatch could keep them */
export function slurmClient(env: Readonly<Record<string, string | undefined>>): SlurmClient {
  const run = (program: string, args: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile(program, [...args], { env: { ...env }, timeout: 60_000 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(failure(program, error, stderr));
      });
    });
  return {
    async queued(names) {
      const { username } = userInfo();
      const out = await run("squeue", [
        "--noheader",
        "--array",
        `--user=${username}`,
        `--name=${names.join(",")}`,
        "--format=%j %T",
      ]);
      const counts = new Map(names.map((name) => [name, 0]));
      for (const line of out.split("\n")) {
        const [name = "", state] = line.trim().split(/\s+/);
        // one that is ending takes no key any more
        if (counts.has(name) && state !== "COMPLETING") counts.set(name, counts.get(name)! + 1);
      }
      return counts;
    },
    async submit(script, jobs) {
      const out = await run("sbatch", ["--parsable", `--array=1-${jobs}`, script]);
      const [id = ""] = out.trim().split(";");
      if (!/^\d+$/.test(id))
        throw new SlurmError(
          `sbatch --parsable ${script} should print a job's number, got '${out.trim().slice(0, 200)}'. Look with squeue whether it was submitted.`,
        );
      return id;
    },
  };
}

function failure(program: string, error: Error & { code?: unknown }, stderr: string): SlurmError {
  if (error.code === "ENOENT")
    return new SlurmError(
      `The program ${program} is not on the PATH, so this is no machine that submits Slurm jobs. Run this on a login node, or load its module (module load slurm).`,
      { cause: error },
    );
  const said = stderr.trim().split("\n").at(-1) ?? "";
  return new SlurmError(`${program} failed: ${said === "" ? error.message : said}`, { cause: error });
}

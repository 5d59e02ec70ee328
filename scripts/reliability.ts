/**
 * @module
 * Plays every fault many times on MySQL 9, MariaDB and SQLite, with servers of its own, and writes what happened: docs/reliability.md.
 *
 *   npm run reliability [-- --rounds 5] [--databases mysql,mariadb,sqlite] [--out docs/reliability.md] [--seed 1]
 *
 * Needs root (own servers, a tmpfs to fill) and what `scripts/test-servers.sh start` made; a real step of the clock needs Debian's faketime.
 * Each database is rehearsed with leases of 4 s, all faults, and with the leases of 40 s that workers use, where a cut lasts 90 s. Exit 1
 * when anything was lost, doubled or left behind; the page is written all the same.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Rehearsal } from "../workflow/src/rehearsal/rehearse.ts";
import { reliabilityPage } from "../workflow/src/rehearsal/summary.ts";
import { cannotStart } from "../workflow/test/support/own-server.ts";
import { type StageServer, stageServer } from "./support/stage-server.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    databases: { type: "string", default: "mysql,mariadb,sqlite" },
    out: { type: "string", default: join(import.meta.dirname, "../docs/reliability.md") },
    seed: { type: "string", default: "1" },
  },
});
const program = join(import.meta.dirname, "../workflow/src/cli/tenon.ts");
// the servers are found where the tests find them
process.env["TENON_TEST_MYSQL"] ??= "own";
process.env["TENON_TEST_MARIADB"] ??= "own";

/** Runs `tenon rehearse` in a lab of its own. */
async function rehearse(
  name: string,
  server: StageServer | undefined,
  words: readonly string[],
): Promise<Rehearsal> {
  const folder = mkdtempSync(join(tmpdir(), `tenon-reliability-${name}-`));
  const disk = join(folder, "disk");
  for (const part of ["raw", "processed", "disk"]) mkdirSync(join(folder, part));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
  const custom = {
    "database.prefix": "lab_",
    raw_root_data_dir: "raw",
    processed_root_data_dir: "processed",
  };
  writeFileSync(join(folder, "dj_local_conf.json"), JSON.stringify({ custom }), { mode: 0o600 });
  const own: Readonly<Record<string, string>> =
    server === undefined
      ? {}
      : { DJ_HOST: "127.0.0.1", DJ_PORT: `${server.port}`, DJ_USER: "tenon", DJ_PASS: "tenon" };
  const means = [
    ...(server === undefined ? [] : ["--restart-server", server.restart]),
    ...(server?.stepClock === undefined ? [] : ["--step-clock", server.stepClock]),
  ];
  try {
    await run(["rehearse", "--small-disk", disk, ...means, ...words], folder, name, own);
    return JSON.parse(readFileSync(join(folder, "rehearsal/certificate.json"), "utf8")) as Rehearsal;
  } finally {
    execFileSync("umount", ["--lazy", disk]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints its lines with the database's name before them; an exit code of 1 is in the certificate. */
function run(
  words: readonly string[],
  cwd: string,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], {
      cwd,
      env: { PATH: process.env["PATH"], HOME: cwd, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.split("\n"))
        if (line !== "" && !/%/.test(line)) process.stderr.write(`${name}: ${line}\n`);
    });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 || code === 1
        ? resolve()
        : reject(new Error(`tenon rehearse on ${name} ended with ${code}`)),
    );
  });
}

async function database(name: string): Promise<readonly Rehearsal[]> {
  const short = ["--rounds", values.rounds, "--seed", values.seed];
  // a cut of 90 s, a worker that stands still for 68 s
  const long = [
    "--lease",
    "40",
    "--no-lab",
    "--faults",
    "kill,stop,network",
    "--samples",
    "60",
    "--seed",
    values.seed,
  ];
  if (name === "sqlite") return [await rehearse(name, undefined, short)];
  const kind = name as "mysql" | "mariadb";
  const why = cannotStart(kind);
  if (why !== false) throw new Error(`${name}: ${why}`);
  await using server = await stageServer(kind);
  const rehearsals = [await rehearse(name, server, short)];
  rehearsals.push(await rehearse(name, server, long));
  return rehearsals;
}

const rehearsals = (await Promise.all(values.databases.split(",").map(database))).flat();
writeFileSync(
  values.out,
  reliabilityPage(
    rehearsals,
    `npm run reliability -- --rounds ${values.rounds} --databases ${values.databases} --seed ${values.seed}`,
  ),
);
const problems = rehearsals.flatMap((rehearsal) => rehearsal.problems);
for (const { where, message } of problems) process.stderr.write(`problem: ${where}: ${message}\n`);
process.stdout.write(`${values.out}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

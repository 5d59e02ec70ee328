/**
 * @module
 * What one worker of each kind asks of a MySQL 9 and of its machine, at work on one recording and idle: connections, statements a second,
 * bytes to and from the database, bytes read from and written to files, processor seconds, resident memory.
 *
 *     source SETTINGS; node scripts/start.mjs benchmarks/worker-load.ts
 *         [--suite np384-static] [--seed 1] [--idle-s 60] [--sleep 30] [--statements] [--json]
 *
 * The server is the benchmark's own (support/bench-server.ts), and every worker has an account of its own, so that the server's counters
 * (performance_schema, by user) are those of one worker. At work: the three workers with --once in the order in which a recording passes
 * through them. Idle: all three, nothing to do, counted after their first round. Goals: idle, less than one statement a second
 * and less than 80 MB; else the exit code is 1. Memory is sampled five times a second. Needs root and Linux.
 */
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { makeTestLab, startProgram, type TestLab } from "../workflow/test/support/test-lab.ts";
import { startBenchServer } from "./support/bench-server.ts";
import { describeMachine, machineLine } from "./support/machine.ts";
import { median } from "./support/median.ts";
import { type ProcessUsage, processUsage } from "./support/process-usage.ts";

const { values } = parseArgs({
  options: {
    suite: { type: "string", default: "np384-static" },
    seed: { type: "string", default: "1" },
    "idle-s": { type: "string", default: "60" },
    sleep: { type: "string", default: "30" },
    statements: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const kinds = ["standard_worker", "spike_processing_worker", "spike_sorting_worker"] as const;
type Kind = (typeof kinds)[number];

interface Load {
  readonly worker: Kind;
  readonly seconds: number;
  readonly statements: number;
  readonly mostConnections: number;
  readonly databaseBytes: { readonly sent: number; readonly received: number };
  readonly usage: ProcessUsage;
  readonly peakMb: number;
  readonly medianMb: number;
  /** Median of what no other process shares with it: Node's own code is 36 MB and more of the resident memory, once on a machine. */
  readonly ownMb: number;
}

await using server = await startBenchServer();
const { hostname, port, username, password } = new URL(server.url);
for (const kind of kinds)
  server.own.sql(`CREATE USER '${kind}'@'%' IDENTIFIED BY '${password}'; GRANT ALL ON *.* TO '${kind}'@'%';`);
const lab = makeTestLab({
  name: "mysql",
  env: { DJ_HOST: hostname, DJ_PORT: port, DJ_USER: username, DJ_PASS: password },
  skip: false,
});
try {
  console.log(machineLine(describeMachine()));
  console.log(
    `${server.own.sql("SELECT VERSION()").trim()}; ${values.suite}, seed ${values.seed}, sleep ${values.sleep} s`,
  );
  await prepare(lab);
  const working: Load[] = [];
  for (const kind of [kinds[0], kinds[1], kinds[2], kinds[1], kinds[0]]) {
    const child = start(lab, kind, ["--once"]);
    working.push(await watch(kind, child, undefined));
    print("working", working.at(-1)!);
  }
  const children = kinds.map((kind) => start(lab, kind, ["--sleep", values.sleep]));
  // the first round declares tables, looks at everything once, and leaves sessions behind for half a minute
  await sleep(40_000);
  server.own.sql("TRUNCATE performance_schema.events_statements_summary_by_digest");
  const idle = await Promise.all(
    kinds.map((kind, i) => watch(kind, children[i]!, Number(values["idle-s"]) * 1000)),
  );
  for (const load of idle) print("idle", load);
  if (values.statements)
    console.log(
      server.own.sql(
        "SELECT COUNT_STAR, LEFT(DIGEST_TEXT, 160) FROM performance_schema.events_statements_summary_by_digest ORDER BY COUNT_STAR DESC LIMIT 30",
      ),
    );
  await Promise.all(children.map(stop));
  if (values.json) console.log(JSON.stringify({ working, idle }));
  if (idle.some(({ statements, seconds, medianMb }) => statements / seconds >= 1 || medianMb >= 80))
    process.exitCode = 1;
} finally {
  await lab.remove();
}

async function prepare({ json, runWorkflow }: TestLab): Promise<void> {
  await json("generate", "--suite", values.suite, "--seed", values.seed, "--out", "raw");
  const name = `${values.suite}_seed${values.seed}`;
  await json(
    ...["session", "add", `raw/${name}_g0`, "--subject", "m1", "--sex", "U", "--birth-date", "2026-01-01"],
  );
  await json("paramset", "add", "--method", "tenon", "--description", "defaults");
  // tables are made before the clock starts, by a worker that finds nothing it may do
  const { code, err } = await runWorkflow("spike_sorting_worker", "--once");
  if (code !== 0) throw new Error(`Expected spike_sorting_worker to end with 0, got ${code}:\n${err}`);
}

function start({ folder, env }: TestLab, kind: Kind, words: readonly string[]): ChildProcess {
  const child = startProgram("run-workflow", [kind, ...words], folder, { ...env, DJ_USER: kind });
  child.stdout!.resume();
  let text = "";
  child.stderr!.setEncoding("utf8").on("data", (part: string) => {
    text = (text + part).slice(-3000);
  });
  child.once("exit", (code) => {
    if (code !== 0) process.stderr.write(`${kind} ended with ${code}:\n${text}\n`);
  });
  return child;
}

/** Watches a worker for so long, else to its end. */
async function watch(worker: Kind, child: ChildProcess, forMs: number | undefined): Promise<Load> {
  const startMs = performance.now();
  const before = { statements: statementsOf(worker), ...bytesOf(worker) };
  const first = forMs === undefined ? undefined : processUsage(child.pid!);
  let last: ProcessUsage | undefined;
  let mostConnections = 0;
  const resident: number[] = [];
  const own: number[] = [];
  for (let count = 0; child.exitCode === null && child.signalCode === null; count++) {
    if (forMs !== undefined && performance.now() - startMs >= forMs) break;
    last = processUsage(child.pid!) ?? last;
    if (last !== undefined) {
      resident.push(last.residentBytes / 1e6);
      own.push(last.ownBytes / 1e6);
    }
    // the server's own client is a process: not at each sample
    if (count % 5 === 0) mostConnections = Math.max(mostConnections, connectionsOf(worker));
    await sleep(200);
  }
  const [seconds, end] = [(performance.now() - startMs) / 1000, bytesOf(worker)];
  const since = (name: keyof ProcessUsage) => (last?.[name] ?? 0) - (first?.[name] ?? 0);
  return {
    worker,
    seconds,
    statements: statementsOf(worker) - before.statements,
    mostConnections,
    databaseBytes: { sent: end.sent - before.sent, received: end.received - before.received },
    usage: {
      residentBytes: last?.residentBytes ?? 0,
      ownBytes: last?.ownBytes ?? 0,
      cpuS: since("cpuS"),
      readBytes: since("readBytes"),
      writtenBytes: since("writtenBytes"),
    },
    peakMb: Math.max(...resident),
    medianMb: median(resident),
    ownMb: median(own),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await ended;
}

function statementsOf(worker: Kind): number {
  return number(
    `SELECT COALESCE(SUM(COUNT_STAR), 0) FROM performance_schema.events_statements_summary_by_user_by_event_name WHERE USER='${worker}' AND EVENT_NAME NOT LIKE 'statement/com/%'`,
  );
}

function connectionsOf(worker: Kind): number {
  return number(
    `SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_USER='${worker}' AND TYPE='FOREGROUND'`,
  );
}

/** As the server counts them: what it received is what the worker sent. */
function bytesOf(worker: Kind): { readonly sent: number; readonly received: number } {
  const of = (name: string) =>
    number(
      `SELECT COALESCE(SUM(VARIABLE_VALUE), 0) FROM performance_schema.status_by_user WHERE USER='${worker}' AND VARIABLE_NAME='${name}'`,
    );
  return { sent: of("Bytes_received"), received: of("Bytes_sent") };
}

function number(query: string): number {
  return Number(server.own.sql(query).trim());
}

function print(state: string, load: Load): void {
  const { worker, seconds, statements, mostConnections, databaseBytes, usage, peakMb, medianMb, ownMb } =
    load;
  const rate = (bytes: number) => `${(bytes / 1e6 / seconds).toFixed(2)} MB/s`;
  const fields = [
    `${seconds.toFixed(1)} s`,
    `${usage.cpuS.toFixed(1)} CPU s`,
    `${(statements / seconds).toFixed(2)} statements/s`,
    `${mostConnections} connections`,
    `database to ${rate(databaseBytes.sent)} from ${rate(databaseBytes.received)}`,
    `calls read ${rate(usage.readBytes)} write ${rate(usage.writtenBytes)}`,
    `memory median ${medianMb.toFixed(0)} (own ${ownMb.toFixed(0)}) peak ${peakMb.toFixed(0)} MB`,
  ];
  console.log(`${state.padEnd(8)}${worker.padEnd(24)}${fields.join("; ")}`);
}

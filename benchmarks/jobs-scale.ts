/**
 * @module
 * How fast short jobs are shared out: jobs per second and statements per job for 1 to 50 worker processes on one queue, beside
 * datajoint-python's `populate(reserve_jobs=True)` of both generations in the same run.
 *
 *     TENON_TEST_MYSQL=mysql://user:password@host:port node scripts/start.mjs benchmarks/jobs-scale.ts
 *         [--workers 1,2,5,10,20,50] [--jobs 2000] [--job-ms 1] [--systems tenon-current,tenon-legacy,dj2,dj0.14] [--own-server] [--json]
 *
 * Each run has a schema of its own with `--jobs` keys; all workers are started and ready before the clock starts, and it ends when the last
 * key is in the table. A job sleeps for `--job-ms` and inserts one row. Every worker reports the keys that it computed: a key computed
 * twice ends the program with 1. Statements are the server's count for the account that only this program uses
 * (performance_schema.events_statements_summary_by_user_by_event_name; none on MariaDB without it). No seed: nothing is random but the
 * order of keys. Python: TENON_PYTHON_DATAJOINT2, TENON_PYTHON_DATAJOINT (scripts/python-env.sh). 50 workers need 4 connections each:
 * with --own-server the program starts a MySQL 9 of its own with max_connections=500 (support/bench-server.ts).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Connection, connect, type MysqlSettings } from "@tenon/datajoint";
import { startBenchServer } from "./support/bench-server.ts";
import { ScaleWorker } from "./support/jobs-scale-process.ts";
import { scaleTables } from "./support/jobs-scale-tables.ts";
import { describeMachine, machineLine } from "./support/machine.ts";

const SYSTEMS = {
  "tenon-current": { generation: "current", python: undefined },
  dj2: { generation: "current", python: process.env.TENON_PYTHON_DATAJOINT2 },
  "tenon-legacy": { generation: "legacy", python: undefined },
  "dj0.14": { generation: "legacy", python: process.env.TENON_PYTHON_DATAJOINT },
} as const;
type System = keyof typeof SYSTEMS;

interface Report {
  readonly version: string;
  readonly keys: readonly number[];
  readonly errors: number;
  readonly lost?: number;
  /** What ended populate itself; the worker did nothing after it. */
  readonly crash?: string | null;
}

interface Run {
  readonly system: System;
  readonly version: string;
  readonly workers: number;
  readonly jobs: number;
  readonly seconds: number;
  readonly jobsPerSecond: number;
  readonly statementsPerJob: number | undefined;
  /** Keys that more than one worker computed, and rows that the table has less or more than keys. */
  readonly twice: number;
  readonly errors: number;
  /** Workers whose populate ended with an error. */
  readonly crashed: number;
  readonly crash: string | undefined;
}

const { values } = parseArgs({
  options: {
    workers: { type: "string", default: "1,2,5,10,20,50" },
    jobs: { type: "string", default: "2000" },
    "job-ms": { type: "string", default: "1" },
    systems: { type: "string", default: Object.keys(SYSTEMS).join(",") },
    "own-server": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
await using own = values["own-server"] ? await startBenchServer() : undefined;
const url = own?.url ?? process.env.TENON_TEST_MYSQL ?? process.env.TENON_TEST_MARIADB;
if (url === undefined) {
  process.stderr.write(
    "Expected TENON_TEST_MYSQL or TENON_TEST_MARIADB (bash scripts/test-servers.sh start).\n",
  );
  process.exit(2);
}
const jobs = Number(values.jobs);
const jobMs = Number(values["job-ms"]);
const { hostname, port, username, password } = new URL(url);
const admin = {
  kind: "mysql",
  host: hostname,
  port: Number(port || 3306),
  user: username,
  password,
} as const;
const account = `scale_${process.pid}`;
const settings: MysqlSettings = { ...admin, user: account, password: `${account}-Aa1` };

await using connection = await connect(admin);
const run = (text: string, ...parameters: (string | number)[]) => connection.run({ text, parameters });
const {
  rows: [server],
} = await run(
  "SELECT VERSION() AS version, @@innodb_flush_log_at_trx_commit AS flush, @@max_connections AS connections",
);
console.log(machineLine(describeMachine()));
console.log(
  `server ${server!.version}, innodb_flush_log_at_trx_commit=${server!.flush}, max_connections=${server!.connections}; ${jobs} jobs of ${jobMs} ms`,
);
await run(`CREATE USER '${account}'@'%' IDENTIFIED BY '${settings.password}'`);
const results: Run[] = [];
try {
  await run(`GRANT ALL ON \`scale\\_%\`.* TO '${account}'@'%'`);
  for (const workers of values.workers.split(",").map(Number)) {
    for (const system of values.systems.split(",") as System[]) {
      const { generation, python } = SYSTEMS[system];
      if (system.startsWith("dj") && python === undefined) {
        console.log(`${system}: skipped, no Python client (scripts/python-env.sh)`);
        continue;
      }
      const result = await measure(system, workers, generation, python);
      results.push(result);
      console.log(
        `${String(workers).padStart(2)} workers  ${system.padEnd(14)} ${result.version.padEnd(7)} ${result.jobsPerSecond.toFixed(0).padStart(5)} jobs/s  ${(result.statementsPerJob?.toFixed(1) ?? "?").padStart(5)} statements/job  ${result.twice} twice  ${result.errors} errors${result.crashed === 0 ? "" : `  ${result.crashed} workers crashed: ${result.crash}`}`,
      );
    }
  }
} finally {
  await run(`DROP USER '${account}'@'%'`);
}
if (values.json) console.log(JSON.stringify(results));
process.exitCode = results.some(({ twice, system }) => twice > 0 && system.startsWith("tenon")) ? 1 : 0;

async function measure(
  system: System,
  workers: number,
  generation: "legacy" | "current",
  python: string | undefined,
): Promise<Run> {
  const name = `scale_${process.pid}_${system.replaceAll(/\W/g, "")}_${workers}`;
  const { schema, Item, Task } = scaleTables();
  for (const statement of connection.dialect.ddl.createSchema(name)) await connection.run(statement);
  const children: ScaleWorker[] = [];
  try {
    await schema.activate(connection, name, { Item, Task }, { generation });
    await Item.insert(Array.from({ length: jobs }, (_, i) => ({ item: i + 1 })));
    for (let i = 0; i < workers; i++)
      children.push(new ScaleWorker(python, { settings, schema: name, generation, jobMs }));
    await Promise.all(children.map((child) => child.line()));
    const before = await statements(connection);
    const startMs = performance.now();
    for (const child of children) child.go();
    const count = async () =>
      Number((await run(`SELECT COUNT(*) AS n FROM \`${name}\`.\`__task\``)).rows[0]!.n);
    while ((await count()) < jobs && children.some(({ isAlive }) => isAlive)) await sleep(20);
    const seconds = (performance.now() - startMs) / 1000;
    const reports = await Promise.all(
      children.map(async (child) => JSON.parse(await child.line()) as Report),
    );
    const after = await statements(connection);
    const keys = reports.flatMap((report) => report.keys);
    return {
      system,
      version: reports[0]!.version,
      workers,
      jobs,
      seconds,
      jobsPerSecond: jobs / seconds,
      statementsPerJob: before === undefined ? undefined : (after! - before) / jobs,
      twice: keys.length - new Set(keys).size + Math.abs((await count()) - jobs),
      crashed: reports.filter(({ crash }) => typeof crash === "string").length,
      crash: reports.find(({ crash }) => typeof crash === "string")?.crash ?? undefined,
      errors: reports.reduce((sum, { errors, lost = 0 }) => sum + errors + lost, 0),
    };
  } finally {
    for (const child of children) child.end();
    await run(`DROP DATABASE \`${name}\``);
  }
}

/** Statements that the workers' account has run; undefined where the server does not count them. */
async function statements(own: Connection): Promise<number | undefined> {
  const { rows } = await own.run({
    text: "SELECT SUM(count_star) AS n FROM performance_schema.events_statements_summary_by_user_by_event_name WHERE user=?",
    parameters: [account],
  });
  return rows[0]!.n === null ? undefined : Number(rows[0]!.n);
}

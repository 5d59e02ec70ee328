/**
 * @module
 * What a worker costs that has nothing to do, or works: statements per second on the server, connections, memory of its process.
 *
 *     TENON_TEST_MYSQL=mysql://user:password@host:port node scripts/start.mjs benchmarks/idle-worker.ts [--seconds 120] [--json]
 *
 * Each of the three workers runs alone, in a lab of its own, with the default pause of 30 s; the first 20 s, in which it declares its
 * tables, do not count. Statements are the server's count for an account that only this program uses (performance_schema), sessions those of
 * its account, asked every second. Memory is what the system says of the process (VmRSS, VmHWM). No seed: nothing is random.
 * Goals: below 1 statement per second, below 80 MB.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { connect } from "@tenon/datajoint";
import { describeMachine, machineLine } from "./support/machine.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "120" }, json: { type: "boolean", default: false } },
});
const url = process.env.TENON_TEST_MYSQL ?? process.env.TENON_TEST_MARIADB;
if (url === undefined) {
  process.stderr.write(
    "Expected TENON_TEST_MYSQL or TENON_TEST_MARIADB (bash scripts/test-servers.sh start).\n",
  );
  process.exit(2);
}
const { hostname: host, port, username: user, password } = new URL(url);
await using connection = await connect({ kind: "mysql", host, port: Number(port), user, password });
const ask = async (text: string, ...parameters: string[]) =>
  (await connection.run({ text, parameters })).rows;
const [server] = await ask("SELECT VERSION() AS version");
const seconds = Number(values.seconds);
const account = `idle_${process.pid}`;
const secret = `${account}-Aa1`;
const results = [];
await ask(`CREATE USER '${account}'@'%' IDENTIFIED BY '${secret}'`);
try {
  await ask(`GRANT ALL ON \`idle\\_%\`.* TO '${account}'@'%'`);
  for (const worker of ["standard_worker", "spike_processing_worker", "spike_sorting_worker"])
    results.push(await measure(worker));
} finally {
  await ask(`DROP USER '${account}'@'%'`);
  for (const row of await ask(
    "SELECT SCHEMA_NAME AS s FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'idle\\_%'",
  ))
    await ask(`DROP DATABASE \`${String(row["s"])}\``).catch(() => undefined);
}
console.log(machineLine(describeMachine()));
console.log(`server ${String(server!["version"])}; ${seconds} s each`);
if (values.json) console.log(JSON.stringify(results));

async function measure(worker: string) {
  const folder = mkdtempSync(join(tmpdir(), "tenon-idle-"));
  for (const name of ["raw", "processed"]) mkdirSync(join(folder, name));
  const configuration = { custom: { "database.prefix": "idle_" }, "database.use_tls": false };
  writeFileSync(join(folder, "dj_local_conf.json"), JSON.stringify(configuration), { mode: 0o600 });
  const root = join(import.meta.dirname, "..");
  const child = spawn(process.execPath, [join(root, "workflow/src/cli/run-workflow.ts"), worker], {
    cwd: folder,
    env: { ...process.env, DJ_HOST: host, DJ_PORT: port, DJ_USER: account, DJ_PASS: secret },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    await sleep(20_000);
    const [before, startMs] = [await statements(), performance.now()];
    let sessions = 0;
    while (performance.now() - startMs < seconds * 1000) {
      await sleep(1000);
      const [row] = await ask(
        "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER=?",
        account,
      );
      sessions = Math.max(sessions, Number(row!["n"]));
    }
    const perSecond = ((await statements()) - before) / ((performance.now() - startMs) / 1000);
    const [, rss, peak] = [0, "VmRSS", "VmHWM"].map((name) => memoryMb(child.pid!, String(name)));
    const result = {
      worker,
      statementsPerSecond: Math.round(perSecond * 100) / 100,
      sessions,
      rssMb: rss!,
      peakMb: peak!,
    };
    console.log(
      `${worker.padEnd(24)} ${result.statementsPerSecond.toFixed(2)} statements/s  ${sessions} sessions at most  ${rss} MB (peak ${peak} MB)`,
    );
    return result;
  } finally {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true });
  }
}

async function statements(): Promise<number> {
  const [row] = await ask(
    "SELECT COALESCE(SUM(COUNT_STAR),0) AS n FROM performance_schema.events_statements_summary_by_user_by_event_name WHERE USER=? AND EVENT_NAME LIKE 'statement/sql/%'",
    account,
  );
  return Number(row!["n"]);
}

function memoryMb(pid: number, name: string): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? Number.NaN) / 1000);
}

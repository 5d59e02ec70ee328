/**
 * @module
 * How fast a dump comes into MySQL 9: `tenon migrate db` beside the server's own `mysql` client and Debian's `mariadb` client.
 *
 *     source SETTINGS; node scripts/start.mjs benchmarks/dump-import.ts
 *         [--gb 2] [--seed 1] [--rounds 3] [--systems tenon,mysql,mariadb] [--sessions 2] [--profile FOLDER] [--json]
 *
 * One server of the benchmark's own (support/bench-server.ts) with every commit on the disk and the binary log on; the systems take turns,
 * each into a server without the schemas, and the order turns round by round. The clock runs from the start of the process to its end: for
 * Tenon that is both passes over the file, the counting of rows and the search for orphans, which the clients do not do. Afterwards CHECKSUM
 * TABLE of every table must be the same for all. The dump: generators/write-dump.ts. Needs root, as own servers do.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { dumpSchemas, writeDump } from "./generators/write-dump.ts";
import { type BenchServer, startBenchServer } from "./support/bench-server.ts";
import { describeMachine, machineLine } from "./support/machine.ts";
import { median } from "./support/median.ts";
import { type ProgramOrder, runToEnd } from "./support/run-to-end.ts";

const { values } = parseArgs({
  options: {
    gb: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    systems: { type: "string", default: "tenon,mysql,mariadb" },
    sessions: { type: "string" },
    profile: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const systems = values.systems.split(",");
const folder = mkdtempSync(join(tmpdir(), "tenon-dump-import-"));
const seconds = new Map<string, number[]>(systems.map((system) => [system, []]));
try {
  await using server = await startBenchServer();
  const path = join(folder, "dump.sql");
  const dump = writeDump(path, Number(values.gb) * 1e9, Number(values.seed));
  // what was written lies in the machine's memory, and would go to the disk during the first import
  execFileSync("sync");
  await sleep(5000);
  console.log(machineLine(describeMachine()));
  const rows = Object.values(dump.rows).reduce((sum, count) => sum + count, 0);
  console.log(
    `${server.own.sql("SELECT VERSION()").trim()}; dump of ${(dump.bytes / 1e9).toFixed(2)} GB, ${rows} rows, seed ${values.seed}`,
  );
  let expected: string | undefined;
  for (let round = 0; round < Number(values.rounds); round++)
    for (let i = 0; i < systems.length; i++) {
      const system = systems[(i + round) % systems.length]!;
      await empty(server);
      const startMs = performance.now();
      await runToEnd(commandOf(system, server, path));
      const took = (performance.now() - startMs) / 1000;
      seconds.get(system)!.push(took);
      console.log(
        `round ${round + 1}  ${system.padEnd(8)} ${took.toFixed(1)} s  ${(dump.bytes / 1e6 / took).toFixed(1)} MB/s`,
      );
      const sums = checksums(server, Object.keys(dump.rows));
      expected ??= sums;
      if (sums !== expected)
        throw new Error(`Expected the same tables from ${system}:\n${expected}\ngot:\n${sums}`);
    }
  const ours = median(seconds.get("tenon") ?? [Number.NaN]);
  for (const [system, times] of seconds)
    console.log(
      `${system.padEnd(8)} median ${median(times).toFixed(1)} s  ${(dump.bytes / 1e6 / median(times)).toFixed(1)} MB/s  speed of tenon over it ${(median(times) / ours).toFixed(2)}`,
    );
  if (values.json)
    console.log(JSON.stringify({ bytes: dump.bytes, rows, seconds: Object.fromEntries(seconds) }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A server as after its start: no schemas, no binary logs, no pages that wait to be written. */
async function empty(server: BenchServer): Promise<void> {
  for (const schema of dumpSchemas) server.own.sql(`DROP DATABASE IF EXISTS ${schema}`);
  server.own.sql("RESET BINARY LOGS AND GTIDS; FLUSH TABLES;");
  await sleep(2000);
}

function commandOf(system: string, server: BenchServer, path: string): ProgramOrder {
  const { hostname, port, username, password } = new URL(server.url);
  const account = [
    "--no-defaults",
    "--protocol=tcp",
    `--host=${hostname}`,
    `--port=${port}`,
    `--user=${username}`,
    "--max-allowed-packet=512M",
  ];
  const env = { PATH: process.env["PATH"]!, MYSQL_PWD: password, HOME: folder };
  if (system === "mysql") {
    const root = server.own.folder.slice(0, -server.own.inner.length);
    return { file: "chroot", words: [root, "mysql", ...account], folder, input: path, env };
  }
  if (system === "mariadb") return { file: "mariadb", words: account, folder, input: path, env };
  if (system !== "tenon") throw new Error(`Expected --systems of tenon, mysql and mariadb, got '${system}'.`);
  const program = fileURLToPath(new URL("../workflow/src/cli/tenon.ts", import.meta.url));
  const profile = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
  const sessions = values.sessions === undefined ? [] : ["--sessions", values.sessions];
  return {
    file: process.execPath,
    words: [...profile, program, "migrate", "db", path, ...sessions, "--json"],
    folder,
    env: { ...env, DJ_HOST: hostname, DJ_PORT: port, DJ_USER: username, DJ_PASS: password },
  };
}

function checksums(server: BenchServer, tables: readonly string[]): string {
  const names = tables.map((table) => table.replace(/^(.*)\.(.*)$/, "`$1`.`$2`"));
  return server.own.sql(`CHECKSUM TABLE ${names.join(", ")}`);
}

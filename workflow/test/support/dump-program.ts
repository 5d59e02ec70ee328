/**
 * @module
 * The servers' own programs for dumps: mysqldump and mysql of the MySQL 9 that the tests run, mariadb-dump and mariadb.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { TestServer } from "./test-lab.ts";

const chroot = [
  process.env["MYSQL9_HOME"] ?? "",
  join(homedir(), ".cache/mysql9-tests"),
  join(homedir(), ".cache/mysql9"),
]
  .map((home) => join(home, "root"))
  .find((root) => existsSync(join(root, "usr/bin/mysqldump")));

/** The bytes that the server's own dump program writes. */
export function dump(server: TestServer, schemas: readonly string[], ...more: string[]): Buffer {
  return run(server, "dump", ["--single-transaction", ...more, "--databases", ...schemas]);
}

/** Carries a dump out with the server's own client. */
export function load(server: TestServer, text: Uint8Array): void {
  run(server, "client", [], text);
}

function run(
  server: TestServer,
  what: "dump" | "client",
  words: readonly string[],
  input?: Uint8Array,
): Buffer {
  const { DJ_HOST, DJ_PORT, DJ_USER, DJ_PASS } = server.env;
  const isOwn = server.name === "mysql" && chroot !== undefined;
  const [program, first] = isOwn
    ? ["chroot", [chroot!, what === "dump" ? "mysqldump" : "mysql"]]
    : [what === "dump" ? "mariadb-dump" : "mariadb", []];
  const where = [`--host=${DJ_HOST}`, `--port=${DJ_PORT}`, `--user=${DJ_USER}`];
  return execFileSync(program, [...first, "--no-defaults", ...where, "--max-allowed-packet=512M", ...words], {
    env: { PATH: process.env["PATH"]!, MYSQL_PWD: DJ_PASS! },
    maxBuffer: 1 << 30,
    stdio: ["pipe", "pipe", "pipe"],
    ...(input === undefined ? {} : { input }),
  });
}

/**
 * @module
 * The servers' own dump programs: mysqldump of the MySQL 9 that the tests run, and mariadb-dump.
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
  const { DJ_HOST, DJ_PORT, DJ_USER, DJ_PASS } = server.env;
  const isOwn = server.name === "mysql" && chroot !== undefined;
  const [program, first] = isOwn ? ["chroot", [chroot!, "mysqldump"]] : ["mariadb-dump", []];
  const options = [
    "--no-defaults",
    `--host=${DJ_HOST}`,
    `--port=${DJ_PORT}`,
    `--user=${DJ_USER}`,
    "--max-allowed-packet=512M",
    "--single-transaction",
  ];
  return execFileSync(program, [...first, ...options, ...more, "--databases", ...schemas], {
    env: { PATH: process.env["PATH"]!, MYSQL_PWD: DJ_PASS! },
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/**
 * @module
 * A database server of a test's own, with a my.cnf of the test's own: MySQL 9 from the folder that `scripts/test-servers.sh` made (inside
 * its chroot, so root is needed), MariaDB from the machine's package. Both are found, never installed, and a test skips without them.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export type OwnKind = "mysql" | "mariadb";

const chroots = [process.env.MYSQL9_HOME, "~/.cache/mysql9-tests", "~/.cache/mysql9"]
  .filter((path) => path !== undefined)
  .map((path) => join(path.replace("~", homedir()), "root"));
const chroot = chroots.find((root) => existsSync(join(root, "usr/sbin/mysqld")));

/** Why a server of this kind cannot be started here, or false; the `skip` of a test. */
export function cannotStart(kind: OwnKind): string | false {
  // the shared servers say whether servers are wanted in this run
  const variable = kind === "mysql" ? "TENON_TEST_MYSQL" : "TENON_TEST_MARIADB";
  if (process.env[variable] === undefined) return `no server: ${variable} is not set`;
  if (process.getuid?.() !== 0) return "starting a server needs root here";
  if (kind === "mysql")
    return chroot === undefined ? "no MySQL 9: scripts/test-servers.sh start makes it" : false;
  return existsSync("/usr/sbin/mariadbd") ? false : "no mariadbd";
}

export interface OwnServer {
  readonly kind: OwnKind;
  readonly port: number;
  /** Folder of the server's files, as this process sees it. */
  readonly folder: string;
  /** The same folder as the server sees it. */
  readonly inner: string;
  readonly log: () => string;
  /** Starts it with a my.cnf.
   *  @param env  added to its environment
   *  @param address  that it listens at; default this machine alone */
  start(cnf: string, env?: Readonly<Record<string, string>>, address?: string): Promise<void>;
  /** What the server says to a my.cnf without running: its exit code and messages. */
  validate(cnf: string): { readonly code: number; readonly text: string };
  /** Gives a file to the server's user alone. */
  give(path: string): void;
  /** Runs SQL as root through the server's own client and socket; returns what it prints. */
  sql(text: string): string;
  stop(): Promise<void>;
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>;
  /** Stops it and deletes its files. */
  remove(): Promise<void>;
}

/** Makes an empty server that is not running yet. */
export async function makeOwnServer(kind: OwnKind): Promise<OwnServer> {
  const root = kind === "mysql" ? chroot! : "";
  const folder = mkdtempSync(join(root === "" ? tmpdir() : join(root, "tmp"), "tenon-server-"));
  const inner = folder.slice(root.length);
  const port = await freePort();
  const [uid, gid] = idsOf(root);
  chmodSync(folder, 0o755);
  chownSync(folder, uid, gid);
  const command = (program: string, args: readonly string[]): [string, string[]] =>
    root === "" ? [program, [...args]] : ["chroot", [root, program, ...args]];
  const run = (program: string, args: readonly string[], input = "") => {
    const [file, words] = command(program, args);
    return execFileSync(file, words, {
      input,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
      maxBuffer: 1 << 28,
    });
  };
  const data = `${inner}/data`;
  mkdirSync(join(folder, "data"));
  chownSync(join(folder, "data"), uid, gid);
  if (kind === "mysql")
    run("mysqld", ["--no-defaults", "--initialize-insecure", "--user=mysql", `--datadir=${data}`]);
  else
    run("mariadb-install-db", [
      "--no-defaults",
      "--user=mysql",
      `--datadir=${data}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
    ]);
  const daemon = kind === "mysql" ? "mysqld" : "mariadbd";
  const client = kind === "mysql" ? "mysql" : "mariadb";
  const write = (cnf: string) => writeFileSync(join(folder, "my.cnf"), cnf);
  let child: ChildProcess | undefined;
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill(signal);
    const timer = setTimeout(() => running.kill("SIGKILL"), 60_000);
    await ended;
    clearTimeout(timer);
  };
  const log = () =>
    existsSync(join(folder, "server.log")) ? readFileSync(join(folder, "server.log"), "utf8") : "";
  return {
    kind,
    port,
    folder,
    inner,
    log,
    async start(cnf, env = {}, address = "127.0.0.1") {
      write(cnf);
      writeFileSync(join(folder, "server.log"), "");
      // biome-ignore format: options of a program
      const [file, words] = command(daemon, [`--defaults-file=${inner}/my.cnf`, "--user=mysql", `--datadir=${data}`, `--port=${port}`,
        `--bind-address=${address}`, `--socket=${inner}/s.sock`, `--pid-file=${inner}/pid`]);
      child = spawn(file, words, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
      for (const stream of [child.stdout!, child.stderr!])
        stream.on("data", (text: Buffer) => writeFileSync(join(folder, "server.log"), text, { flag: "a" }));
      const deadline = Date.now() + 120_000;
      for (;;) {
        if (child.exitCode !== null) throw new Error(`${daemon} ended with ${child.exitCode}:\n${log()}`);
        try {
          run(client, ["--no-defaults", `--socket=${inner}/s.sock`, "-uroot", "-e", "select 1"]);
          return;
        } catch (error) {
          if (Date.now() > deadline)
            throw new Error(`${daemon} does not answer:\n${log()}`, { cause: error });
          await sleep(200);
        }
      }
    },
    validate(cnf) {
      write(cnf);
      const args = [`--defaults-file=${inner}/my.cnf`, "--user=mysql", `--datadir=${data}`];
      const [file, words] = command(daemon, [
        ...args,
        ...(kind === "mysql" ? ["--validate-config"] : ["--help", "--verbose"]),
      ]);
      try {
        return {
          code: 0,
          text: execFileSync(file, words, {
            encoding: "utf8",
            stdio: ["ignore", "pipe", "pipe"],
            maxBuffer: 1 << 28,
          }),
        };
      } catch (error) {
        const { status, stderr } = error as { status: number; stderr: string };
        return { code: status, text: stderr };
      }
    },
    give(path) {
      const all = (name: string) => {
        chownSync(name, uid, gid);
        if (!/\.pem$/.test(name)) for (const entry of readdirSync(name)) all(join(name, entry));
      };
      all(path);
    },
    sql: (text) =>
      run(
        client,
        ["--no-defaults", `--socket=${inner}/s.sock`, "-uroot", "--batch", "--skip-column-names"],
        text,
      ),
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    async remove() {
      await end("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The server's user: `mysql`, as the machine or the chroot numbers it. */
function idsOf(root: string): [number, number] {
  const line = readFileSync(`${root}/etc/passwd`, "utf8")
    .split("\n")
    .find((entry) => entry.startsWith("mysql:"));
  const [, , uid, gid] = line!.split(":");
  return [Number(uid), Number(gid)];
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/**
 * @module
 * A database server for faults: its own files and port, restarted in turn cleanly and by SIGKILL, with a clock that is stepped for this
 * server alone (libfaketime, when Debian's package is there). The shell commands that do so are what `tenon rehearse` is given.
 */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { makeOwnServer, type OwnKind } from "../../workflow/test/support/own-server.ts";

const library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/** What keeps a server small and durable: a commit that was acknowledged survives SIGKILL. */
const common = `[mysqld]
skip_name_resolve
innodb_flush_log_at_trx_commit = 1
innodb_buffer_pool_size = 128M
max_connections = 200
max_allowed_packet = 64M
`;

export interface StageServer extends AsyncDisposable {
  readonly port: number;
  /** Shell command that restarts it. */
  readonly restart: string;
  /** Shell command that steps its clock by $SECONDS; undefined: no libfaketime here. */
  readonly stepClock: string | undefined;
}

/** Starts a server with an account `tenon`, password `tenon`. */
export async function stageServer(kind: OwnKind): Promise<StageServer> {
  const server = await makeOwnServer(kind);
  // Debian's MySQL names a folder that its package makes only on a whole system
  const cnf = kind === "mysql" ? `${common}secure_file_priv = NULL\n` : common;
  const clock = join(server.folder, "clock");
  const env = fakedClock(server.folder.slice(0, -server.inner.length), `${server.inner}/clock`);
  let offsetS = 0;
  const setClock = () => writeFileSync(clock, `${offsetS < 0 ? "" : "+"}${offsetS}`);
  setClock();
  await server.start(cnf, env);
  server.sql("CREATE USER 'tenon'@'%' IDENTIFIED BY 'tenon'; GRANT ALL ON *.* TO 'tenon'@'%';");
  let restarts = 0;
  const control = createServer((request, response) => {
    const url = new URL(request.url!, "http://localhost");
    const work =
      url.pathname === "/restart"
        ? async () => {
            await (restarts++ % 2 === 0 ? server.kill() : server.stop());
            await server.start(cnf, env);
          }
        : async () => {
            offsetS += Number(url.searchParams.get("seconds"));
            setClock();
          };
    work().then(
      () => response.end("done"),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  await new Promise<void>((resolve) => control.listen(0, "127.0.0.1", resolve));
  const { port } = control.address() as AddressInfo;
  const ask = (path: string, value = '""') =>
    `'${process.execPath}' -e 'fetch("http://127.0.0.1:${port}${path}" + ${value}).then(async (r) => { if (!r.ok) { console.error(await r.text()); process.exit(1); } })'`;
  return {
    port: server.port,
    restart: ask("/restart"),
    stepClock: env["LD_PRELOAD"] === undefined ? undefined : ask("/step?seconds=", "process.env.SECONDS"),
    async [Symbol.asyncDispose]() {
      control.close();
      await server.remove();
    },
  };
}

/** The environment of a server whose clock is read from a file at every look; empty without the library. */
function fakedClock(root: string, clock: string): Readonly<Record<string, string>> {
  if (!existsSync(library)) return {};
  if (root !== "") {
    mkdirSync(dirname(join(root, library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: "1",
    // what waits for a while goes on waiting: only the time of day steps
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    DONT_FAKE_MONOTONIC: "1",
  };
}

/**
 * @module
 * Runs programs with the network cut: they reach the configured database and nothing else.
 *
 * On Linux the kernel cuts it: the programs run in a network namespace of their own (`unshare`, with root's right or a user namespace), which
 * holds no interface at all; the database is reached through a socket file that this process forwards. Elsewhere Node's own sockets are held
 * (`network-guard.ts`), which says nothing of programs that are no Node. Which of the two it was is part of the answer.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { guardVariables, type RefusedAttempt } from "./network-guard.ts";

export type CutMethod = "namespace" | "guard";

export interface CutRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A place in which programs run cut off. */
export interface CutNetwork {
  readonly method: CutMethod;
  /** Runs a program of Node to its end. */
  run(
    words: readonly string[],
    options: { readonly folder: string; readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
  ): Promise<CutRun>;
  /** What the programs tried to reach beside the database. */
  refused(): Promise<readonly RefusedAttempt[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The ways to a namespace without interfaces, best first. Root's own way keeps its rights on files of other users. */
const ways = [["--net"], ["--net", "--user", "--map-root-user"]] as const;

/**
 * Prepares the cut.
 * @param database  the server to be reached; undefined for a file
 * @param method  default: the kernel's where it can be had
 */
export async function cutNetwork(
  database: { readonly host: string; readonly port: number } | undefined,
  method?: CutMethod,
): Promise<CutNetwork> {
  const way = method === "guard" ? undefined : await namespaceWay();
  const folder = await mkdtemp(join(tmpdir(), "tenon-cut-"));
  const [log, socketFile] = [join(folder, "refused"), join(folder, "database")];
  const relay = database === undefined ? undefined : await forward(socketFile, database);
  const variables: NodeJS.ProcessEnv = {
    [guardVariables.log]: log,
    ...(database === undefined
      ? {}
      : {
          [guardVariables.socket]: socketFile,
          [guardVariables.database]: `${database.host}:${database.port}`,
        }),
  };
  const guard = pathToFileURL(join(import.meta.dirname, "network-guard.ts")).href;
  return {
    method: way === undefined ? "guard" : "namespace",
    run(words, { folder: cwd, env, signal }) {
      const options = [env["NODE_OPTIONS"], `--import=${guard}`].filter(Boolean).join(" ");
      const [program, ...before] =
        way === undefined ? [process.execPath] : ["unshare", ...way, "--", process.execPath];
      return runToEnd(program!, [...before, ...words], {
        cwd,
        env: { ...env, ...variables, NODE_OPTIONS: options },
        signal,
      });
    },
    async refused() {
      const text = await readFile(log, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return "";
        throw error;
      });
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as RefusedAttempt);
    },
    async [Symbol.asyncDispose]() {
      await relay?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function namespaceWay(): Promise<readonly string[] | undefined> {
  if (process.platform !== "linux") return undefined;
  const never = new AbortController().signal;
  for (const way of ways) {
    const tried = await runToEnd("unshare", [...way, "--", "true"], { signal: never }).catch(() => undefined);
    if (tried?.code === 0) return way;
  }
  return undefined;
}

/** Listens on a socket file and forwards to a server. */
async function forward(
  file: string,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<AsyncDisposable> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (inner) => {
    const outer = net.connect({ host, port, allowHalfOpen: true });
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(socket);
      // the other side sees a connection that is lost, as it would without the relay
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(file, resolve);
  });
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function runToEnd(
  program: string,
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<CutRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

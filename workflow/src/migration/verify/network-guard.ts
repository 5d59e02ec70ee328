/**
 * @module
 * Loaded into a process before everything else (`--import`): lets its sockets reach the configured database and nothing else.
 *
 * The database is reached through a socket file, which works where the kernel has taken every network away (`cut-network.ts`); where it has
 * not, this refusal is all there is, and it holds for Node alone: a program that the process starts is not held by it. What is refused is
 * written to a file, one JSON object a line.
 */
import dgram from "node:dgram";
import { appendFileSync } from "node:fs";
import net from "node:net";

/** What is told to the guarded process. */
export const guardVariables = {
  /** The database's `host:port`. */
  database: "TENON_CUT_DATABASE",
  /** The socket file that leads to it. */
  socket: "TENON_CUT_SOCKET",
  /** Where refused attempts are written. */
  log: "TENON_CUT_LOG",
} as const;

export interface RefusedAttempt {
  /** `host:port`. */
  readonly to: string;
  /** The program that tried. */
  readonly by: string;
}

/** Thrown where a process would reach out while its network is cut. */
export class NetworkCutError extends Error {
  override readonly name = "NetworkCutError";
  readonly code = "ENETUNREACH";
  constructor(to: string) {
    super(`The network is cut for this process, which tried to reach ${to}.`);
  }
}

/** Whether this process is guarded. */
export function isGuarded(): boolean {
  return (net.Socket.prototype.connect as { guard?: true }).guard === true;
}

function install(log: string, database: string | undefined, socketFile: string | undefined): void {
  const refuse = (to: string): NetworkCutError => {
    const attempt: RefusedAttempt = { to, by: process.argv.slice(1).join(" ") };
    appendFileSync(log, `${JSON.stringify(attempt)}\n`);
    return new NetworkCutError(to);
  };
  const connect = net.Socket.prototype.connect as (this: net.Socket, ...rest: unknown[]) => net.Socket;
  const guarded = function (this: net.Socket, ...rest: unknown[]): net.Socket {
    const target = targetOf(rest);
    if (target === undefined) return connect.apply(this, rest);
    const listener = rest.flat().findLast((one) => typeof one === "function") as (() => void) | undefined;
    if (target === database && socketFile !== undefined)
      return connect.call(this, { path: socketFile }, ...(listener === undefined ? [] : [listener]));
    const error = refuse(target);
    process.nextTick(() => this.destroy(error));
    return this;
  };
  net.Socket.prototype.connect = Object.assign(guarded, { guard: true as const }) as never;
  for (const name of ["send", "connect"] as const) {
    dgram.Socket.prototype[name] = () => {
      throw refuse(`a datagram socket (${name})`);
    };
  }
}

/** `host:port` of what connect() is asked for; undefined for a socket file. Node wraps its arguments in an array inside itself. */
function targetOf(rest: readonly unknown[]): string | undefined {
  const [first, second] = Array.isArray(rest[0]) ? (rest[0] as unknown[]) : rest;
  if (typeof first === "object" && first !== null) {
    const { path, host, port } = first as { path?: string; host?: string; port?: number | string };
    return path === undefined || path === null ? `${host ?? "localhost"}:${port}` : undefined;
  }
  if (typeof first === "string" && !/^\d+$/.test(first)) return undefined;
  return `${typeof second === "string" ? second : "localhost"}:${String(first)}`;
}

const logFile = process.env[guardVariables.log];
if (logFile !== undefined)
  install(logFile, process.env[guardVariables.database], process.env[guardVariables.socket]);

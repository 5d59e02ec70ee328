/**
 * @module
 * How to reach a MySQL or MariaDB server, and what mysql2 is told.
 *
 * TLS says what it does, since "true" has meant three things in datajoint-python: absent or false is plain, true is required and
 * the certificate is checked, `{ verify: false }` is required but unchecked (encrypted, and open to an impostor).
 */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import type { ConnectionOptions } from "mysql2/promise";
import { SettingsError } from "../../errors.ts";

export interface MysqlTls {
  /** Whether the server's certificate and host name are checked. Default: true. */
  readonly verify?: boolean;
  /** File with the certificate authority's certificates (PEM). Default: those that Node knows. */
  readonly caFile?: string;
}

export interface MysqlSettings {
  readonly kind: "mysql";
  readonly host: string;
  /** Default: 3306. */
  readonly port?: number;
  readonly user: string;
  /** Default: empty. */
  readonly password?: string;
  /** `true` requires TLS and checks the certificate; an object says how; absent or `false` is a plain connection. */
  readonly tls?: boolean | MysqlTls;
  /** Where the server is reached instead of at its own host and port, such as an SSH tunnel. Its certificate is still checked with `host`. */
  readonly via?: { readonly host: string; readonly port: number };
  /** Seconds until an unanswered connection attempt fails. Default: 10. */
  readonly connectTimeoutS?: number;
  /** Most sessions open at once. Default: 8. */
  readonly maxSessions?: number;
  /** Session variables for every session, e.g. `{ innodb_lock_wait_timeout: 2 }` for queues. Default: none. */
  readonly variables?: Readonly<Record<string, number | string>>;
}

/** @throws SettingsError naming the key */
export function checkSettings(settings: MysqlSettings): void {
  if (typeof settings.host !== "string" || settings.host === "") {
    throw new SettingsError("The host of the database server is missing.", "host");
  }
  if (typeof settings.user !== "string" || settings.user === "") {
    throw new SettingsError(`The user name for the database server ${settings.host} is missing.`, "user");
  }
  const { port } = settings;
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65536)) {
    throw new SettingsError(
      `The port of the database server is a number from 1 to 65535, not '${port}'.`,
      "port",
    );
  }
}

/** What mysql2 is told. Integers past 2^53 and decimals come as text (the driver turns integers into numbers or bigint), temporal values
 *  and JSON as the server's text, and one statement is one statement. */
export function mysql2Options(settings: MysqlSettings): ConnectionOptions {
  return {
    host: settings.host,
    port: settings.port ?? 3306,
    user: settings.user,
    password: settings.password ?? "",
    charset: "utf8mb4",
    connectTimeout: (settings.connectTimeoutS ?? 10) * 1000,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
    multipleStatements: false,
    maxPreparedStatements: 16,
    // an idle session, or one that waits for a long query, notices a cut network after 40 s
    enableKeepAlive: true,
    keepAliveInitialDelay: keepAliveMs,
    ...(settings.via === undefined ? {} : { stream: streamTo(settings.via) }),
    ...tlsOptions(settings),
  };
}

const keepAliveMs = 30_000;

/** What mysql2 would open itself, to another address. */
function streamTo({ host, port }: NonNullable<MysqlSettings["via"]>): () => Socket {
  return () => {
    const stream = connect({ host, port, noDelay: true });
    stream.once("connect", () => stream.setKeepAlive(true, keepAliveMs));
    return stream;
  };
}

function tlsOptions(settings: MysqlSettings): Pick<ConnectionOptions, "ssl"> {
  const { tls } = settings;
  if (tls === undefined || tls === false) return {};
  const { verify = true, caFile } = tls === true ? {} : tls;
  let ca: Buffer | undefined;
  if (caFile !== undefined) {
    try {
      ca = readFileSync(caFile);
    } catch (error) {
      throw new SettingsError(
        `The certificate file '${caFile}' cannot be read: ${(error as Error).message}`,
        "tls.caFile",
        {
          cause: error,
        },
      );
    }
  }
  return { ssl: { rejectUnauthorized: verify, verifyIdentity: verify, ...(ca === undefined ? {} : { ca }) } };
}

/**
 * @module
 * The database of the configuration: a SQLite file, or a server with its account and TLS.
 *
 * What a newcomer would get wrong: without a word on TLS it is required, with the certificate checked, to every server that is not this
 * machine. `database.use_tls: false` switches it off and has to be written; an object is PyMySQL's `ssl` dictionary, as datajoint-python
 * takes it, where the certificate is checked only when `ca` names an authority. `database.ssl_ca` names the lab's authority for both.
 */
import { isIP } from "node:net";
import { ConfigurationError, wrongSetting } from "./configuration-error.ts";
import { keys } from "./keys.ts";
import { readPasswordFile } from "./secret-file.ts";

/** How a server's certificate is checked. */
export interface TlsSettings {
  /** Whether the certificate and the host's name in it are checked. */
  readonly verify: boolean;
  /** Absolute file with the authorities that are trusted (PEM); undefined: those that Node knows. */
  readonly caFile?: string;
}

export type DatabaseSettings =
  | { readonly kind: "sqlite"; readonly path: string }
  | {
      readonly kind: "mysql";
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      /** Absent: plain to this machine. `false`: plain because the configuration says so. */
      readonly tls?: false | TlsSettings;
      /** Where the server is reached instead, such as an SSH tunnel. */
      readonly via?: { readonly host: string; readonly port: number };
    };

/** @param path  makes a path absolute, from the configuration's folder
 * @param where  file or environment, for messages
 * @throws ConfigurationError */
export function databaseSettings(
  values: ReadonlyMap<string, unknown>,
  path: (name: string) => string,
  where: string,
): DatabaseSettings {
  const text = (key: string) => values.get(key) as string | undefined;
  const host = text("database.host");
  const backend = text("database.backend") ?? (host === undefined ? "sqlite" : "mysql");
  if (backend === "sqlite") return { kind: "sqlite", path: path(text("database.path") ?? "tenon.sqlite") };
  if (backend !== "mysql") throw wrongSetting("database.backend", "mysql or sqlite", backend, where);
  if (host === undefined)
    throw new ConfigurationError(
      `${where}: 'database.backend' is mysql, so 'database.host' is needed (or DJ_HOST).`,
      "database.host",
      where,
    );
  const passwordFile = text("database.password_file");
  const password =
    text("database.password") ??
    (passwordFile === undefined ? undefined : readPasswordFile(path(passwordFile), "database.password_file"));
  const account = { "database.user": text("database.user"), "database.password": password };
  for (const [key, value] of Object.entries(account))
    if (value === undefined) {
      const file = key === "database.password" ? ", or DJ_PASS_FILE for a file that holds it" : "";
      throw new ConfigurationError(
        `${where}: '${key}' is missing; the server at ${host} needs it (or the variable ${keys[key]!.env}${file}).`,
        key,
        where,
      );
    }
  const [name, port] = host.split(":") as [string, string | undefined];
  const tls = tlsSettings(values, name, path, where);
  return {
    kind: "mysql",
    host: name,
    port: port === undefined ? ((values.get("database.port") as number | undefined) ?? 3306) : Number(port),
    user: account["database.user"]!,
    password: account["database.password"]!,
    ...(tls === undefined ? {} : { tls }),
    ...viaOf(text("database.tunnel"), where),
  };
}

function viaOf(tunnel: string | undefined, where: string) {
  if (tunnel === undefined) return {};
  const [, host, port] = /^([^:\s]+):(\d{1,5})$/.exec(tunnel) ?? [];
  if (host === undefined || Number(port) > 65_535)
    throw wrongSetting("database.tunnel", "host:port", tunnel, where);
  return { via: { host, port: Number(port) } };
}

/** Whether a host is this machine, so that nothing goes over a network. */
export function isLocalHost(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function tlsSettings(
  values: ReadonlyMap<string, unknown>,
  host: string,
  path: (name: string) => string,
  where: string,
): false | TlsSettings | undefined {
  const given = values.get("database.use_tls");
  const authority = values.get("database.ssl_ca") as string | undefined;
  const ca = authority === undefined ? {} : { caFile: path(authority) };
  if (given === false) return false;
  if (given === undefined || given === null)
    return isLocalHost(host) && authority === undefined ? undefined : { verify: true, ...ca };
  if (given === true) return { verify: true, ...ca };
  const options = given as Readonly<Record<string, unknown>>;
  for (const key of ["cert", "key", "capath", "cipher"])
    if (options[key] !== undefined && options[key] !== null)
      throw new ConfigurationError(
        `${where}: 'database.use_tls' has '${key}', which is not supported; of PyMySQL's options 'ca', 'check_hostname' and 'verify_mode' are.`,
        "database.use_tls",
        where,
      );
  const { ca: own } = options;
  if (own !== undefined && own !== null && typeof own !== "string")
    throw wrongSetting("database.use_tls.ca", "a file", own, where);
  const caFile = typeof own === "string" ? path(own) : ca.caFile;
  const isUnchecked = options["check_hostname"] === false || isNone(options["verify_mode"]);
  return { verify: caFile !== undefined && !isUnchecked, ...(caFile === undefined ? {} : { caFile }) };
}

/** PyMySQL's words for "do not check". */
function isNone(mode: unknown): boolean {
  return mode === false || mode === 0 || (typeof mode === "string" && /^(none|0|false|no)$/i.test(mode));
}

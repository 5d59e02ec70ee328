/**
 * @module
 * How the processes of a rehearsal are told of its database: the account in their environment, since a password on disk stays there when
 * the rehearsal is killed; TLS in their configuration, since only there it can be told whole.
 */
import type { DatabaseSettings } from "../settings/database-settings.ts";
import type { Wire } from "./wire.ts";

/** Variables that a process needs to run at all, of this process's. */
const kept = ["PATH", "HOME", "NODE_COMPILE_CACHE"];

/** The environment of one process; behind the wire when there is one. */
export function workerEnvironment(
  database: DatabaseSettings,
  env: Readonly<Record<string, string | undefined>>,
  wire?: Wire,
): Readonly<Record<string, string>> {
  const own = Object.fromEntries(
    kept.flatMap((name) => (env[name] === undefined ? [] : ([[name, env[name]]] as const))),
  );
  if (database.kind === "sqlite") return { ...own, DJ_BACKEND: "sqlite", TENON_DATABASE: database.path };
  const { via } = database;
  const tunnel = wire === undefined ? via : { host: "127.0.0.1", port: wire.port };
  return {
    ...own,
    DJ_HOST: database.host,
    DJ_PORT: `${database.port}`,
    DJ_USER: database.user,
    DJ_PASS: database.password,
    ...(tunnel === undefined ? {} : { DJ_TUNNEL: `${tunnel.host}:${tunnel.port}` }),
  };
}

/** The keys of a configuration that say the same of TLS. */
export function tlsKeys(database: DatabaseSettings): Readonly<Record<string, unknown>> {
  if (database.kind === "sqlite" || database.tls === undefined) return {};
  const { tls } = database;
  if (tls === false) return { "database.use_tls": false };
  if (tls.verify)
    return {
      "database.use_tls": true,
      ...(tls.caFile === undefined ? {} : { "database.ssl_ca": tls.caFile }),
    };
  return {
    "database.use_tls": { check_hostname: false, ...(tls.caFile === undefined ? {} : { ca: tls.caFile }) },
  };
}

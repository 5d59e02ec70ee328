/**
 * @module
 * What a MySQL or MariaDB server is told for DataJoint, each with its reason (pipeline contract 7.2): `my.cnf` is written from this list, and
 * `tenon doctor` judges a running server by it.
 *
 * What a newcomer would get wrong: what a version does not know is left out, not set to nothing. Removed or changed since 8.0:
 * `innodb_log_file_size` (now `innodb_redo_log_capacity`), `default_authentication_plugin`, `mysql_native_password`, `skip-host-cache`,
 * `symbolic-links`, the `ssl=1` and DHE cipher of the old image. MariaDB keeps some of them.
 */
import type { ServerVersion } from "./server-version.ts";

export interface ServerPlan {
  readonly version: ServerVersion;
  /** Memory that the server may take, bytes. */
  readonly memoryBytes: number;
  /** Folder with the certificates, as the server sees it. */
  readonly keysFolder: string;
}

export interface ServerSetting {
  /** The variable's name, as SHOW VARIABLES has it. */
  readonly name: string;
  readonly reason: string;
  /** The value to write, or undefined where this version has no such setting or needs none. */
  readonly value: (plan: ServerPlan) => string | undefined;
  /** How a running server is judged: the same value, at least as much, all of the words, at most as much; or not judged here. */
  readonly judged: "same" | "at least" | "words" | "at most" | "no";
  /** Whether a deviation breaks something; otherwise it is a warning. */
  readonly isNeeded: boolean;
  /** Needs a restart to change. */
  readonly atStart?: true;
}

const gib = 2 ** 30;
const mib = 2 ** 20;

/** The buffer pool: 70 % of the memory, in whole chunks of 128 MiB. */
export function bufferPoolBytes(memoryBytes: number): number {
  const chunk = 128 * mib;
  return Math.max(chunk, Math.floor((memoryBytes * 0.7) / chunk) * chunk);
}

/** The redo log: as large as the buffer pool, from 2 to 8 GiB. */
export function redoBytes(memoryBytes: number): number {
  return Math.min(8 * gib, Math.max(2 * gib, bufferPoolBytes(memoryBytes)));
}

const size = (bytes: number) => (bytes % gib === 0 ? `${bytes / gib}G` : `${Math.round(bytes / mib)}M`);
const always = (value: string) => () => value;
const isMariadb = ({ version }: ServerPlan) => version === "mariadb";
const mysqlOnly = (value: string) => (plan: ServerPlan) => (isMariadb(plan) ? undefined : value);
const mariadbOnly = (value: string) => (plan: ServerPlan) => (isMariadb(plan) ? value : undefined);

export const sqlModes = ["STRICT_ALL_TABLES", "NO_ENGINE_SUBSTITUTION", "ONLY_FULL_GROUP_BY"] as const;

// biome-ignore format: a table
export const serverSettings: readonly ServerSetting[] = [
  { name: "sql_mode", judged: "words", isNeeded: true, value: always(sqlModes.join(",")),
    reason: "A value that does not fit is an error, never cut silently; grouped queries are unambiguous. DataJoint clients set it per session too; other clients get it from here." },
  { name: "max_allowed_packet", judged: "at least", isNeeded: true, value: always("512M"),
    reason: "One blob (LFP, waveforms) travels in one packet. The limit holds on both sides: clients need theirs too, see [client] below." },
  { name: "explicit_defaults_for_timestamp", judged: "same", isNeeded: true, value: always("ON"),
    reason: "timestamp columns mean what DataJoint's definitions say; without it the first one updates itself." },
  { name: "default_time_zone", judged: "no", isNeeded: true, value: always("'+00:00'"), atStart: true,
    reason: "The pipeline mixes UTC with the server's NOW(); in UTC they agree, and no hour comes twice in autumn." },
  { name: "character_set_server", judged: "same", isNeeded: true, value: always("utf8mb4"),
    reason: "Every letter, also \u00b5 in comments. MariaDB starts with latin1 unless told." },
  { name: "collation_server", judged: "no", isNeeded: true,
    value: (plan) => (isMariadb(plan) ? "utf8mb4_general_ci" : "utf8mb4_0900_ai_ci"),
    reason: "One collation for all schemas: foreign keys between columns of different ones are refused (3780). This is what the platform's dumps have on MySQL, and MariaDB 10.11's own." },
  { name: "innodb_buffer_pool_size", judged: "no", isNeeded: false,
    value: ({ memoryBytes }) => size(bufferPoolBytes(memoryBytes)),
    reason: "70 % of the memory given with --memory: tables and indexes that are read often stay there." },
  { name: "innodb_redo_log_capacity", judged: "no", isNeeded: false,
    value: (plan) => (isMariadb(plan) ? undefined : size(redoBytes(plan.memoryBytes))),
    reason: "Room for large transactions of blobs; a small one makes every large insert wait for the disk. (8.0 before 8.0.30 has innodb_log_file_size instead and ignores this one because of loose_.)" },
  { name: "innodb_log_file_size", judged: "no", isNeeded: false,
    value: (plan) => (isMariadb(plan) ? size(redoBytes(plan.memoryBytes)) : undefined),
    reason: "Room for large transactions of blobs; a small one makes every large insert wait for the disk." },
  { name: "innodb_log_buffer_size", judged: "no", isNeeded: false, value: always("64M"), atStart: true,
    reason: "Blobs go through it on their way to the redo log." },
  { name: "innodb_flush_log_at_trx_commit", judged: "same", isNeeded: false, value: always("1"),
    reason: "A committed result survives a power cut. The workers' leases rely on it: what is committed stays." },
  { name: "innodb_file_per_table", judged: "same", isNeeded: false, value: always("ON"),
    reason: "A dropped table gives its disk space back." },
  { name: "innodb_stats_on_metadata", judged: "same", isNeeded: false, value: always("OFF"),
    reason: "information_schema answers without sampling every table; DataJoint asks it often." },
  { name: "innodb_lock_wait_timeout", judged: "no", isNeeded: false, value: always("600"),
    reason: "A worker waits for another's insert of many blobs instead of failing after 50 s." },
  { name: "lock_wait_timeout", judged: "at most", isNeeded: false, value: always("600"),
    reason: "ALTER and DROP that wait for an open transaction give up after ten minutes instead of blocking everybody for a year." },
  { name: "innodb_rollback_on_timeout", judged: "same", isNeeded: false, value: always("ON"), atStart: true,
    reason: "A lock that times out undoes the whole transaction, not one statement of it: no half-inserted results." },
  { name: "transaction_isolation", judged: "no", isNeeded: true, value: always("REPEATABLE-READ"),
    reason: "DataJoint reads a consistent snapshot inside make(); backups do too." },
  { name: "innodb_snapshot_isolation", judged: "same", isNeeded: false, value: mariadbOnly("OFF"),
    reason: "Transactions as MySQL has them. MariaDB 11.6 switched it on: datajoint-python then fails with 1020 where two workers meet. (loose_: older versions do not know it.)" },
  { name: "wait_timeout", judged: "at least", isNeeded: false, value: always("86400"),
    reason: "A connection may be idle while make() computes for hours. Tenon holds none then; datajoint-python does." },
  { name: "interactive_timeout", judged: "at least", isNeeded: false, value: always("86400"),
    reason: "The same for notebooks and shells." },
  { name: "net_read_timeout", judged: "at least", isNeeded: false, value: always("3600"),
    reason: "A large insert over a slow line is not cut off after 30 s." },
  { name: "net_write_timeout", judged: "at least", isNeeded: false, value: always("3600"),
    reason: "The same for a large fetch by a slow client." },
  { name: "max_connections", judged: "no", isNeeded: false, value: always("500"),
    reason: "A worker has up to ten connections while it is busy; 151 are soon used up by a fleet." },
  { name: "skip_name_resolve", judged: "same", isNeeded: false, value: always("ON"), atStart: true,
    reason: "No DNS lookup for each connection, which blocks all logins when DNS is down. Accounts are therefore for '%' or addresses, not host names." },
  { name: "local_infile", judged: "same", isNeeded: true, value: always("OFF"),
    reason: "Nobody reads files of a client's machine through LOAD DATA LOCAL (a hostile server or dump could). MariaDB has it on unless told." },
  { name: "secure_file_priv", judged: "no", isNeeded: false, value: mysqlOnly("NULL"), atStart: true,
    reason: "Nobody reads or writes files of the server by SQL." },
  { name: "symbolic_links", judged: "no", isNeeded: false, value: mariadbOnly("OFF"), atStart: true,
    reason: "No table outside of the data folder. (MySQL has dropped the option's use.)" },
  { name: "partial_revokes", judged: "same", isNeeded: true, value: mysqlOnly("OFF"),
    reason: "With it on, the _ and % in a grant on schemas are plain letters, and the grants of users.sql would match nothing." },
  { name: "default_authentication_plugin", judged: "no", isNeeded: false, atStart: true,
    value: ({ version }) => (version === "8.0" ? "caching_sha2_password" : undefined),
    reason: "Passwords are kept as salted SHA-256. mysql_native_password (SHA-1) is off in 8.4 and gone in 9." },
  { name: "authentication_policy", judged: "no", isNeeded: false,
    value: ({ version }) => (version === "8.4" || version === "9" ? "'caching_sha2_password,,'" : undefined),
    reason: "Passwords are kept as salted SHA-256. mysql_native_password (SHA-1) is off in 8.4 and gone in 9, so it is not named here." },
  { name: "ssl_ca", judged: "no", isNeeded: true, value: ({ keysFolder }) => `${keysFolder}/ca.pem`, atStart: true,
    reason: "The lab's own authority, made by this command; clients get a copy (database.ssl_ca)." },
  { name: "ssl_cert", judged: "no", isNeeded: true, value: ({ keysFolder }) => `${keysFolder}/server-cert.pem`, atStart: true,
    reason: "The server's certificate, for the names given with --host." },
  { name: "ssl_key", judged: "no", isNeeded: true, value: ({ keysFolder }) => `${keysFolder}/server-key.pem`, atStart: true,
    reason: "Its private key; the server's user alone may read it (mode 0600)." },
  { name: "tls_version", judged: "no", isNeeded: true, value: always("TLSv1.2,TLSv1.3"), atStart: true,
    reason: "Older protocols are broken. No ssl_cipher: the old image's DHE-RSA-AES256-SHA is obsolete." },
  { name: "require_secure_transport", judged: "same", isNeeded: true, value: always("ON"),
    reason: "Passwords and data never cross the network in the clear. The server's own socket still works." },
  { name: "mysqlx", judged: "no", isNeeded: false, value: mysqlOnly("OFF"), atStart: true,
    reason: "The X protocol's port 33060 is not used, so it is closed." },
  { name: "binlog_expire_logs_seconds", judged: "no", isNeeded: false, value: always("604800"),
    reason: "Binary logs hold every blob once more: a week of them, not a month." },
];

/** Settings that not all servers of a version know; `loose_` lets the others start. */
const loose: ReadonlySet<string> = new Set(["innodb_snapshot_isolation"]);

/** The name as it is written in my.cnf. */
export function optionName(setting: ServerSetting, version: ServerVersion): string {
  const isLoose =
    loose.has(setting.name) || (version === "8.0" && setting.name === "innodb_redo_log_capacity");
  return `${isLoose ? "loose_" : ""}${setting.name}`;
}

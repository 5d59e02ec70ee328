/**
 * @module
 * The configuration: one JSON file as datajoint-python users have it, overridden by environment variables, overridden by flags.
 *
 * The file is the first of `./dj_local_conf.json`, `./dj_local_config.json` (the name that the deployment page uses),
 * `~/.datajoint_config.json`. Files are not merged, as in datajoint-python. Keys may be dotted (`"database.host"`) or nested. Relative
 * paths are relative to the file's folder. Without any file the database is SQLite and the roots are `raw/` and `processed/` here.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { ConfigurationError, wrongSetting as wrong } from "./configuration-error.ts";
import { type DatabaseSettings, databaseSettings } from "./database-settings.ts";
import { type KeySpec, keys, nearestKey } from "./keys.ts";
import { type NoticeTarget, noticeSettings } from "./notice-settings.ts";
import {
  type MigrationSettings,
  migrationSettings,
  type S3StoreSettings,
  s3StoreSettings,
} from "./s3-settings.ts";
import { refuseOpenFile } from "./secret-file.ts";

export { ConfigurationError } from "./configuration-error.ts";
export type { DatabaseSettings } from "./database-settings.ts";
export type { MigrationSettings, S3StoreSettings } from "./s3-settings.ts";

export interface Settings {
  /** The file that was read; undefined without one. */
  readonly file: string | undefined;
  readonly database: DatabaseSettings;
  /** Begins every schema's name. */
  readonly prefix: string;
  /** Absolute folders that session folders are looked up in, first match wins. */
  readonly rawRoots: readonly string[];
  /** Absolute folder that results go to. */
  readonly processedRoot: string;
  /** Absolute folder that backups go to. */
  readonly backupDir: string;
  readonly generation: "legacy" | "current";
  /** Idle cycles before a worker stops; undefined: it never does. */
  readonly maxIdledCycle: number | undefined;
  readonly threads: number | undefined;
  /** SQL LIKE patterns of failures that are tried again by themselves, and how often; undefined: 6 times. */
  readonly autoclearErrorPatterns: readonly string[];
  readonly mostRetries: number | undefined;
  /** Seconds before the first retry; undefined: 30. */
  readonly retryPauseS: number | undefined;
  /** What one worker process may use at most; what is undefined the machine says. */
  readonly limits: {
    readonly cpus: number | undefined;
    readonly memoryGb: number | undefined;
    readonly gpus: number | undefined;
  };
  /** Seconds that a lease holds without a beat; undefined: 40. */
  readonly leaseS: number | undefined;
  /** Who is told of failures. Read when it is asked for: their secrets are for workers, not for everyone who looks.
   *  @throws ConfigurationError */
  readonly notices: () => readonly NoticeTarget[];
  readonly metrics: { readonly port: number | undefined; readonly host: string };
  readonly logFormat: "text" | "json";
  readonly stores: Readonly<Record<string, StoreSettings>>;
  /** Stores that are still on S3, for the migration. */
  readonly s3Stores: Readonly<Record<string, S3StoreSettings>>;
  readonly migration: MigrationSettings;
}

export interface StoreSettings {
  readonly protocol: "file";
  /** Absolute folder. */
  readonly location: string;
}

export const fileNames = ["dj_local_conf.json", "dj_local_config.json"] as const;

export interface LoadOptions {
  /** Folder to look for the file in. Default: the current one. */
  readonly folder?: string;
  /** This very file instead of a search. */
  readonly file?: string;
  /** Default: process.env. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the configuration.
 * @throws ConfigurationError naming the key and the file or variable that is wrong
 */
export function loadSettings(options: LoadOptions = {}): Settings {
  const folder = resolve(options.folder ?? ".");
  const env = options.env ?? process.env;
  const file = options.file === undefined ? findFile(folder) : resolve(options.file);
  const values = file === undefined ? new Map<string, unknown>() : readFile(file);
  const base = file === undefined ? folder : dirname(file);
  const where = file ?? "the environment";
  for (const [key, spec] of Object.entries(keys)) {
    const variable = spec.env;
    const text = variable === undefined ? undefined : env[variable];
    if (text !== undefined && text !== "") values.set(key, fromEnvironment(key, spec, text, variable!));
  }
  // a password file that the environment names beats a password of the configuration file
  if (env["DJ_PASS_FILE"] && !env["DJ_PASS"]) values.delete("database.password");
  const text = (key: string) => values.get(key) as string | undefined;
  const path = (name: string) => (isAbsolute(name) ? name : join(base, name));

  const generation = text("custom.generation") ?? "legacy";
  if (generation !== "legacy" && generation !== "current")
    throw wrong("custom.generation", "legacy or current", generation, where);
  const prefix = text("custom.database.prefix") ?? "tenon_";
  if (!/^[a-z][a-z0-9_]*$/.test(prefix))
    throw wrong(
      "custom.database.prefix",
      "lower-case letters, digits and underscores, beginning with a letter",
      prefix,
      where,
    );
  const logFormat = text("custom.log_format") ?? "text";
  if (logFormat !== "text" && logFormat !== "json")
    throw wrong("custom.log_format", "text or json", logFormat, where);
  const raw = values.get("custom.raw_root_data_dir") ?? "raw";
  const processedRoot = path(text("custom.processed_root_data_dir") ?? "processed");
  const migration = migrationSettings(values, path, where);
  return {
    file,
    database: databaseSettings(values, path, where),
    prefix,
    rawRoots: (Array.isArray(raw) ? (raw as string[]) : [raw as string]).map(path),
    processedRoot,
    backupDir: path(text("custom.backup_dir") ?? "backups"),
    generation,
    maxIdledCycle: positive(values, "custom.worker_max_idled_cycle", where),
    threads: positive(values, "custom.threads", where),
    autoclearErrorPatterns: (values.get("custom.autoclear_error_patterns") ?? []) as string[],
    mostRetries: positive(values, "custom.most_retries", where),
    retryPauseS: positive(values, "custom.retry_pause_seconds", where),
    limits: {
      cpus: positive(values, "custom.cpus", where),
      memoryGb: positive(values, "custom.memory_gb", where),
      gpus: positive(values, "custom.gpus", where),
    },
    notices: () => noticeSettings(values.get("custom.notices"), env, path, where),
    metrics: {
      port: portOf(values.get("custom.metrics_port"), where),
      host: text("custom.metrics_host") ?? "127.0.0.1",
    },
    logFormat,
    leaseS: positive(values, "custom.lease_seconds", where),
    stores: storeSettings(values.get("stores"), processedRoot, path, where, migration.stores),
    s3Stores: s3StoreSettings(values.get("stores"), where),
    migration,
  };
}

function findFile(folder: string): string | undefined {
  const places = [...fileNames.map((name) => join(folder, name)), join(homedir(), ".datajoint_config.json")];
  return places.find((place) => existsSync(place));
}

function readFile(file: string): Map<string, unknown> {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigurationError(
      `Cannot read the configuration ${file}: ${(cause as Error).message}`,
      "",
      file,
      { cause },
    );
  }
  let data: unknown;
  try {
    data = JSON.parse(content);
  } catch (cause) {
    throw new ConfigurationError(`${file} is not JSON: ${(cause as Error).message}`, "", file, { cause });
  }
  if (data === null || typeof data !== "object" || Array.isArray(data))
    throw new ConfigurationError(
      `${file} must hold one JSON object, got ${JSON.stringify(data)?.slice(0, 40)}`,
      "",
      file,
    );
  const values = new Map<string, unknown>();
  flatten("", data as Record<string, unknown>, values, file);
  const secret = secretIn(values);
  if (secret !== undefined) refuseOpenFile(file, secret);
  return values;
}

/** The name of a secret that the file holds, or undefined. */
function secretIn(values: ReadonlyMap<string, unknown>): string | undefined {
  for (const key of values.keys()) if (keys[key]?.secret === true) return key;
  for (const [name, spec] of Object.entries((values.get("stores") ?? {}) as Record<string, unknown>))
    for (const part of ["secret_key", "token", "account_key", "connection_string"])
      if ((spec as Record<string, unknown> | null)?.[part] !== undefined) return `stores.${name}.${part}`;
  return undefined;
}

/** Puts nested and dotted keys into one map of dotted names; unknown ones are errors. */
function flatten(
  before: string,
  data: Record<string, unknown>,
  into: Map<string, unknown>,
  file: string,
): void {
  for (const [name, value] of Object.entries(data)) {
    const key = before + name;
    const spec = keys[key];
    if (spec !== undefined) {
      if (value !== null) into.set(key, checked(key, spec, value, file));
    } else if (value !== null && typeof value === "object" && !Array.isArray(value) && hasKeysBelow(key))
      flatten(`${key}.`, value as Record<string, unknown>, into, file);
    else {
      const near = nearestKey(key);
      const hint = near === undefined ? "`tenon init --help` lists the keys." : `Did you mean '${near}'?`;
      throw new ConfigurationError(`${file}: unknown key '${key}'. ${hint}`, key, file);
    }
  }
}

function hasKeysBelow(key: string): boolean {
  return Object.keys(keys).some((name) => name.startsWith(`${key}.`));
}

const descriptions: Record<KeySpec["type"], string> = {
  text: "text",
  number: "a number",
  boolean: "true or false",
  paths: "a path or a list of paths",
  texts: "a list of texts",
  objects: "a list of objects",
  object: "an object",
};

function checked(key: string, spec: KeySpec, value: unknown, where: string): unknown {
  const good = {
    text: () => typeof value === "string",
    number: () => typeof value === "number" && Number.isFinite(value),
    // datajoint-python also takes an object of TLS options here
    boolean: () => typeof value === "boolean" || (key === "database.use_tls" && typeof value === "object"),
    paths: () =>
      typeof value === "string" ||
      (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string")),
    texts: () => Array.isArray(value) && value.every((item) => typeof item === "string" && item !== ""),
    object: () => typeof value === "object" && !Array.isArray(value),
    objects: () =>
      Array.isArray(value) &&
      value.every((item) => typeof item === "object" && item !== null && !Array.isArray(item)),
  }[spec.type]();
  if (!good && spec.pythonOnly !== true) throw wrong(key, descriptions[spec.type], value, where);
  return value;
}

function fromEnvironment(key: string, spec: KeySpec, text: string, variable: string): unknown {
  if (spec.type === "number") {
    const value = Number(text);
    if (!Number.isFinite(value)) throw wrong(key, "a number", text, variable);
    return value;
  }
  if (spec.type === "boolean") {
    if (/^(1|true|yes)$/i.test(text)) return true;
    if (/^(0|false|no)$/i.test(text)) return false;
    throw wrong(key, "true or false", text, variable);
  }
  return text;
}

function positive(values: ReadonlyMap<string, unknown>, key: string, where: string): number | undefined {
  const value = values.get(key) as number | undefined;
  if (value === undefined) return undefined;
  if (!Number.isInteger(value) || value < 1) throw wrong(key, "a whole number above 0", value, where);
  return value;
}

function portOf(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 65_535)
    throw wrong("custom.metrics_port", "a port from 0 to 65535", value, where);
  return value as number;
}

/** The store that the pipeline's tables use; without a word of it in the file it is a folder of the processed root. */
const blobStore = "datajoint-blob";

function storeSettings(
  stores: unknown,
  processedRoot: string,
  path: (name: string) => string,
  where: string,
  folders: Readonly<Record<string, string>>,
): Readonly<Record<string, StoreSettings>> {
  const result: Record<string, StoreSettings> = {};
  const given = (stores ?? {}) as Record<string, unknown>;
  if (given[blobStore] === undefined)
    result[blobStore] = { protocol: "file", location: join(processedRoot, blobStore) };
  for (const [name, spec] of Object.entries(given)) {
    const { protocol, location } = (spec ?? {}) as { protocol?: unknown; location?: unknown };
    const folder = folders[name];
    if (protocol === "s3" && folder !== undefined) result[name] = { protocol: "file", location: folder };
    if (["s3", "gcs", "azure"].includes(protocol as string)) continue; // read by the migration; no step writes to them yet
    if (protocol !== "file")
      throw wrong(`stores.${name}.protocol`, "file, s3, gcs or azure", protocol, where);
    if (typeof location !== "string") throw wrong(`stores.${name}.location`, "a folder", location, where);
    result[name] = { protocol, location: path(location) };
  }
  return result;
}

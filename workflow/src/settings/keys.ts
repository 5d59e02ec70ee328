/**
 * @module
 * Every key that the configuration may hold, with its type, its environment variable and where it comes from. A key that is not here is
 * refused with the nearest one, so that a typing error never works silently with a default.
 */

export type KeyType = "text" | "number" | "boolean" | "paths" | "texts" | "object" | "objects";

export interface KeySpec {
  readonly type: KeyType;
  /** The variable that overrides the file. */
  readonly env?: string;
  /** One line for `--help` and the commented configuration. */
  readonly help: string;
  /** Read by datajoint-python alone: accepted, not used. */
  readonly pythonOnly?: true;
  /** A file that holds it must be readable by its owner alone. */
  readonly secret?: true;
}

const python = (help: string, type: KeyType = "text"): KeySpec => ({ type, help, pythonOnly: true });

/** By dotted name, as datajoint-python writes them. */
export const keys: Readonly<Record<string, KeySpec>> = {
  "database.backend": {
    type: "text",
    env: "DJ_BACKEND",
    help: "mysql or sqlite; default: mysql when database.host is set, else sqlite",
  },
  "database.path": {
    type: "text",
    env: "TENON_DATABASE",
    help: "file of the SQLite database; default: tenon.sqlite beside the configuration",
  },
  "database.host": { type: "text", env: "DJ_HOST", help: "MySQL or MariaDB server, may be host:port" },
  "database.port": { type: "number", env: "DJ_PORT", help: "default 3306" },
  "database.user": { type: "text", env: "DJ_USER", help: "account of the server" },
  "database.password": { type: "text", env: "DJ_PASS", help: "its password", secret: true },
  "database.password_file": {
    type: "text",
    env: "DJ_PASS_FILE",
    help: "file that holds the password instead, so that it is in no configuration and no environment",
  },
  "database.use_tls": {
    type: "boolean",
    env: "DJ_USE_TLS",
    help: "true: encrypted, certificate checked; false: plain; default: true, but plain to this machine",
  },
  "database.ssl_ca": {
    type: "text",
    env: "DJ_SSL_CA",
    help: "certificate authority that the server's certificate is checked with (PEM file); default: those that Node knows",
  },
  "database.tunnel": {
    type: "text",
    env: "DJ_TUNNEL",
    help: "host:port where the server is reached instead, such as an SSH tunnel; its certificate is still checked with database.host",
  },
  "database.reconnect": python("reconnect", "boolean"),
  "database.name": python("database of a PostgreSQL server"),
  "database.create_tables": python("whether tables may be declared", "boolean"),
  "database.database_prefix": python("deprecated and unused there"),
  "connection.init_function": python("SQL run on connect"),
  "connection.charset": python("character set"),
  loglevel: python("log level"),
  safemode: python("ask before deleting", "boolean"),
  fetch_format: python("array or frame"),
  "display.limit": python("rows shown", "number"),
  "display.width": python("column width", "number"),
  "display.show_tuple_count": python("show the number of rows", "boolean"),
  enable_python_native_blobs: python("write dj0 blobs", "boolean"),
  add_hidden_timestamp: python("hidden timestamp column", "boolean"),
  filepath_checksum_size_limit: python("no checksum above this size", "number"),
  filepath_checksum_size_limit_insert: python("no checksum above this size", "number"),
  query_cache: python("cache of query results"),
  cache: python("cache of external objects"),
  plugin: python("plugins", "object"),
  stores: {
    type: "object",
    help: "external stores by name: {protocol: file, location}, or s3 for `tenon migrate files`: {protocol: s3, endpoint, bucket, location, access_key, secret_key}",
  },
  "custom.database.prefix": {
    type: "text",
    env: "DATABASE_PREFIX",
    help: "begins every schema's name, e.g. mylab_ephys_",
  },
  "custom.raw_root_data_dir": {
    type: "paths",
    env: "RAW_ROOT_DATA_DIR",
    help: "where session folders are (one folder or a list)",
  },
  "custom.processed_root_data_dir": {
    type: "text",
    env: "PROCESSED_ROOT_DATA_DIR",
    help: "where results go",
  },
  "custom.backup_dir": {
    type: "text",
    env: "TENON_BACKUP_DIR",
    help: "where `tenon backup` puts backups, best on another disk; default: backups beside the configuration",
  },
  "custom.ephys_mode": python("variant of the ephys schema"),
  "custom.worker_max_idled_cycle": {
    type: "number",
    env: "WORKER_MAX_IDLED_CYCLE",
    help: "a worker stops after this many idle cycles; default: never",
  },
  "custom.autoclear_error_patterns": {
    type: "texts",
    help: 'failures whose message is LIKE one of these are tried again by themselves, e.g. ["%CUDA out of memory%"]',
  },
  "custom.most_retries": {
    type: "number",
    env: "TENON_MOST_RETRIES",
    help: "how often one key is tried again by itself; default 6",
  },
  "custom.retry_pause_seconds": {
    type: "number",
    env: "TENON_RETRY_PAUSE_SECONDS",
    help: "the pause before a key is tried again by itself; it doubles with each time; default 30",
  },
  "custom.notices": {
    type: "objects",
    help: "who is told of failures: webhooks and mail servers (docs/how-to/watch-workers.md); `tenon notices --test` tries them",
  },
  "custom.metrics_port": {
    type: "number",
    env: "TENON_METRICS_PORT",
    help: "a worker serves http://HOST:PORT/metrics for Prometheus; 0: any free port; default: none",
  },
  "custom.metrics_host": {
    type: "text",
    env: "TENON_METRICS_HOST",
    help: "address that metrics are served at; default 127.0.0.1",
  },
  "custom.log_format": {
    type: "text",
    env: "TENON_LOG_FORMAT",
    help: "text, or json: one object a line; default text",
  },
  "custom.migration.inbox": {
    type: "text",
    help: "s3://BUCKET/PREFIX of raw data; `tenon migrate files` puts it into the first raw root",
  },
  "custom.migration.outbox": {
    type: "text",
    help: "s3://BUCKET/PREFIX of results, for the processed root",
  },
  "custom.migration.stores": {
    type: "object",
    help: "folder of each store with the protocol s3, by name; the pipeline then uses the folder",
  },
  "custom.migration.endpoint": { type: "text", help: "URL of the S3 server; default: Amazon's" },
  "custom.migration.region": { type: "text", help: "of the bucket; default us-east-1" },
  "custom.migration.ca_file": {
    type: "text",
    help: "certificate authorities of the S3 server (PEM file), beside those that Node knows",
  },
  "custom.generation": {
    type: "text",
    env: "TENON_GENERATION",
    help: "legacy (datajoint-python 0.14) or current (2.x) for schemas that are new; default legacy",
  },
  "custom.lease_seconds": {
    type: "number",
    env: "TENON_LEASE_SECONDS",
    help: "a worker that has not been heard of for so long loses its job to another; default 40, the same for all workers of a database",
  },
  "custom.cpus": {
    type: "number",
    env: "TENON_CPUS",
    help: "processors that a worker process may use; default: those of the machine, its control group and its Slurm job",
  },
  "custom.memory_gb": {
    type: "number",
    env: "TENON_MEMORY_GB",
    help: "memory that a worker process may use, GB; default likewise",
  },
  "custom.gpus": {
    type: "number",
    env: "TENON_GPUS",
    help: "GPUs that a worker process may use; default likewise",
  },
  "custom.threads": {
    type: "number",
    env: "TENON_THREADS",
    help: "threads of a computing step; default: the cores of the machine",
  },
};

/** The nearest known key, or undefined when none is near. */
export function nearestKey(name: string): string | undefined {
  return nearestName(name, Object.keys(keys));
}

/** The nearest of some names, or undefined when none is near: what a person meant who mistyped one. */
export function nearestName(name: string, among: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(3, Math.floor(name.length / 3)) + 1;
  for (const candidate of among) {
    const distance = editDistance(name, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(change, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}

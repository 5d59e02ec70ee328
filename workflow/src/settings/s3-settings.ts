/**
 * @module
 * S3 in the configuration: stores with the protocol `s3`, as datajoint-python has them, and where the migration puts what is in them.
 *
 *     "stores": {"datajoint-blob": {"protocol": "s3", "endpoint": "s3.amazonaws.com", "bucket": "dj-sciops",
 *                                   "location": "org_wf/datajoint/blob", "access_key": "...", "secret_key": "..."}},
 *     "custom": {"migration": {"inbox": "s3://dj-sciops/org_wf/inbox", "outbox": "s3://dj-sciops/org_wf/outbox",
 *                              "stores": {"datajoint-blob": "/data/datajoint/blob"}}}
 *
 * What a newcomer would get wrong: no step of the pipeline reads or writes S3. A store whose folder `custom.migration.stores` names is that
 * folder for the pipeline, so one configuration serves before and after the files have come.
 */
import { wrongSetting as wrong } from "./configuration-error.ts";
import { readS3Endpoint } from "./s3-endpoint.ts";

export interface S3StoreSettings {
  /** `http://host:port` or `https://host:port`; undefined: Amazon's own. */
  readonly endpoint: string | undefined;
  readonly bucket: string;
  /** Prefix of its objects' keys, without slashes at its ends. */
  readonly location: string;
  readonly accessKey: string | undefined;
  readonly secretKey: string | undefined;
}

export interface MigrationSettings {
  /** `s3://BUCKET/PREFIX` of raw data and of results. */
  readonly inbox: string | undefined;
  readonly outbox: string | undefined;
  /** Absolute folders that stores' objects go to, by store. */
  readonly stores: Readonly<Record<string, string>>;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly caFile: string | undefined;
}

/** The stores with the protocol `s3`. @throws ConfigurationError */
export function s3StoreSettings(stores: unknown, where: string): Readonly<Record<string, S3StoreSettings>> {
  const result: Record<string, S3StoreSettings> = {};
  for (const [name, spec] of Object.entries(
    (stores ?? {}) as Record<string, Record<string, unknown> | null>,
  )) {
    if (spec?.["protocol"] !== "s3") continue;
    const text = (part: string): string | undefined => {
      const value = spec[part];
      if (value === undefined || value === null) return undefined;
      if (typeof value !== "string")
        throw wrong(`stores.${name}.${part}`, "text", /key/.test(part) ? "something else" : value, where);
      return value;
    };
    const bucket = text("bucket");
    if (bucket === undefined || bucket === "")
      throw wrong(`stores.${name}.bucket`, "the name of a bucket", spec["bucket"], where);
    const endpoint = text("endpoint");
    result[name] = {
      endpoint: endpoint === undefined ? undefined : readS3Endpoint(endpoint, spec["secure"] === true),
      bucket,
      location: (text("location") ?? "").replaceAll("\\", "/").replace(/^\/+|\/+$/g, ""),
      accessKey: text("access_key"),
      secretKey: text("secret_key"),
    };
  }
  return result;
}

/** @param path  makes a path of the configuration absolute @throws ConfigurationError */
export function migrationSettings(
  values: ReadonlyMap<string, unknown>,
  path: (name: string) => string,
  where: string,
): MigrationSettings {
  const text = (name: string) => values.get(`custom.migration.${name}`) as string | undefined;
  const source = (name: "inbox" | "outbox") => {
    const value = text(name);
    if (value !== undefined && !/^s3:\/\/[^/]+/.test(value))
      throw wrong(`custom.migration.${name}`, "s3://BUCKET/PREFIX", value, where);
    return value;
  };
  const stores: Record<string, string> = {};
  const given = (values.get("custom.migration.stores") ?? {}) as Record<string, unknown>;
  for (const [name, folder] of Object.entries(given)) {
    if (typeof folder !== "string") throw wrong(`custom.migration.stores.${name}`, "a folder", folder, where);
    stores[name] = path(folder);
  }
  const caFile = text("ca_file");
  return {
    inbox: source("inbox"),
    outbox: source("outbox"),
    stores,
    endpoint: text("endpoint"),
    region: text("region"),
    caFile: caFile === undefined ? undefined : path(caFile),
  };
}

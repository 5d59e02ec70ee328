/**
 * @module
 * How a bucket is reached: endpoint, region, credentials, certificates; from flags, AWS's environment variables and the configuration, in
 * this order. Secrets come from the environment or the configuration alone, never from the command line.
 */
import { readFileSync } from "node:fs";
import { readS3Endpoint } from "../../settings/s3-endpoint.ts";
import type { Settings } from "../../settings/settings.ts";
import { FilesError } from "./file-problem.ts";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface S3Access {
  /** `https://host:port`; undefined: Amazon's own. */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly credentials: S3Credentials;
  /** PEM text of authorities that are trusted beside Node's. */
  readonly ca: string | undefined;
}

export interface AccessFlags {
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** A PEM file. */
  readonly caFile?: string | undefined;
  /** Lets `http://` leave this machine. */
  readonly allowHttp?: boolean;
}

/**
 * Puts together how a bucket is reached.
 *
 * @param settings  a configured store of this bucket gives its endpoint, keys and region
 * @param storeName  the very store that is meant; without it the first one of this bucket
 * @throws FilesError when there are no credentials, or the endpoint is plain http to another machine
 */
export function resolveAccess(
  bucket: string,
  flags: AccessFlags,
  env: Readonly<Record<string, string | undefined>>,
  settings: Pick<Settings, "s3Stores" | "migration"> | undefined,
  storeName?: string,
): S3Access {
  const stores = Object.entries(settings?.s3Stores ?? {});
  const store = stores.find(([name, one]) =>
    storeName === undefined ? one.bucket === bucket : name === storeName,
  )?.[1];
  const set = (name: string) => (env[name] === "" ? undefined : env[name]);
  const given =
    flags.endpoint ?? set("AWS_ENDPOINT_URL_S3") ?? set("AWS_ENDPOINT_URL") ?? settings?.migration.endpoint;
  const endpoint = given === undefined ? store?.endpoint : readS3Endpoint(given, true);
  if (given !== undefined && endpoint === undefined && !/amazonaws\.com/.test(given))
    throw new FilesError(
      "server-unreachable",
      given,
      `The endpoint must be a URL such as https://minio.lab:9000, got '${given}'.`,
    );
  if (endpoint?.startsWith("http://") && flags.allowHttp !== true && !isThisMachine(endpoint))
    throw new FilesError(
      "insecure-endpoint",
      endpoint,
      `${endpoint} is not encrypted and not on this machine: keys and files could be read and changed on their way. Use https:// ("secure": true in the store), or --allow-http on a network that you trust.`,
    );
  const caFile = flags.caFile ?? set("AWS_CA_BUNDLE") ?? settings?.migration.caFile;
  return {
    endpoint,
    region:
      flags.region ??
      set("AWS_REGION") ??
      set("AWS_DEFAULT_REGION") ??
      settings?.migration.region ??
      "us-east-1",
    credentials: credentialsFrom(set, store, bucket),
    ca: caFile === undefined ? undefined : readCa(caFile),
  };
}

function credentialsFrom(
  set: (name: string) => string | undefined,
  store: { readonly accessKey: string | undefined; readonly secretKey: string | undefined } | undefined,
  bucket: string,
): S3Credentials {
  const id = set("AWS_ACCESS_KEY_ID");
  const secret = set("AWS_SECRET_ACCESS_KEY");
  const token = set("AWS_SESSION_TOKEN");
  if (id !== undefined && secret !== undefined)
    return {
      accessKeyId: id,
      secretAccessKey: secret,
      ...(token === undefined ? {} : { sessionToken: token }),
    };
  if (store?.accessKey !== undefined && store.secretKey !== undefined)
    return { accessKeyId: store.accessKey, secretAccessKey: store.secretKey };
  const half = id === undefined ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY";
  throw new FilesError(
    "credentials-missing",
    `s3://${bucket}`,
    `No credentials for the bucket ${bucket}: ${half} is not set. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary ones), or a store of this bucket with access_key and secret_key in the configuration.`,
  );
}

function isThisMachine(endpoint: string): boolean {
  const host = new URL(endpoint).hostname;
  return host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}

function readCa(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new FilesError(
      "certificate-refused",
      file,
      `Cannot read the certificate authorities in ${file}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

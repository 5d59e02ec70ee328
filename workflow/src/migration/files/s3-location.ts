/**
 * @module
 * `s3://BUCKET/PREFIX`. A prefix is a folder here: `s3://b/inbox` is what begins with `inbox/`, never `inbox2/file`.
 */

export interface S3Location {
  readonly bucket: string;
  /** Empty, or a folder's name that ends with `/`. */
  readonly prefix: string;
}

/** The location that a text names, or undefined when it is none. */
export function readS3Location(text: string): S3Location | undefined {
  const match = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:\/(.*))?$/su.exec(text);
  if (match === null) return undefined;
  const prefix = (match[2] ?? "").replace(/\/+$/, "");
  return { bucket: match[1]!, prefix: prefix === "" ? "" : `${prefix}/` };
}

/** `s3://bucket/prefix` without a slash at its end: the name of a source in manifests and reports. */
export function s3Text({ bucket, prefix }: S3Location): string {
  return `s3://${bucket}/${prefix}`.replace(/\/$/, "");
}

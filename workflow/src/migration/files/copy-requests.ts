/**
 * @module
 * What `tenon migrate files` copies: one location into one folder that the command names, or all that the configuration names: the inbox
 * into the first raw root, the outbox into the processed root, each store with the protocol `s3` into its folder.
 */
import type { Settings } from "../../settings/settings.ts";
import type { CopyRequest } from "./copy-source.ts";
import { FilesError } from "./file-problem.ts";
import { type AccessFlags, resolveAccess } from "./s3-access.ts";
import { readS3Location } from "./s3-location.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws FilesError `nothing-configured`, and those of `resolveAccess` */
export function configuredRequests(
  settings: Pick<Settings, "s3Stores" | "migration" | "rawRoots" | "processedRoot">,
  flags: AccessFlags,
  env: Environment,
): readonly CopyRequest[] {
  const { migration, rawRoots, processedRoot, s3Stores } = settings;
  const requests: CopyRequest[] = [];
  for (const [text, folder] of [
    [migration.inbox, rawRoots[0]],
    [migration.outbox, processedRoot],
  ] as const)
    if (text !== undefined && folder !== undefined)
      requests.push(requestOf(text, folder, settings, flags, env));
  for (const [name, { bucket, location }] of Object.entries(s3Stores)) {
    const folder = migration.stores[name];
    if (folder === undefined)
      throw new FilesError(
        "nothing-configured",
        `stores.${name}`,
        `The store ${name} is on S3 and the configuration names no folder for it: "custom": {"migration": {"stores": {"${name}": "/data/${name}"}}}.`,
      );
    const prefix = location === "" ? "" : `${location}/`;
    const access = resolveAccess(bucket, flags, env, settings, name);
    requests.push({ location: { bucket, prefix }, folder, access });
  }
  if (requests.length === 0)
    throw new FilesError(
      "nothing-configured",
      "custom.migration",
      'Nothing to copy: give s3://BUCKET/PREFIX and a folder, or name them in the configuration ("custom": {"migration": {"inbox": "s3://...", "outbox": "s3://..."}}).',
    );
  return requests;
}

/** One location into one folder. */
export function requestOf(
  text: string,
  folder: string,
  settings: Pick<Settings, "s3Stores" | "migration"> | undefined,
  flags: AccessFlags,
  env: Environment,
): CopyRequest {
  const location = readS3Location(text);
  if (location === undefined)
    throw new FilesError(
      "nothing-configured",
      text,
      `Expected s3://BUCKET/PREFIX, got '${text}' (a bucket's name is lower case, 3 to 63 characters).`,
    );
  return { location, folder, access: resolveAccess(location.bucket, flags, env, settings) };
}

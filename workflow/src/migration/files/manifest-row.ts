/**
 * @module
 * What becomes of a listed object: a file to fetch, a folder, a key that is not meant, or one that is refused by name.
 */
import { type GlobFilter, isMeant } from "./glob-filter.ts";
import { foldPath, keyToPath, type PathRules } from "./key-path.ts";
import type { NewRow } from "./manifest-table.ts";
import type { ListedObject, ObjectHead } from "./s3-bucket.ts";
import { asleepSentence, isArchived, isAsleep } from "./storage-class.ts";

/** The manifest's row of an object.
 * @param prefix  of the location; the path is what follows it
 * @param head  asks the bucket of an object in an archive, which may have been restored */
export async function rowOf(
  object: ListedObject,
  prefix: string,
  rules: PathRules,
  filter: GlobFilter,
  head: (key: string) => Promise<ObjectHead>,
): Promise<NewRow> {
  const { key, size, etag, modifiedMs, storageClass } = object;
  const below = key.slice(prefix.length);
  const found = keyToPath(below, size, rules);
  const path = found.kind === "refused" ? below : found.path;
  const row = { key, path, fold: foldPath(path), size, etag, modifiedMs, storageClass };
  if (!isMeant(path, filter)) return { ...row, state: "excluded" };
  if (found.kind === "refused")
    return {
      ...row,
      state: "refused",
      code: found.code,
      message: `This key is no file below the folder: ${found.reason}. It was not fetched; rename the object at the source, or fetch it by hand.`,
    };
  if (found.kind === "folder") return { ...row, state: "folder" };
  if (isArchived(storageClass)) {
    const told = await head(key);
    if (isAsleep(told))
      return { ...row, state: "refused", code: "archived-object", message: asleepSentence(told) };
  }
  return { ...row, state: "pending" };
}

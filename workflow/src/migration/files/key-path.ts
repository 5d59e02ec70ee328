/**
 * @module
 * From a key to a path below a folder. A key is any text of up to 1024 bytes; a path is not.
 *
 * What a newcomer would get wrong: nothing is ever "cleaned". A key that is not a path as it stands is refused, because two keys that are
 * cleaned may become one path, and rows of the database refer to files by their keys.
 */

export type KeyPath =
  | { readonly kind: "file" | "folder"; readonly path: string }
  | {
      readonly kind: "refused";
      readonly code: "key-escapes-root" | "key-not-a-path";
      readonly reason: string;
    };

/** Our own folder in a target. */
export const ownFolder = ".tenon-migration";
const longestName = 255;
const encoder = new TextEncoder();

export interface PathRules {
  /** The disk takes names with `:`, `*`, `?`, `"`, `<`, `>`, `|`; SMB shares and Windows do not. */
  readonly takesColons: boolean;
  /** Longest path below the folder, bytes: the system's limit less the folder's own path. */
  readonly longestPath: number;
}

/**
 * The path of a key below the target.
 *
 * @param key  as S3 lists it, after the source's prefix
 * @param size  bytes; an empty object whose key ends with `/` is a folder
 */
export function keyToPath(key: string, size: number, rules: PathRules): KeyPath {
  const escapes = (reason: string): KeyPath => ({ kind: "refused", code: "key-escapes-root", reason });
  const noPath = (reason: string): KeyPath => ({ kind: "refused", code: "key-not-a-path", reason });
  const isFolder = key.endsWith("/");
  const path = isFolder ? key.slice(0, -1) : key;
  if (path.startsWith("/")) return escapes("it is an absolute path");
  if (path.includes("\\")) return escapes("it holds a backslash, which separates folders on some systems");
  if (/^[A-Za-z]:(\/|$)/.test(path)) return escapes("it begins with a drive's letter");
  if (/[\u0000-\u001f\u007f]/u.test(path)) return noPath("it holds control characters");
  if (!path.isWellFormed() || path.includes("\ufffd")) return noPath("it is not valid Unicode");
  const names = path.split("/");
  for (const name of names) {
    if (name === "." || name === "..") return escapes(`it holds the name '${name}'`);
    if (name === "") return noPath("it holds an empty name between two slashes");
    if (encoder.encode(name).length > longestName)
      return noPath(`a name in it is longer than ${longestName} bytes`);
    if (!rules.takesColons && (/[:*?"<>|]/.test(name) || /[. ]$/.test(name)))
      return noPath(
        "the target's disk takes no names with : * ? \" < > | and none that end with a dot or space",
      );
  }
  if (foldPath(names[0]!) === ownFolder) return noPath(`'${ownFolder}' is the migration's own folder`);
  if (encoder.encode(path).length > rules.longestPath)
    return noPath(`its path in the target is longer than the system's limit`);
  if (isFolder && size > 0) return noPath("it ends with a slash, as folders do, but has content");
  return { kind: isFolder ? "folder" : "file", path };
}

/** What two paths have in common that a disk without case, or with another Unicode normalisation, takes for one. */
export function foldPath(path: string): string {
  // upper first: it joins letters that have one capital (final sigma); twice, since lower-casing may decompose
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

/**
 * @module
 * What an index is made of: names of columns, values inside JSON (`params.rate:double`), or any SQL (contract: datajoint.md 2.2).
 */

export type IndexItem =
  | { readonly kind: "column"; readonly name: string }
  | { readonly kind: "json"; readonly name: string; readonly path: string; readonly type: string | undefined }
  | { readonly kind: "sql"; readonly text: string };

export function readIndexItem(written: string): IndexItem {
  const found = /^(\w+)(?:\.([\w.*[\]]+))?(?::([\w(,\s)]+))?$/.exec(written);
  if (found === null) return { kind: "sql", text: written };
  const [, name = "", path, type] = found;
  return path === undefined ? { kind: "column", name } : { kind: "json", name, path, type };
}

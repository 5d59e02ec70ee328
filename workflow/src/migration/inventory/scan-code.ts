/**
 * @module
 * What a pipeline's Python code needs of its surroundings: schemas, stores, addresses of cloud stores, configuration keys, variables.
 *
 * The sources are searched, not run. What a newcomer would get wrong: a schema's name is mostly built from a prefix; what is not literal in it
 * is shown as `*`, so `dj.schema(db_prefix + "ephys")` needs `*ephys`.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";

/** Something that the code needs, and where it says so. */
export interface Need {
  readonly name: string;
  /** `path:line` of at most five places. */
  readonly places: readonly string[];
  readonly count: number;
}

export interface CodeScan {
  readonly folder: string;
  /** Files that were read. */
  readonly files: number;
  /** Names of schemas that are declared or used; `*` for what is not literal. */
  readonly schemas: readonly Need[];
  readonly stores: readonly Need[];
  /** Buckets, endpoints and hosts of the platform. */
  readonly addresses: readonly Need[];
  /** Keys of `dj.config`, dotted. */
  readonly configuration: readonly Need[];
  /** Environment variables. */
  readonly variables: readonly Need[];
  /** Absolute paths in texts. */
  readonly absolutePaths: readonly Need[];
}

/** Thrown when there is no folder to search. */
export class CodeScanError extends Error {
  override readonly name = "CodeScanError";
  readonly path: string;
  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

const sources =
  /\.(py|ipynb|ya?ml|json|toml|cfg|env|sh)$|(^|\/)(Dockerfile|\.env[^/]*|docker-compose[^/]*)$/i;
const passedOver = new Set([
  ".git",
  "node_modules",
  "__pycache__",
  ".venv",
  "venv",
  "site-packages",
  ".tox",
  "dist",
  "build",
]);
/** Files larger than this are data, bytes. */
const largestSource = 4 * 2 ** 20;
const placesAtMost = 5;

class Needs {
  readonly #found = new Map<string, { count: number; readonly places: string[] }>();

  add(name: string, place: string): void {
    const one = this.#found.get(name) ?? { count: 0, places: [] };
    one.count++;
    if (one.places.length < placesAtMost) one.places.push(place);
    this.#found.set(name, one);
  }

  list(): Need[] {
    return [...this.#found]
      .map(([name, { count, places }]) => ({ name, places, count }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** Searches the sources below a folder.
 * @throws CodeScanError when there is no such folder, or no source in it */
export async function scanCode(folder: string): Promise<CodeScan> {
  const needs = {
    schemas: new Needs(),
    stores: new Needs(),
    addresses: new Needs(),
    configuration: new Needs(),
    variables: new Needs(),
    absolutePaths: new Needs(),
  };
  let files = 0;
  for await (const path of sourcesOf(folder, folder)) {
    files++;
    // a notebook keeps its code as JSON strings
    const text = (await readFile(path, "utf8")).replaceAll(path.endsWith(".ipynb") ? '\\"' : "\0", '"');
    for (const [index, line] of text.split("\n").entries())
      scanLine(line, `${relative(folder, path)}:${index + 1}`, needs);
  }
  if (files === 0)
    throw new CodeScanError(`There is no Python source or configuration in ${folder}.`, folder);
  return {
    folder,
    files,
    schemas: needs.schemas.list(),
    stores: needs.stores.list(),
    addresses: needs.addresses.list(),
    configuration: needs.configuration.list(),
    variables: needs.variables.list(),
    absolutePaths: needs.absolutePaths.list(),
  };
}

async function* sourcesOf(root: string, folder: string): AsyncIterable<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw new CodeScanError(`The folder ${folder} cannot be read: ${cause.message}`, folder, { cause });
  });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !passedOver.has(entry.name)) yield* sourcesOf(root, path);
    else if (entry.isFile() && sources.test(relative(root, path)) && (await stat(path)).size <= largestSource)
      yield path;
  }
}

type AllNeeds = Readonly<Record<Exclude<keyof CodeScan, "folder" | "files">, Needs>>;

/** Calls that name a schema, and at which argument. */
const schemaCalls = [
  { pattern: /\b(?:dj\s*\.\s*)?[sS]chema\(\s*([^)]*)/g, argument: 0 },
  { pattern: /\b(?:dj\s*\.\s*)?(?:VirtualModule|create_virtual_module)\(\s*([^)]*)/g, argument: 1 },
  { pattern: /\.activate\(\s*([^)]*)/g, argument: 0 },
] as const;

function scanLine(line: string, place: string, needs: AllNeeds): void {
  for (const { pattern, argument } of schemaCalls)
    for (const [, given = ""] of line.matchAll(pattern)) {
      const name = schemaName(splitArguments(given)[argument] ?? "");
      if (name !== undefined) needs.schemas.add(name, place);
    }
  for (const [, , store] of line.matchAll(/\b(blob|attach|filepath|object|hash)@([-\w]+)/g))
    needs.stores.add(store!, place);
  for (const [found] of line.matchAll(
    /\bs3:\/\/[-\w.]+[^\s"'`)\]}]*|\b[-\w.]*\.?amazonaws\.com(?::\d+)?|\b[-\w.]*datajoint\.(?:com|io)\b/g,
  ))
    needs.addresses.add(found, place);
  for (const [found] of line.matchAll(
    /\bconfig((?:\[\s*["'][\w.-]+["']\s*\]|\.get\(\s*["'][\w.-]+["'][^)]*\))+)/g,
  )) {
    const names = [...found.matchAll(/["']([\w.-]+)["']/g)].map(([, name]) => name!);
    needs.configuration.add(names.join("."), place);
  }
  for (const [, a, b] of line.matchAll(
    /(?:getenv\(\s*|environ(?:\.get\(\s*|\[\s*))["'](\w+)["']|\$\{(\w+)(?::-[^}]*)?\}/g,
  ))
    needs.variables.add((a ?? b)!, place);
  for (const [, path] of line.matchAll(
    /["'](\/(?:home|data|mnt|main|efs|s3|nfs|Users|opt|srv)\/[^"'\s]*|[A-Z]:\\[^"'\s]+)["']/g,
  ))
    needs.absolutePaths.add(path!, place);
}

/** Arguments of a call, split at its outer commas. */
function splitArguments(text: string): string[] {
  const parts: string[] = [""];
  let [depth, quote] = [0, ""];
  for (const letter of text) {
    if (quote !== "") quote = letter === quote ? "" : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if ("([{".includes(letter)) depth++;
    else if (")]}".includes(letter)) depth--;
    if (letter === "," && depth === 0 && quote === "") parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim());
}

/** The literal parts of an expression with `*` between them; undefined when there is none: `prefix + "ephys"` is `*ephys`. */
export function schemaName(expression: string): string | undefined {
  const value = expression.replace(/^\w+\s*=\s*(?!=)/, "");
  const parts = value.split("+").map((part) => {
    const [, f, , text] = /^\s*([fFrR]*)(["'])(.*)\2\s*$/.exec(part) ?? [];
    if (text === undefined) return "*";
    return /f/i.test(f ?? "") ? text.replace(/\{[^}]*\}/g, "*") : text;
  });
  const name = parts.join("").replace(/\*+/g, "*");
  return /^[\w*]*\w[\w*]*$/.test(name) ? name : undefined;
}

/** Whether a schema is one that the code's name means. */
export function isMeant(name: string, schema: string): boolean {
  const parts = name.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(schema);
}

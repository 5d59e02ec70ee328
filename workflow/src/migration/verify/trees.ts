/**
 * @module
 * A bucket's tree beside a folder: every object is there, with its size and, where the bucket says one, its hash. Nothing is fetched.
 *
 * What a newcomer would get wrong: what makes a key impossible here (two that differ by case alone, one that leads out of the folder) is a
 * problem even when some file lies in its place. Memory: a text for each key, about 1 GB for five million.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { judge, planDigests } from "../files/expected-content.ts";
import { askExpected } from "../files/expected-from-head.ts";
import { HashPool } from "../files/hash-pool.ts";
import { foldPath, keyToPath } from "../files/key-path.ts";
import { resolveAccess } from "../files/s3-access.ts";
import { type ListedObject, S3Bucket } from "../files/s3-bucket.ts";
import { readS3Location } from "../files/s3-location.ts";
import { withRetry } from "../files/with-retry.ts";
import { type Check, counted } from "./check.ts";
import { fileSize, forEachAtOnce } from "./hash-file.ts";

/** `s3://BUCKET/PREFIX=DIR` */
export interface TreeRequest {
  readonly source: string;
  /** Absolute. */
  readonly folder: string;
}

export interface TreeResult {
  readonly source: string;
  readonly folder: string;
  /** Objects of the bucket. */
  readonly total: number;
  readonly bytes: number;
  /** Files whose bytes have the hash that the bucket says. */
  readonly verified: number;
  readonly problems: number;
}

export interface TreeOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly endpoint?: string | undefined;
}

/** Thrown when a tree cannot be compared at all. */
export class TreeError extends Error {
  override readonly name = "TreeError";
  readonly source: string;
  constructor(message: string, source: string) {
    super(message);
    this.source = source;
  }
}

/** Objects asked for at a time. */
const atOnce = 16;
/** Paths are checked as Linux takes them; a disk that takes less was refused when the files were fetched. */
const rules = { takesColons: true, longestPath: 4096 };

/** Compares folders with the bucket.
 * @throws FilesError when the bucket cannot be reached or listed */
export async function compareTrees(
  check: Check,
  requests: readonly TreeRequest[],
  options: TreeOptions,
): Promise<TreeResult[]> {
  const results: TreeResult[] = [];
  for (const request of requests) results.push(await compareTree(check, request, options));
  return results;
}

async function compareTree(
  check: Check,
  { source, folder }: TreeRequest,
  { env, endpoint }: TreeOptions,
): Promise<TreeResult> {
  const { settings, findings, signal } = check;
  const location = readS3Location(source);
  if (location === undefined)
    throw new TreeError(
      `${source} is no s3://BUCKET/PREFIX: a bucket's name has lower-case letters, digits, dots and dashes.`,
      source,
    );
  const access = resolveAccess(location.bucket, { endpoint }, env, settings);
  const bucket = await S3Bucket.open(location, access, { signal, connections: atOnce });
  const pool = new HashPool(Math.min(4, availableParallelism()));
  const tally = { total: 0, bytes: 0, verified: 0, problems: 0, unverifiable: 0 };
  const seen = new Map<string, string>();
  const problem = (code: string, key: string, message: string) => {
    tally.problems++;
    findings.pass({ code, where: `s3://${location.bucket}/${key}`, message });
  };
  try {
    await forEachAtOnce(
      objectsOf(bucket),
      async (object) => {
        signal.throwIfAborted();
        const { key, size } = object;
        const path = keyToPath(key.slice(location.prefix.length), size, rules);
        if (path.kind === "folder") return;
        tally.total++;
        tally.bytes += size;
        check.progress(`comparing ${source}`, tally.total, 0);
        if (path.kind === "refused")
          return problem(path.code, key, `The key cannot be a path below ${folder}: ${path.reason}.`);
        const folded = foldPath(path.path);
        const other = seen.get(folded);
        if (other !== undefined)
          return problem(
            "keys-collide",
            key,
            `On a disk that ignores case it is the same file as ${other}: rename one of them in the bucket.`,
          );
        seen.set(folded, path.path);
        const full = join(folder, path.path);
        const there = await fileSize(full);
        if (there === undefined)
          return problem("file-missing", key, `${full} is not there: run \`tenon migrate files\` again.`);
        if (there !== size)
          return problem(
            "file-size-differs",
            key,
            `${full} has ${there} bytes, the object ${size}: run \`tenon migrate files\` again.`,
          );
        const head = await withRetry(() => bucket.head(key), { tries: 10, signal });
        const expected = await withRetry(() => askExpected(bucket, key, head), { tries: 10, signal });
        const verdict = judge(expected, await pool.digestFile(full, size, planDigests(expected)));
        if (verdict.kind === "differs") problem("content-differs", key, `${full}: ${verdict.message}.`);
        else if (verdict.kind === "verified") tally.verified++;
        else tally.unverifiable++;
      },
      atOnce,
    );
  } finally {
    bucket.close();
    await pool.close();
  }
  if (tally.total === 0)
    findings.pass({
      code: "nothing-found",
      where: source,
      message: `There is no object below ${source}: is the prefix right?`,
    });
  if (tally.unverifiable > 0)
    findings.note(
      "files-not-compared",
      source,
      `${counted(tally.unverifiable, "object")} without a checksum: compared by size.`,
    );
  const { total, bytes, verified, problems } = tally;
  return { source, folder, total, bytes, verified, problems };
}

async function* objectsOf(bucket: S3Bucket): AsyncIterable<ListedObject> {
  for await (const page of bucket.list()) yield* page;
}

/**
 * @module
 * What a copy came to, as the manifest has it.
 */
import type { FileNote, FileProblem } from "./file-problem.ts";
import type { Manifest } from "./manifest.ts";
import { type S3Location, s3Text } from "./s3-location.ts";

export interface CopyResult {
  /** `s3://bucket/prefix` */
  readonly source: string;
  readonly folder: string;
  /** Files that are meant, and their bytes. */
  readonly total: number;
  readonly bytes: number;
  /** Fetched by this run, and their bytes; in a dry run those that would be. */
  readonly fetched: number;
  readonly fetchedBytes: number;
  /** There already with the right content. */
  readonly kept: number;
  /** Of those that are there, how many each proof stands for: `{etag: 12, contents_hash: 3, nothing: 1}`. */
  readonly verifiedBy: Readonly<Record<string, number>>;
  readonly refused: number;
  readonly problems: readonly FileProblem[];
  readonly notes: readonly FileNote[];
}

/** @param mostTold  problems and notes that are told; all are counted */
export function copyResult(
  manifest: Manifest,
  run: {
    readonly location: S3Location;
    readonly source: number;
    readonly listing: number;
    readonly mostTold: number;
  },
  done: Pick<CopyResult, "folder" | "fetched" | "fetchedBytes">,
): CopyResult {
  const { location, source, listing, mostTold } = run;
  const counts = manifest.counts(source, listing);
  const meant = counts.filter(({ state }) => state !== "excluded" && state !== "folder");
  const sum = (rows: typeof counts, of: "count" | "bytes") => rows.reduce((total, row) => total + row[of], 0);
  const there = counts.filter(({ state }) => state === "done");
  const proofs = Map.groupBy(there, ({ verifiedBy }) => verifiedBy ?? "nothing");
  const { list, count } = manifest.problems(source, listing, location.bucket, mostTold);
  const more: FileNote[] =
    count > list.length
      ? [
          {
            code: "more",
            where: s3Text(location),
            message: `${count - list.length} more problems; the manifest holds all`,
          },
        ]
      : [];
  return {
    source: s3Text(location),
    ...done,
    total: sum(meant, "count"),
    bytes: sum(meant, "bytes"),
    kept: sum(
      there.filter(({ wasKept }) => wasKept),
      "count",
    ),
    verifiedBy: Object.fromEntries([...proofs].map(([name, rows]) => [name, sum(rows, "count")])),
    refused: count,
    problems: list,
    notes: [...manifest.notes(source, listing, mostTold).list, ...more],
  };
}

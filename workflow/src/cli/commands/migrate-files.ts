/**
 * @module
 * `tenon migrate files`: brings what is in S3 to the lab's folders, verified, and goes on where it was stopped.
 */
import { resolve } from "node:path";
import { configuredRequests, requestOf } from "../../migration/files/copy-requests.ts";
import type { CopyResult } from "../../migration/files/copy-result.ts";
import { type CopyRequest, copySource } from "../../migration/files/copy-source.ts";
import { type FileNote, type FileProblem, FilesError } from "../../migration/files/file-problem.ts";
import { s3Text } from "../../migration/files/s3-location.ts";
import { type Arguments, type Command, type Context, UsageError, wholeNumber } from "../command.ts";
import { makeProgress } from "../progress.ts";

interface FilesReport {
  readonly ok: boolean;
  readonly dryRun: boolean;
  readonly problems: readonly FileProblem[];
  readonly notes: readonly FileNote[];
  readonly files: {
    readonly total: number;
    readonly fetched: number;
    readonly kept: number;
    readonly refused: number;
    readonly bytes: number;
    readonly fetchedBytes: number;
  };
  readonly sources: readonly Omit<CopyResult, "problems" | "notes">[];
}

export const migrateFiles: Command = {
  summary: "S3 to the lab's folders: parallel, resumable, every file verified",
  usage: "[s3://BUCKET/PREFIX DIR] [--endpoint URL] [--include GLOB]... [--exclude GLOB]... [--dry-run]",
  details: `
Without arguments all that the configuration names: custom.migration.inbox into the first raw root, custom.migration.outbox into the
processed root, every store with the protocol s3 into the folder that custom.migration.stores gives it.

Credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or from a store of the bucket in the configuration.

Each file is judged by what the source says of it (contents_hash, etag, the etag of its parts, S3's checksums) before it gets its name. Files
that are there already are kept when their content is right and never overwritten. The same command goes on after a kill or a lost
connection. Refused and named: keys that leave the folder or are no file names, keys that are one file on a disk without case, objects in an
archive tier. Exit 1 when anything is missing or refused.
JSON: {ok, dryRun, problems: [{code, where, message}], notes, files: {total, fetched, kept, refused, bytes, fetchedBytes}, sources: [{source, folder, verifiedBy, ...}]}.`,
  options: {
    endpoint: {
      type: "string",
      value: "URL",
      help: "S3 server, e.g. https://minio.lab:9000; default: Amazon's",
    },
    region: { type: "string", value: "NAME", help: "of the bucket, default us-east-1" },
    "ca-file": {
      type: "string",
      value: "FILE",
      help: "certificate authorities of the server (PEM), beside Node's",
    },
    "allow-http": { type: "boolean", help: "lets an unencrypted endpoint be another machine's" },
    include: {
      type: "string",
      multiple: true,
      value: "GLOB",
      help: "only these, e.g. 'subject1/**' or '*.bin'",
    },
    exclude: { type: "string", multiple: true, value: "GLOB", help: "not these" },
    parallel: { type: "string", value: "N", help: "objects at a time, default 16" },
    "allow-case": {
      type: "boolean",
      help: "keys that differ in case alone are two files, where the disk tells them apart",
    },
    "dry-run": { type: "boolean", help: "list and compare; fetch and write nothing" },
  },
  words: [0, 2],
  async run(args, context) {
    const parallel = wholeNumber(args, "parallel", 1) ?? 16;
    const progress = makeProgress(context.err);
    const results: CopyResult[] = [];
    const ended: FileProblem[] = [];
    for (const request of problemsOf(ended, () => requestsOf(args, context))) {
      const source = s3Text(request.location);
      try {
        results.push(
          await copySource(request, {
            filter: {
              include: (args.options["include"] as string[] | undefined) ?? [],
              exclude: (args.options["exclude"] as string[] | undefined) ?? [],
            },
            parallel,
            allowCase: args.options["allow-case"] === true,
            isDry: args.options["dry-run"] === true,
            signal: context.signal,
            onProgress: (what, done, total) =>
              what === "fetch"
                ? progress.update(source, done, total, size(done))
                : progress.update(
                    source,
                    0,
                    1,
                    `${done} objects ${what === "list" ? "listed" : "looked at"}`,
                  ),
          }),
        );
      } catch (error) {
        if (!(error instanceof FilesError)) throw error;
        ended.push({ code: error.code, where: error.where, message: error.message });
      }
    }
    const report = reportOf(results, ended, args.options["dry-run"] === true);
    context.out.write(context.json ? `${JSON.stringify(report)}\n` : textOf(report));
    return report.ok ? 0 : 1;
  },
};

function requestsOf(args: Arguments, context: Context): readonly CopyRequest[] {
  const { options, words } = args;
  const flags = {
    endpoint: options["endpoint"] as string | undefined,
    region: options["region"] as string | undefined,
    caFile:
      options["ca-file"] === undefined ? undefined : resolve(context.folder, options["ca-file"] as string),
    allowHttp: options["allow-http"] === true,
  };
  const [source, folder] = words;
  if (source === undefined) return configuredRequests(context.settings(), flags, context.env);
  if (folder === undefined) throw new UsageError(`A folder is missing: tenon migrate files ${source} DIR`);
  return [requestOf(source, resolve(context.folder, folder), context.settings(), flags, context.env)];
}

/** What ends a run before it begins is a problem of the report too. */
function problemsOf(ended: FileProblem[], work: () => readonly CopyRequest[]): readonly CopyRequest[] {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    ended.push({ code: error.code, where: error.where, message: error.message });
    return [];
  }
}

function reportOf(
  results: readonly CopyResult[],
  ended: readonly FileProblem[],
  dryRun: boolean,
): FilesReport {
  const sum = (of: (result: CopyResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const problems = [...ended, ...results.flatMap((result) => result.problems)];
  return {
    ok: problems.length === 0,
    dryRun,
    problems,
    notes: results.flatMap(({ notes }) => notes),
    files: {
      total: sum(({ total }) => total),
      fetched: sum(({ fetched }) => fetched),
      kept: sum(({ kept }) => kept),
      refused: sum(({ refused }) => refused),
      bytes: sum(({ bytes }) => bytes),
      fetchedBytes: sum(({ fetchedBytes }) => fetchedBytes),
    },
    sources: results.map(({ problems: _problems, notes: _notes, ...rest }) => rest),
  };
}

function textOf(report: FilesReport): string {
  const verb = report.dryRun ? "to fetch" : "fetched";
  const lines = report.sources.map(
    ({ source, folder, total, bytes, fetched, fetchedBytes, kept, refused, verifiedBy }) => {
      const proofs = Object.entries(verifiedBy).map(([name, count]) => `${name} ${count}`);
      return `${source} -> ${folder}: ${total} files, ${size(bytes)}; ${verb} ${fetched} (${size(fetchedBytes)}), kept ${kept}, refused ${refused}${proofs.length === 0 ? "" : `; verified by ${proofs.join(", ")}`}`;
    },
  );
  const told = report.problems
    .slice(0, 50)
    .map(({ code, where, message }) => `problem: ${code}: ${where}: ${message}`);
  const rest =
    report.problems.length > told.length
      ? [`and ${report.problems.length - told.length} more problems (--json)`]
      : [];
  const notes = report.notes
    .slice(0, 20)
    .map(({ code, where, message }) => `note: ${code}: ${where}: ${message}`);
  return `${[...lines, ...told, ...rest, ...notes, report.ok ? "all is there" : "not all is there"].join("\n")}\n`;
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/**
 * @module
 * `tenon migrate verify`: proves that everything of the dumps and of the bucket is here, and signs what it found.
 */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  type Certificate,
  checkCertificate,
  keyPath,
  openSigningKey,
  type SignedCertificate,
  signCertificate,
  writeWhole,
} from "../../migration/verify/certificate.ts";
import { certificatePage } from "../../migration/verify/certificate-page.ts";
import type { TreeRequest } from "../../migration/verify/trees.ts";
import { verifyMigration } from "../../migration/verify/verify.ts";
import { type Arguments, type Command, type Context, UsageError, wholeNumber } from "../command.ts";
import { labFolderOf } from "../lab-folder.ts";
import { makeProgress } from "../progress.ts";

export const migrateVerify: Command = {
  summary: "prove that nothing of the platform is missing here; a signed certificate",
  usage: "--dump FILE... [--files s3://BUCKET/PREFIX=DIR ...] [--out DIR] | --check CERTIFICATE",
  details: `
Reads only. Compares the configured database with the dumps (schemas, tables, columns, rows), follows every foreign key, looks for every file
that a row refers to and hashes it, decodes every blob, verifies every session folder, and reads everything once more with the network cut.
--files also compares a folder with a bucket's tree (credentials as for \`tenon migrate files\`).
JSON: {ok, problems: [{code, where, message}], notes, tables: [{schema, table, expected, got}], files, blobs, foreignKeys, sessions, population,
networkRun, dumps, signature}. --out writes certificate.json and certificate.html; they are signed with the key in .tenon/ beside the
configuration. Exit code 1 when there is a problem. docs/how-to/migrate.md lists the codes.`,
  options: {
    dump: { type: "string", multiple: true, value: "FILE", help: "a dump that was imported; again for each" },
    schema: { type: "string", value: "NAME", help: "schema of a dump that names none" },
    files: {
      type: "string",
      multiple: true,
      value: "URL=DIR",
      help: "compare DIR with the objects below s3://BUCKET/PREFIX",
    },
    endpoint: { type: "string", value: "URL", help: "the object store, when it is not AWS's" },
    sample: { type: "string", value: "N", help: "decode at most N rows of each table; default: all" },
    "without-run": {
      type: "boolean",
      help: "leave the run with the network cut out; the certificate says so",
    },
    out: { type: "string", value: "DIR", help: "write certificate.json and certificate.html into DIR" },
    check: { type: "string", value: "FILE", help: "verify the signature of a certificate instead" },
    key: { type: "string", value: "FILE", help: "with --check: the public key (PEM) it must be signed with" },
  },
  // --dump a.sql b.sql: a shell's *.sql gives words
  words: [0, Number.POSITIVE_INFINITY],
  async run(args, context) {
    if (args.options["check"] !== undefined) return check(args, context);
    const dumps = [...((args.options["dump"] as readonly string[] | undefined) ?? []), ...args.words];
    if (dumps.length === 0) throw new UsageError("--dump FILE is needed: the dumps that were imported.");
    if (args.options["key"] !== undefined) throw new UsageError("--key goes with --check.");
    const settings = context.settings();
    const progress = makeProgress(context.err);
    const key = await openSigningKey(labFolderOf(context));
    const certificate = await verifyMigration({
      settings,
      dumps: dumps.map((path) => resolve(context.folder, path)),
      schema: args.options["schema"] as string | undefined,
      trees: treesOf(args, context),
      endpoint: args.options["endpoint"] as string | undefined,
      sample: wholeNumber(args, "sample", 1),
      withRun: args.options["without-run"] !== true,
      env: context.env as NodeJS.ProcessEnv,
      folder: context.folder,
      signal: context.signal,
      progress: (what, done, total) => progress.update(what, done, total),
      finish: (what) => progress.finish(what),
    });
    const signed = signCertificate(certificate, key);
    const out = args.options["out"] as string | undefined;
    if (out !== undefined) await write(resolve(context.folder, out), signed);
    if (context.json) context.out.write(`${JSON.stringify(signed)}\n`);
    else context.out.write(`${lines(signed, out).join("\n")}\n`);
    return signed.ok ? 0 : 1;
  },
};

async function write(folder: string, certificate: SignedCertificate): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, "certificate.json"), `${JSON.stringify(certificate, null, 2)}\n`);
  await writeWhole(join(folder, "certificate.html"), certificatePage(certificate));
}

/** @throws UsageError */
function treesOf(args: Arguments, context: Context): TreeRequest[] {
  return ((args.options["files"] as readonly string[] | undefined) ?? []).map((text) => {
    const [, source, folder] = /^(s3:\/\/[^/=]+(?:\/[^=]*)?)=(.+)$/.exec(text) ?? [];
    if (source === undefined || folder === undefined)
      throw new UsageError(`--files takes s3://BUCKET/PREFIX=DIR, got '${text}'.`);
    return { source, folder: resolve(context.folder, folder) };
  });
}

function lines(certificate: SignedCertificate, out: string | undefined): string[] {
  const { problems, notes, tables, networkRun, signature } = certificate;
  return [
    ...problems.map(({ code, where, message }) => `${code}: ${where}: ${message}`),
    ...notes.map(({ code, where, message }) => `note: ${code}: ${where}: ${message}`),
    ...verdict(certificate),
    `${tables.length} tables; run with the network cut: ${networkRun.done ? networkRun.method : "not done"}`,
    `signed with ${signature.fingerprint}${out === undefined ? "" : `; written to ${out}`}`,
  ];
}

function verdict({ ok, problems }: Certificate): string[] {
  return [ok ? "complete: nothing is missing" : `not complete: ${problems.length} problems`];
}

/** `--check CERTIFICATE`: 0 when the signature is valid, of a known key, and says that nothing is missing. */
async function check(args: Arguments, context: Context): Promise<number> {
  const path = resolve(context.folder, args.options["check"] as string);
  const key = args.options["key"] as string | undefined;
  const lab = labFolderOf(context);
  const found = await checkCertificate(
    path,
    lab,
    key === undefined ? undefined : resolve(context.folder, key),
  );
  if (context.json) context.out.write(`${JSON.stringify(found)}\n`);
  else {
    const by = `${found.madeBy.user} on ${found.madeBy.host}, ${found.ended}, key ${found.fingerprint}`;
    const of = key === undefined ? `the lab's (${keyPath(lab)})` : `that of ${key}`;
    context.out.write(
      `${found.valid ? "signature valid" : "signature NOT valid: the certificate was changed"}: ${by}\n` +
        `${found.known ? `the key is ${of}` : `the key is NOT ${of}: give the signer's public key with --key`}\n` +
        `it says: ${found.ok ? "complete" : "not complete"}\n`,
    );
  }
  return found.valid && found.known && found.ok ? 0 : 1;
}

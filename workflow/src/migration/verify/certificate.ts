/**
 * @module
 * The certificate: what `tenon migrate verify` found, signed. One JSON object; the signature covers every other field.
 *
 * Signed is the canonical text (keys sorted, no blanks), so that a certificate that was printed anew still verifies. The public key inside
 * proves that nothing was changed; who signed it is known when its fingerprint is that of the lab's key.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";
import type { StepStatus } from "../../populate/status.ts";
import type { BlobResult } from "./blobs.ts";
import type { Finding } from "./codes.ts";
import type { TableCount } from "./compare-tables.ts";
import type { ForeignKeyResult } from "./foreign-keys.ts";
import type { NetworkRun } from "./network-run.ts";
import type { PathResult, SessionResult } from "./row-paths.ts";
import type { StoreResult } from "./stored-files.ts";
import type { TreeResult } from "./trees.ts";

/** A dump that the database was compared with. */
export interface DumpFile {
  readonly path: string;
  readonly bytes: number;
  /** Of the file as it lies there. */
  readonly sha256: string;
  readonly tables: number;
  readonly rows: number;
}

export interface Certificate {
  readonly kind: "tenon migration certificate";
  readonly version: 1;
  readonly ok: boolean;
  readonly problems: readonly Finding[];
  readonly notes: readonly Finding[];
  readonly tables: readonly TableCount[];
  readonly files: {
    readonly stores: readonly StoreResult[];
    readonly paths: readonly PathResult[];
    readonly trees: readonly TreeResult[];
  };
  readonly blobs: readonly BlobResult[];
  readonly foreignKeys: readonly ForeignKeyResult[];
  readonly sessions: readonly SessionResult[];
  readonly population: readonly StepStatus[];
  readonly networkRun: NetworkRun;
  readonly dumps: readonly DumpFile[];
  /** `mysql://user@host:port`, without the password. */
  readonly database: string;
  /** At most so many rows of a table were decoded; null: all. */
  readonly sample: number | null;
  /** UTC, ISO 8601. */
  readonly begun: string;
  readonly ended: string;
  readonly madeBy: {
    readonly user: string;
    readonly host: string;
    readonly tenon: string;
    readonly node: string;
  };
}

export interface Signature {
  readonly algorithm: "ed25519";
  /** PEM (SPKI). */
  readonly publicKey: string;
  /** sha256 of the public key, hexadecimal. */
  readonly fingerprint: string;
  /** Base64. */
  readonly value: string;
}

export type SignedCertificate = Certificate & { readonly signature: Signature };

/** Thrown when a certificate or key cannot be used; `path` is the file. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
  readonly path: string;
  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** Who makes certificates here. */
export function maker(): Certificate["madeBy"] {
  const { version } = JSON.parse(
    readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8"),
  ) as { version: string };
  return { user: userInfo().username, host: hostname(), tenon: version, node: process.version };
}

/** Where the lab's key is: beside its configuration. */
export function keyPath(labFolder: string): string {
  return join(labFolder, ".tenon", "certificate-key.pem");
}

/** The public half, to be given to those who check certificates elsewhere. */
export function publicKeyPath(path: string): string {
  return path.replace(/\.pem$/, ".public.pem");
}

/** The lab's key, which is made at the first time (readable by its owner alone). Opened before the work, not after it.
 * @throws CertificateError when others can read it */
export function openSigningKey(labFolder: string): Promise<KeyObject> {
  return labKey(keyPath(labFolder));
}

/** Signs a certificate, of a migration or of a rehearsal, with the lab's key. */
export function signCertificate<Content extends object>(
  certificate: Content,
  key: KeyObject,
): Content & { readonly signature: Signature } {
  const publicKey = createPublicKey(key);
  const value = sign(null, Buffer.from(canonical(certificate)), key).toString("base64");
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  return {
    ...certificate,
    signature: { algorithm: "ed25519", publicKey: pem, fingerprint: fingerprintOf(publicKey), value },
  };
}

/** What is signed here: this, and what a rehearsal found. */
const kinds: readonly string[] = ["tenon migration certificate", "tenon rehearsal certificate"];

export interface CertificateCheck {
  /** Whether the signature fits every field. */
  readonly valid: boolean;
  /** Whether it was made with the lab's key, or the key that was given. */
  readonly known: boolean;
  readonly fingerprint: string;
  readonly ok: boolean;
  readonly ended: string;
  readonly madeBy: Certificate["madeBy"];
}

/**
 * Reads a certificate and verifies its signature.
 * @param publicKeyFile  PEM of the key that it should be signed with; default: the lab's
 * @throws CertificateError when the file is no certificate
 */
export async function checkCertificate(
  path: string,
  labFolder: string,
  publicKeyFile?: string,
): Promise<CertificateCheck> {
  let data: SignedCertificate;
  try {
    data = JSON.parse(await readFile(path, "utf8")) as SignedCertificate;
  } catch (cause) {
    throw new CertificateError(`${path} cannot be read as JSON: ${(cause as Error).message}`, path, {
      cause,
    });
  }
  if (!kinds.includes(data.kind) || typeof data.signature?.value !== "string")
    throw new CertificateError(
      `${path} is no signed certificate of tenon migrate verify or tenon rehearse: give its certificate.json.`,
      path,
    );
  const { signature, ...certificate } = data;
  let key: KeyObject;
  try {
    key = createPublicKey(signature.publicKey);
  } catch (cause) {
    throw new CertificateError(
      `The public key in ${path} cannot be read: ${(cause as Error).message}`,
      path,
      { cause },
    );
  }
  const expected = await knownKey(labFolder, publicKeyFile);
  const valid = verify(
    null,
    Buffer.from(canonical(certificate)),
    key,
    Buffer.from(signature.value, "base64"),
  );
  const fingerprint = fingerprintOf(key);
  return {
    valid,
    known: expected !== undefined && fingerprintOf(expected) === fingerprint,
    fingerprint,
    ok: certificate.ok,
    ended: certificate.ended,
    madeBy: certificate.madeBy,
  };
}

async function knownKey(
  labFolder: string,
  publicKeyFile: string | undefined,
): Promise<KeyObject | undefined> {
  const path = publicKeyFile ?? keyPath(labFolder);
  try {
    return createPublicKey(await readFile(path, "utf8"));
  } catch (cause) {
    if (publicKeyFile === undefined && (cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CertificateError(`The key ${path} cannot be read: ${(cause as Error).message}`, path, {
      cause,
    });
  }
}

async function labKey(path: string): Promise<KeyObject> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0)
      throw new CertificateError(
        `The signing key ${path} can be read by others (mode ${(mode & 0o777).toString(8)}): chmod 600 '${path}'`,
        path,
      );
    return createPrivateKey(await readFile(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await writeWhole(publicKeyPath(path), publicKey.export({ type: "spki", format: "pem" }).toString());
  await writeWhole(path, privateKey.export({ type: "pkcs8", format: "pem" }).toString(), 0o600);
  return privateKey;
}

/** Writes a file whole or not at all. */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, "w", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
}

function fingerprintOf(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex");
}

/** JSON with sorted keys and no blanks: the same text for the same content. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/**
 * @module
 * The lab's own certificates for the database server: an authority, and a server certificate for its names, as PEM files.
 *
 * Clients trust the authority's file (`ca.pem`) and need nothing else. Keys are made once: an authority that is there signs again, so that
 * no client has to be told; a server certificate is made anew when its names changed or it ends within 60 days.
 * What a newcomer would get wrong: Python from 3.13 on checks strictly, so the authority says that it may sign, and both carry key
 * identifiers.
 */
import { webcrypto } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import type { JsonGeneralName, X509Certificate } from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 86_400_000;
const authorityDays = 3650;
const serverDays = 1825;
/** A certificate that ends within so many days is made anew. */
export const renewDays = 60;

export const certificateFiles = {
  authority: "ca.pem",
  authorityKey: "ca-key.pem",
  server: "server-cert.pem",
  serverKey: "server-key.pem",
} as const;

export interface MadeCertificates {
  /** Files that were written; the others were good and were left as they are. */
  readonly written: readonly string[];
  /** When the server's certificate ends. */
  readonly endsAt: Date;
}

/**
 * Makes what is missing in a folder; private keys get mode 0600, the folder 0700.
 * @param names  host names and addresses that clients reach the server by
 */
export async function makeCertificates(folder: string, names: readonly string[]): Promise<MadeCertificates> {
  const x509 = await library();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const written: string[] = [];
  const file = (name: keyof typeof certificateFiles) => join(folder, certificateFiles[name]);
  const write = async (name: keyof typeof certificateFiles, text: string) => {
    const mode = name.endsWith("Key") ? 0o600 : 0o644;
    const part = `${file(name)}.part`;
    await rm(part, { force: true });
    await writeFile(part, text, { mode, flag: "wx" });
    await chmod(part, mode);
    await rename(part, file(name));
    written.push(file(name));
  };

  let authority = await readCertificate(x509, file("authority"));
  let authorityKey: CryptoKey | undefined = await readKey(file("authorityKey"));
  if (authority === undefined || authorityKey === undefined) {
    const keys = await newKeys();
    const name = "CN=Tenon laboratory authority";
    authority = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name,
      ...validity(authorityDays),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    authorityKey = keys.privateKey;
    await write("authorityKey", await keyText(authorityKey));
    await write("authority", `${authority.toString("pem")}\n`);
  }

  const server = await readCertificate(x509, file("server"));
  if (server !== undefined && (await readKey(file("serverKey"))) !== undefined) {
    const isSigned = await server.verify({ publicKey: authority.publicKey, signatureOnly: true });
    if (
      isSigned &&
      hasNames(x509, server, names) &&
      server.notAfter.getTime() > Date.now() + renewDays * dayMs
    )
      return { written, endsAt: server.notAfter };
  }
  const keys = await newKeys();
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: "CN=Tenon database server",
    issuer: authority.subject,
    ...validity(serverDays),
    publicKey: keys.publicKey,
    signingKey: authorityKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map(alternative)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  await write("serverKey", await keyText(keys.privateKey));
  await write("server", `${made.toString("pem")}\n`);
  return { written, endsAt: made.notAfter };
}

type Library = typeof import("@peculiar/x509");

/** Loaded when it is needed: it is many small modules, and no other command has a use for them. */
async function library(): Promise<Library> {
  // its container of formats asks for this polyfill to be there first
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto as unknown as Crypto);
  return x509;
}

function alternative(name: string): JsonGeneralName {
  return { type: isIP(name) > 0 ? "ip" : "dns", value: name };
}

function hasNames(x509: Library, certificate: X509Certificate, names: readonly string[]): boolean {
  const found = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  return names.every((name) => found.some(({ value }) => value === name)) && found.length === names.length;
}

async function newKeys(): Promise<{ readonly publicKey: CryptoKey; readonly privateKey: CryptoKey }> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as never;
}

/** 127 random bits: a positive number. */
function serial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0]! &= 0x7f;
  bytes[0]! |= 0x01;
  return Buffer.from(bytes).toString("hex");
}

/** From a day ago, for machines whose clocks are behind. */
function validity(days: number): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + days * dayMs) };
}

async function keyText(key: CryptoKey): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey("pkcs8", key as never);
  const lines = Buffer.from(bytes)
    .toString("base64")
    .match(/.{1,64}/g)!;
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

async function readKey(file: string): Promise<CryptoKey | undefined> {
  const text = await textOf(file);
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const key = await webcrypto.subtle.importKey("pkcs8", bytes, algorithm, true, ["sign"]);
  return key as unknown as CryptoKey;
}

async function readCertificate(x509: Library, file: string): Promise<X509Certificate | undefined> {
  const text = await textOf(file);
  return text === undefined ? undefined : new x509.X509Certificate(text);
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

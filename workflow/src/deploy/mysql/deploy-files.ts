/**
 * @module
 * All that a server needs, in one folder: `my.cnf`, `users.sql`, `keys/` with the lab's certificates, `passwords/`.
 *
 * What is secret is made once and kept at later runs: the authority, the server's key, the passwords. `my.cnf` and `users.sql` are written
 * anew, unless someone edited them.
 */
import { join } from "node:path";
import { type DeployFile, type WrittenFile, writeFiles } from "../written-files.ts";
import { makeCertificates } from "./certificates.ts";
import { myCnf } from "./my-cnf.ts";
import { passwordOf } from "./passwords.ts";
import type { Account } from "./roles.ts";
import type { ServerVersion } from "./server-version.ts";
import { usersSql } from "./users-sql.ts";

export interface MysqlDeployment {
  /** Absolute folder that is written. */
  readonly out: string;
  readonly version: ServerVersion;
  /** Names and addresses that clients reach the server by. */
  readonly hosts: readonly string[];
  readonly memoryBytes: number;
  readonly prefixes: readonly string[];
  readonly accounts: readonly Account[];
  /** Where the server finds the certificates. Default: where they are written. */
  readonly keysFolder?: string;
  /** Replaces edited files. */
  readonly force: boolean;
}

export interface MysqlDeployed {
  readonly files: readonly WrittenFile[];
  /** Certificates and keys that were made now. */
  readonly certificates: readonly string[];
  readonly certificateEndsAt: string;
  /** The file with each account's password. */
  readonly accounts: readonly (Account & { readonly passwordFile: string })[];
}

/** @throws EditedFilesError */
export async function deployMysql(plan: MysqlDeployment): Promise<MysqlDeployed> {
  const { out, version, prefixes } = plan;
  const keys = join(out, "keys");
  const passwords = join(out, "passwords");
  const { written, endsAt } = await makeCertificates(keys, plan.hosts);
  const accounts = [];
  for (const account of plan.accounts)
    accounts.push({ ...account, password: await passwordOf(passwords, account.name) });
  const server = { version, memoryBytes: plan.memoryBytes, keysFolder: plan.keysFolder ?? keys };
  const files: DeployFile[] = [
    { path: "my.cnf", content: myCnf(server) },
    { path: "users.sql", content: usersSql({ version, prefixes, accounts }), mode: 0o600 },
  ];
  return {
    files: await writeFiles(out, files, plan.force),
    certificates: written.map((file) => file.slice(out.length + 1)),
    certificateEndsAt: endsAt.toISOString(),
    accounts: accounts.map(({ name, role }) => ({ name, role, passwordFile: join(passwords, name) })),
  };
}

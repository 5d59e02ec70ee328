/**
 * @module
 * `tenon deploy mysql`: my.cnf, certificates, roles and accounts for the lab's server.
 */
import { hostname, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { connect } from "@tenon/datajoint";
import { deployMysql, type MysqlDeployed } from "../../deploy/mysql/deploy-files.ts";
import { placeOfMyCnf } from "../../deploy/mysql/my-cnf.ts";
import { type Account, defaultAccounts, type RoleName, roleNames } from "../../deploy/mysql/roles.ts";
import {
  kindOfServer,
  type ServerVersion,
  serverVersions,
  versionText,
} from "../../deploy/mysql/server-version.ts";
import { tableGrants } from "../../deploy/mysql/users-sql.ts";
import { type Arguments, type Command, type Context, UsageError } from "../command.ts";

export const deployMysqlCommand: Command = {
  summary: "my.cnf, TLS certificates, roles and accounts for the lab's MySQL or MariaDB; --grants",
  usage: "--out DIR [--version V] [--host NAME ...] [--memory GB] [--prefix P ...] | --grants",
  details: `
Leaves DIR/my.cnf (each setting with its reason), DIR/keys (the lab's authority ca.pem, the server's certificate and key), DIR/users.sql
and DIR/passwords/ACCOUNT (mode 0600, never printed; DJ_PASS_FILE takes such a file). Run again, it keeps keys and passwords.
--grants prints the experimenter's rights on the tables that the configured server has now; repeat it after new tables:
tenon deploy mysql --grants | mysql -u root -p
JSON: {version, files: [{path, state}], certificates, certificateEndsAt, accounts: [{name, role, passwordFile}]}; with --grants {grants}.`,
  options: {
    out: { type: "string", value: "DIR", help: "folder to write to" },
    version: {
      type: "string",
      value: "V",
      help: `${serverVersions.join(", ")}; default: what the configured server says`,
    },
    host: {
      type: "string",
      multiple: true,
      value: "NAME",
      help: "name or address of the server, for its certificate; repeatable; default: this machine",
    },
    memory: {
      type: "string",
      value: "GB",
      help: "memory that the server may take, GiB; default: half of this machine's",
    },
    prefix: {
      type: "string",
      multiple: true,
      value: "P",
      help: "schemas that the roles are for; repeatable, the first names the roles; default: the configuration's",
    },
    account: {
      type: "string",
      multiple: true,
      value: "NAME=ROLE",
      help: `account to make; repeatable; roles: ${roleNames.join(", ")}; default: one for each`,
    },
    keys: {
      type: "string",
      value: "DIR",
      help: "where the server will find the keys; default: DIR/keys of --out",
    },
    grants: {
      type: "boolean",
      help: "print the experimenter's rights on the tables there are; write nothing",
    },
    force: { type: "boolean", help: "replace files that were edited (kept as NAME.before)" },
  },
  words: [0, 0],
  async run(args, context) {
    const prefixes = prefixesOf(args, context);
    if (args.options["grants"] === true) return printGrants(context, prefixes);
    const out = args.options["out"];
    if (typeof out !== "string" || out === "") throw new UsageError("--out is needed.");
    const version = await versionOf(args, context);
    const folder = resolve(context.folder, out);
    const keys = args.options["keys"] as string | undefined;
    const deployed = await deployMysql({
      out: folder,
      version,
      hosts: hostsOf(args),
      memoryBytes: memoryOf(args),
      prefixes,
      accounts: accountsOf(args, prefixes[0]!),
      ...(keys === undefined ? {} : { keysFolder: keys }),
      force: args.options["force"] === true,
    });
    context.out.write(
      context.json ? `${JSON.stringify({ version, ...deployed })}\n` : textOf(folder, version, deployed),
    );
    return 0;
  },
};

function prefixesOf(args: Arguments, context: Context): readonly string[] {
  const given = args.options["prefix"] as readonly string[] | undefined;
  for (const prefix of given ?? [])
    if (!/^[a-z][a-z0-9_]*$/.test(prefix))
      throw new UsageError(
        `--prefix takes lower-case letters, digits and underscores, beginning with a letter, got '${prefix}'.`,
      );
  return given ?? [context.settings().prefix];
}

function hostsOf(args: Arguments): readonly string[] {
  const given = args.options["host"] as readonly string[] | undefined;
  for (const host of given ?? [])
    if (!/^[\w.:*-]+$/.test(host)) throw new UsageError(`--host takes a name or address, got '${host}'.`);
  return [...new Set([...(given ?? [hostname()]), "localhost", "127.0.0.1"])];
}

function memoryOf(args: Arguments): number {
  const text = args.options["memory"] as string | undefined;
  if (text === undefined) {
    const limit = process.constrainedMemory();
    return (limit > 0 && limit < totalmem() ? limit : totalmem()) / 2;
  }
  const value = Number(text);
  if (!(value >= 0.5 && value <= 65_536))
    throw new UsageError(`--memory takes GiB, at least 0.5, got '${text}'.`);
  return value * 2 ** 30;
}

function accountsOf(args: Arguments, prefix: string): readonly Account[] {
  const given = args.options["account"] as readonly string[] | undefined;
  return (
    given?.map((text) => {
      const [, name, role] = /^([A-Za-z]\w{0,31})=(\w+)$/.exec(text) ?? [];
      if (name === undefined || !(roleNames as readonly string[]).includes(role!))
        throw new UsageError(
          `--account takes NAME=ROLE with a role of ${roleNames.join(", ")}, got '${text}'.`,
        );
      return { name, role: role as RoleName };
    }) ?? defaultAccounts(prefix)
  );
}

async function versionOf(args: Arguments, context: Context): Promise<ServerVersion> {
  const given = args.options["version"] as string | undefined;
  if (given !== undefined) {
    if (!(serverVersions as readonly string[]).includes(given))
      throw new UsageError(`--version takes one of ${serverVersions.join(", ")}, got '${given}'.`);
    return given as ServerVersion;
  }
  const { database } = context.settings();
  if (database.kind !== "mysql")
    throw new UsageError(
      `--version is needed (one of ${serverVersions.join(", ")}): no server is configured that could be asked.`,
    );
  const connection = await connect(database);
  try {
    const text = await versionText(connection);
    const kind = kindOfServer(text);
    if (kind === undefined)
      throw new UsageError(
        `The configured server is ${text}; MySQL from 8.0 or MariaDB from 10.11 is needed.`,
      );
    return kind;
  } finally {
    await connection.close();
  }
}

async function printGrants(context: Context, prefixes: readonly string[]): Promise<number> {
  const { database } = context.settings();
  if (database.kind !== "mysql")
    throw new UsageError("--grants needs a configured MySQL or MariaDB server; SQLite has no accounts.");
  const connection = await connect(database);
  try {
    const tables = new Map<string, readonly string[]>();
    for (const schema of await connection.dialect.catalogue.schemas(connection))
      if (prefixes.some((prefix) => schema.startsWith(prefix)))
        tables.set(schema, await connection.dialect.catalogue.tables(connection, schema));
    const grants = tableGrants(prefixes[0]!, tables);
    context.out.write(context.json ? `${JSON.stringify({ grants })}\n` : `${grants.join("\n")}\n`);
    if (grants.length === 0)
      context.err.write(`No manual or lookup table in schemas that begin with ${prefixes.join(" or ")}.\n`);
    return grants.length === 0 ? 1 : 0;
  } finally {
    await connection.close();
  }
}

function textOf(folder: string, version: ServerVersion, deployed: MysqlDeployed): string {
  const at = (path: string) => join(folder, path);
  return `${[
    ...deployed.files.map(({ path, state }) => `${state.padEnd(10)}${at(path)}`),
    ...deployed.certificates.map((path) => `new       ${at(path)}`),
    `certificate of the server ends on ${deployed.certificateEndsAt.slice(0, 10)}; run this again before that`,
    ...deployed.accounts.map(({ name, role, passwordFile }) => `account ${name} (${role}): ${passwordFile}`),
    "",
    "Next, on the server:",
    `  my.cnf to ${placeOfMyCnf[version]}; keys/ca.pem, server-cert.pem and server-key.pem where my.cnf says, owned by the server's user`,
    "  restart the server, then: mysql -u root -p < users.sql",
    "  when the pipeline's tables are there: tenon deploy mysql --grants | mysql -u root -p",
    "For clients: keys/ca.pem (database.ssl_ca) and a password file (DJ_PASS_FILE). keys/ca-key.pem stays in a safe.",
  ].join("\n")}\n`;
}

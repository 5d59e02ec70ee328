/**
 * @module
 * Where a running server deviates from what DataJoint needs: its settings against the list that my.cnf is written from, and what no list
 * says (clock, time zone, TLS of this connection, collations of the lab's schemas, rights of the account).
 */
import { roleOnServer } from "../deploy/mysql/roles.ts";
import { type ServerPlan, type ServerSetting, serverSettings } from "../deploy/mysql/server-settings.ts";
import { kindOfServer } from "../deploy/mysql/server-version.ts";
import { type DatabaseSettings, isLocalHost } from "../settings/database-settings.ts";
import { accountRights, hasRight } from "./account-rights.ts";
import { asRoot, type Finding } from "./finding.ts";
import type { ServerFacts } from "./server-facts.ts";

type Server = Extract<DatabaseSettings, { kind: "mysql" }>;

const mib = 2 ** 20;
/** A clock further off than this makes time stamps of machines disagree visibly. */
const clockToleranceS = 2;
const defaultConnections = 151;
const workerRights = ["INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "INDEX", "REFERENCES"];

/** @param prefix  of the lab's schemas */
export function serverFindings(facts: ServerFacts, server: Server, prefix: string): Finding[] {
  const version = kindOfServer(facts.version);
  if (version === undefined)
    return [
      {
        code: "version",
        severity: "error",
        message: `the server is ${facts.version}; MySQL from 8.0 or MariaDB from 10.11 is needed`,
        mend: "install a newer server, then: tenon deploy mysql --out DIR --version 8.4",
      },
    ];
  const plan: ServerPlan = { version, memoryBytes: 2 ** 30, keysFolder: "" };
  return [
    ...serverSettings.flatMap((setting) => settingFinding(setting, plan, facts)),
    ...timeFindings(facts, plan),
    ...loadFindings(facts, plan),
    ...tlsFindings(facts, server),
    ...collationFindings(facts, plan),
    ...rightsFindings(facts, server, prefix),
  ];
}

function settingFinding(setting: ServerSetting, plan: ServerPlan, facts: ServerFacts): Finding[] {
  const { name, judged, isNeeded, reason } = setting;
  const wanted = setting.value(plan)?.replaceAll("'", "");
  const got = facts.variables.get(name);
  // a server that does not know a variable cannot deviate in it
  if (wanted === undefined || got === undefined || isAsWanted(judged, wanted, got)) return [];
  const least = { "at least": "at least ", "at most": "at most ", words: "", same: "", no: "" }[judged];
  const value = judged === "words" ? withWords(got, wanted) : wanted;
  return [
    {
      code: `setting.${name}`,
      severity: isNeeded ? "error" : "warning",
      message: `${name} is ${got === "" ? "empty" : got}, expected ${least}${wanted}: ${reason}`,
      mend:
        setting.atStart === true
          ? `${name} = ${wanted} below [mysqld] in my.cnf, then restart the server (tenon deploy mysql writes the file)`
          : setCommand(name, value, plan),
    },
  ];
}

function isAsWanted(judged: ServerSetting["judged"], wanted: string, got: string): boolean {
  if (judged === "same") return onOff(got) === onOff(wanted);
  if (judged === "at least") return Number(got) >= bytes(wanted);
  if (judged === "at most") return Number(got) <= bytes(wanted);
  return judged === "no" || missingWords(got, wanted).length === 0;
}

function missingWords(got: string, wanted: string): string[] {
  const has = got.split(",");
  // TRADITIONAL and the like are spelled out by the server, so strictness is there by its own name
  return wanted.split(",").filter((word) => !has.includes(word));
}

function withWords(got: string, wanted: string): string {
  return [...got.split(",").filter((word) => word !== ""), ...missingWords(got, wanted)].join(",");
}

function onOff(text: string): string {
  return text === "1" ? "ON" : text === "0" ? "OFF" : text.toUpperCase();
}

function bytes(text: string): number {
  const [, number, unit] = /^(\d+)([MG]?)$/.exec(text)!;
  return Number(number) * (unit === "G" ? 1024 * mib : unit === "M" ? mib : 1);
}

/** Sets a variable now and for later starts; MariaDB cannot keep it, so the file is named. */
function setCommand(name: string, value: string, { version }: ServerPlan): string {
  const literal = /^\d+[MG]?$/.test(value)
    ? String(bytes(value))
    : /^(ON|OFF)$/.test(value)
      ? value
      : `'${value}'`;
  return version === "mariadb"
    ? `${asRoot(`SET GLOBAL ${name} = ${literal}`)}  # and in my.cnf, or it is gone after a restart`
    : asRoot(`SET PERSIST ${name} = ${literal}`);
}

function timeFindings({ variables, clockAheadS }: ServerFacts, plan: ServerPlan): Finding[] {
  const findings: Finding[] = [];
  const zone = variables.get("time_zone") ?? "";
  const actual = zone === "SYSTEM" ? (variables.get("system_time_zone") ?? "") : zone;
  if (!/^([+-]00:00|UTC|Etc\/UTC)$/i.test(actual))
    findings.push({
      code: "time_zone",
      severity: "error",
      message: `the server's time zone is ${actual}${zone === "SYSTEM" ? " (its machine's)" : ""}, expected +00:00: its NOW() and the pipeline's UTC disagree`,
      mend: setCommand("time_zone", "+00:00", plan),
    });
  if (Math.abs(clockAheadS) > clockToleranceS)
    findings.push({
      code: "clock",
      severity: "error",
      message: `the server's clock is ${Math.abs(clockAheadS).toFixed(1)} s ${clockAheadS > 0 ? "ahead of" : "behind"} this machine's, expected at most ${clockToleranceS} s: times of jobs and results contradict each other`,
      mend: "sudo timedatectl set-ntp true  # on the server and on this machine",
    });
  return findings;
}

function loadFindings(facts: ServerFacts, plan: ServerPlan): Finding[] {
  const findings: Finding[] = [];
  const connections = Number(facts.variables.get("max_connections"));
  const used = facts.maxUsedConnections;
  if (connections < defaultConnections || used > connections * 0.8)
    findings.push({
      code: "setting.max_connections",
      severity: "warning",
      message: `max_connections is ${connections} and ${used} were open at once; a worker has up to ten, so a fleet would be refused`,
      mend: setCommand("max_connections", String(Math.max(500, 2 * connections)), plan),
    });
  const pool = Number(facts.variables.get("innodb_buffer_pool_size"));
  if (pool < facts.dataBytes / 10)
    findings.push({
      code: "setting.innodb_buffer_pool_size",
      severity: "warning",
      message: `innodb_buffer_pool_size is ${Math.round(pool / mib)} MiB for ${Math.round(facts.dataBytes / mib)} MiB of the lab's data, expected a tenth at least: most reads go to the disk`,
      mend: "tenon deploy mysql --out DIR --memory GB  # writes it for the memory that the server may take; then restart",
    });
  return findings;
}

function tlsFindings({ cipher }: ServerFacts, { host, tls }: Server): Finding[] {
  if (isLocalHost(host)) return [];
  if (cipher === "")
    return [
      {
        code: "tls",
        severity: "error",
        message: `the connection to ${host} is not encrypted: the password's exchange and all data can be read on the way`,
        mend: 'in the configuration: "database.use_tls": true, and "database.ssl_ca": "ca.pem" for the lab\'s own authority',
      },
    ];
  return tls !== undefined && tls !== false && !tls.verify
    ? [
        {
          code: "tls.unchecked",
          severity: "warning",
          message: `the certificate of ${host} is not checked, so another machine could stand in for it`,
          mend: 'in the configuration: "database.use_tls": true and "database.ssl_ca": "ca.pem"',
        },
      ]
    : [];
}

function collationFindings({ schemas, tables }: ServerFacts, plan: ServerPlan): Finding[] {
  const collations = new Map<string, number>();
  const add = (collation: string, count: number) =>
    collations.set(collation, (collations.get(collation) ?? 0) + count);
  for (const { collation } of schemas) add(collation, 1);
  for (const { collation, count } of tables) add(collation, count);
  // whatever the others have: nothing is to lose letters
  const wide = [...collations].filter(([collation]) => collation.startsWith("utf8mb4_"));
  const [most] = (wide.length > 0 ? wide : [...collations]).sort((a, b) => b[1] - a[1])[0] ?? [];
  if (most === undefined) return [];
  const clause = `CHARACTER SET ${most.split("_")[0]} COLLATE ${most}`;
  return [
    ...schemas
      .filter(({ collation }) => collation !== most)
      .map(({ name, collation }) => ({
        code: "collation",
        severity: "error" as const,
        message: `schema ${name} has collation ${collation} for new tables, the lab's collation is ${most}: foreign keys between their texts are refused`,
        mend: asRoot(`ALTER DATABASE \`${name}\` ${clause}`),
      })),
    ...tables
      .filter(({ collation }) => collation !== most)
      .map(({ schema, collation, count }) => ({
        code: "collation.tables",
        severity: "error" as const,
        message: `${count} tables of ${schema} have collation ${collation}, the lab's is ${most}: foreign keys to them are refused`,
        mend: convertCommand(schema, collation, clause, plan),
      })),
  ];
}

/** A command that writes the statements, and one that runs them. */
function convertCommand(schema: string, collation: string, clause: string, { version }: ServerPlan): string {
  // MariaDB changes no column of a foreign key, even with its checks off
  if (version === "mariadb" || !clause.includes(" utf8mb4 "))
    return `tenon backup  # the rows are right as they are; drop the foreign keys of ${schema}, ALTER TABLE ... CONVERT TO ${clause}, and add them again`;
  const statements = `SELECT CONCAT('ALTER TABLE \`', table_schema, '\`.\`', table_name, '\` CONVERT TO ${clause};') FROM information_schema.tables WHERE table_schema = '${schema.replaceAll("'", "''")}' AND table_collation = '${collation}' AND table_type = 'BASE TABLE'`;
  return `tenon backup && ${asRoot(statements)} -N > convert.sql && mysql -u root -p --init-command='SET FOREIGN_KEY_CHECKS = 0' < convert.sql`;
}

function rightsFindings({ grants }: ServerFacts, { user }: Server, prefix: string): Finding[] {
  const { onSchemas, onServer } = accountRights(grants, prefix);
  const role = `GRANT \`${roleOnServer(prefix, "worker")}\` TO '${user}'@'%'`;
  if (!hasRight(onSchemas, "SELECT"))
    return [
      {
        code: "rights.read",
        severity: "error",
        message: `account ${user} may not read schemas that begin with '${prefix}'`,
        mend: `${asRoot(role)}  # after users.sql of tenon deploy mysql`,
      },
    ];
  // an account that only reads is a guest's or an experimenter's, as meant
  if (!hasRight(onSchemas, "INSERT")) return [];
  const missing = workerRights.filter((right) => !hasRight(onSchemas, right));
  if (!hasRight(onServer, "PROCESS")) missing.push("PROCESS");
  return missing.length === 0
    ? []
    : [
        {
          code: "rights.work",
          severity: "error",
          message: `account ${user} may write, but lacks ${missing.join(", ")}, which workers need to declare tables and to tell dead workers from living ones`,
          mend: `${asRoot(role)}  # after users.sql of tenon deploy mysql`,
        },
      ];
}

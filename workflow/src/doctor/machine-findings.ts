/**
 * @module
 * What is wrong on this machine: Node, the folders of the configuration, their rights and the room on their disks.
 */
import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import type { DatabaseSettings } from "../settings/database-settings.ts";
import { shellQuoted } from "../settings/secret-file.ts";
import type { Settings } from "../settings/settings.ts";
import type { Finding } from "./finding.ts";

/** The first version with all that is used: TypeScript unbuilt and SQLite (22), `using` (24.0), `import.meta.main` (24.2). */
const leastNode = [24, 2] as const;
const gib = 2 ** 30;

export interface MachineOptions {
  /** Default: what runs this. */
  readonly nodeVersion?: string;
  /** Room that a disk should have at least, bytes. Default: 10 GiB, less than one long recording's results. */
  readonly leastRoom?: number;
}

export function machineFindings(settings: Settings, options: MachineOptions = {}): Finding[] {
  const { nodeVersion = process.versions.node, leastRoom = 10 * gib } = options;
  const findings: Finding[] = [];
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  if (major < leastNode[0] || (major === leastNode[0] && minor < leastNode[1]))
    findings.push({
      code: "node",
      severity: "error",
      message: `Node is ${nodeVersion}, expected ${leastNode.join(".")} or later`,
      mend: "install a later Node from https://nodejs.org, or run Tenon's container image",
    });
  for (const root of settings.rawRoots) findings.push(...folderFindings("raw", root, constants.R_OK));
  const written = new Map([[settings.processedRoot, "processed"]]);
  for (const [name, { location }] of Object.entries(settings.stores))
    if (!written.has(location) && !isInside(location, settings.processedRoot))
      written.set(location, `store.${name}`);
  for (const [folder, name] of written)
    findings.push(
      ...folderFindings(name, folder, constants.R_OK | constants.W_OK),
      ...roomFindings(name, folder, leastRoom),
    );
  return [...findings, ...sqliteFindings(settings.database)];
}

function folderFindings(name: string, folder: string, mode: number): Finding[] {
  const code = `folder.${name}`;
  const path = shellQuoted(folder);
  if (!existsSync(folder))
    return [
      { code, severity: "error", message: `the folder ${folder} does not exist`, mend: `mkdir -p ${path}` },
    ];
  if (!statSync(folder).isDirectory())
    return [
      {
        code,
        severity: "error",
        message: `${folder} is a file, expected a folder`,
        mend: `mv ${path} ${shellQuoted(`${folder}.file`)} && mkdir ${path}`,
      },
    ];
  try {
    accessSync(folder, mode | constants.X_OK);
    return [];
  } catch {
    const isRead = (mode & constants.W_OK) === 0;
    return [
      {
        code,
        severity: "error",
        message: `${folder} cannot be ${isRead ? "read" : "read and written"} by this user (mode ${(statSync(folder).mode & 0o777).toString(8)})`,
        mend: `sudo setfacl -R -m "u:$(id -un):${isRead ? "rX" : "rwX"}" ${path}`,
      },
    ];
  }
}

function roomFindings(name: string, folder: string, leastRoom: number): Finding[] {
  if (!existsSync(folder)) return [];
  const { bavail, bsize } = statfsSync(folder);
  const room = bavail * bsize;
  return room >= leastRoom
    ? []
    : [
        {
          code: `disk.${name}`,
          severity: "warning",
          message: `the disk of ${folder} has ${(room / gib).toFixed(1)} GiB left, expected ${(leastRoom / gib).toFixed(0)} GiB at least: a sorting's results would not fit`,
          mend: `du -xh --max-depth=2 ${shellQuoted(folder)} | sort -h | tail  # shows what is large`,
        },
      ];
}

function sqliteFindings(database: DatabaseSettings): Finding[] {
  if (database.kind !== "sqlite" || !existsSync(database.path)) return [];
  try {
    accessSync(database.path, constants.R_OK | constants.W_OK);
    return [];
  } catch {
    return [
      {
        code: "database.file",
        severity: "error",
        message: `${database.path} cannot be read and written by this user`,
        mend: `sudo chown "$(id -un)" ${shellQuoted(database.path)}`,
      },
    ];
  }
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

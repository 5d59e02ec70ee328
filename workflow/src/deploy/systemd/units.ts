/**
 * @module
 * systemd's units for one machine: a template for each worker (`tenon-standard-worker@1.service`; the number after @ counts copies), a
 * target that starts and stops all of them, and a timer for the backup.
 *
 * The password can be a credential: systemd reads the file as root and gives it to the worker alone (`DJ_PASS_FILE`), so the worker's account
 * need not be able to read it. What a newcomer would get wrong: `systemctl stop` waits for TimeoutStopSec and then kills, so that is longer than
 * the worker's own grace.
 */
import type { DatabaseSettings } from "../../settings/settings.ts";
import { type Installation, tenonProgram, workerProgram } from "../installation.ts";
import { dashed, leaveS, type WorkerNeeds } from "../worker-needs.ts";
import type { DeployFile } from "../written-files.ts";

export interface SystemdOptions {
  /** The account that runs the workers; it owns the processed folder. */
  readonly user: string;
  /** Absolute file with the password, readable by root alone; undefined: the configuration has it. */
  readonly passwordFile: string | undefined;
  /** Absolute folder for backups; undefined: no timer. */
  readonly backupFolder: string | undefined;
  readonly rawRoots: readonly string[];
  readonly processedRoot: string;
  readonly database: DatabaseSettings;
  /** Copies of each worker that the target starts. */
  readonly copies: number;
}

/** Thrown for a path that a unit cannot hold without quoting. */
export class UnitError extends Error {
  override readonly name = "UnitError";
}

const credential = "tenon-database-password";

export function unitName(worker: string): string {
  return `tenon-${dashed(worker)}@.service`;
}

/** @throws UnitError */
export function systemdUnits(
  needs: readonly WorkerNeeds[],
  installation: Installation,
  options: SystemdOptions,
): readonly DeployFile[] {
  const { passwordFile, backupFolder, rawRoots, processedRoot } = options;
  const paths = [
    passwordFile ?? "/",
    backupFolder ?? "/",
    ...rawRoots,
    processedRoot,
    ...Object.values(installation),
  ];
  for (const path of paths)
    if (!/^\/[\w./@+,=-]*$/.test(path))
      throw new UnitError(
        `A unit cannot hold the path '${path}': expected letters, digits and . _ / @ + , = - after a /. Move it, or make a link without others.`,
      );
  const files = [
    ...needs.map((need) => workerUnit(need, installation, options)),
    target(needs, options.copies),
  ];
  return backupFolder === undefined ? files : [...files, ...backupUnits(installation, options, backupFolder)];
}

function workerUnit(needs: WorkerNeeds, installation: Installation, options: SystemdOptions): DeployFile {
  const { worker, cpus, memoryGb, gpus, graceS } = needs;
  const { node, program, configuration } = installation;
  return unit(unitName(worker), {
    Unit: [
      `Description=Tenon ${worker}, copy %i`,
      ...network(options),
      "PartOf=tenon.target",
      // five failures in ten minutes: something is wrong that a restart does not mend
      "StartLimitIntervalSec=600",
      "StartLimitBurst=5",
    ],
    Service: [
      "Type=exec",
      `ExecStart=${node} ${program}/${workerProgram} ${worker} --grace ${graceS} --config ${configuration}`,
      ...common(installation, options, "run-workflow"),
      `Environment=TENON_THREADS=${cpus}`,
      "Restart=on-failure",
      "RestartSec=15",
      "# the first SIGTERM finishes the key at hand or gives it back after the grace; then systemd kills what is left",
      "KillSignal=SIGTERM",
      "KillMode=mixed",
      `TimeoutStopSec=${graceS + leaveS}`,
      "SuccessExitStatus=SIGTERM",
      `CPUQuota=${cpus * 100}%`,
      `MemoryMax=${memoryGb}G`,
      ...hardening(options, gpus > 0),
      `ReadWritePaths=${options.processedRoot}`,
      `ReadOnlyPaths=${options.rawRoots.join(" ")}`,
    ],
    Install: ["WantedBy=tenon.target"],
  });
}

function target(needs: readonly WorkerNeeds[], copies: number): DeployFile {
  const wanted = needs.flatMap(({ worker }) =>
    Array.from({ length: copies }, (_, i) => unitName(worker).replace("@.", `@${i + 1}.`)),
  );
  return unit("tenon.target", {
    Unit: ["Description=Tenon's workers", ...wanted.map((name) => `Wants=${name}`)],
    Install: ["WantedBy=multi-user.target"],
  });
}

function backupUnits(
  installation: Installation,
  options: SystemdOptions,
  backupFolder: string,
): readonly DeployFile[] {
  const { node, program, configuration } = installation;
  return [
    unit("tenon-backup.service", {
      Unit: ["Description=Tenon backup of the database", ...network(options)],
      Service: [
        "Type=oneshot",
        `ExecStart=${node} ${program}/${tenonProgram} backup --to ${backupFolder} --config ${configuration}`,
        ...common(installation, options, "tenon"),
        "Nice=10",
        "IOSchedulingClass=idle",
        ...hardening(options, false),
        `ReadWritePaths=${backupFolder}`,
      ],
    }),
    unit("tenon-backup.timer", {
      Unit: ["Description=Tenon backup of the database, every night"],
      Timer: ["OnCalendar=*-*-* 03:00:00", "RandomizedDelaySec=900", "Persistent=true"],
      Install: ["WantedBy=timers.target"],
    }),
  ];
}

function network({ database }: SystemdOptions): readonly string[] {
  const local = ["mysql.service", "mysqld.service", "mariadb.service"];
  return [
    "Wants=network-online.target",
    // ordering after a unit that is not there does nothing
    `After=network-online.target remote-fs.target ${database.kind === "mysql" ? local.join(" ") : ""}`.trimEnd(),
  ];
}

function common(
  { labFolder }: Installation,
  { user, passwordFile }: SystemdOptions,
  name: "run-workflow" | "tenon",
): string[] {
  return [
    `User=${user}`,
    `WorkingDirectory=${labFolder}`,
    "UMask=0027",
    ...(passwordFile !== undefined
      ? [`LoadCredential=${credential}:${passwordFile}`, `Environment=DJ_PASS_FILE=%d/${credential}`]
      : []),
    "# compiled sources; the program's own folder is read-only here. Each program's by itself: a worker's are of no use to others",
    "CacheDirectory=tenon",
    `Environment=NODE_COMPILE_CACHE=%C/tenon/${name} HOME=%C/tenon`,
  ];
}

/** What a worker does not need. Node compiles its code while it runs, so MemoryDenyWriteExecute stays off. */
function hardening({ database }: SystemdOptions, hasGpu: boolean): readonly string[] {
  return [
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "ProtectSystem=strict",
    // the lab's folders may be below /home
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    ...(hasGpu
      ? ["DevicePolicy=closed", "DeviceAllow=char-nvidia-frontend rw", "DeviceAllow=char-nvidia-uvm rw"]
      : ["PrivateDevices=yes"]),
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectProc=invisible",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "RemoveIPC=yes",
    `RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6${database.kind === "mysql" ? "" : " AF_NETLINK"}`,
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
    "SystemCallErrorNumber=EPERM",
  ];
}

function unit(path: string, sections: Readonly<Record<string, readonly string[]>>): DeployFile {
  const text = Object.entries(sections).map(([name, lines]) => `[${name}]\n${lines.join("\n")}\n`);
  return { path, content: `# Written by \`tenon deploy systemd\`.\n${text.join("\n")}` };
}

/**
 * @module
 * `tenon deploy systemd`: units of the workers and of the nightly backup for one machine.
 */
import { isAbsolute } from "node:path";
import { installationOf } from "../../deploy/installation.ts";
import { systemdUnits, unitName } from "../../deploy/systemd/units.ts";
import { type Command, UsageError, wholeNumber } from "../command.ts";
import { deliver, fileOptions, needsFrom, needsOptions, outFolder } from "../deploy-files.ts";

export const deploySystemd: Command = {
  summary: "systemd units for workers and backups on one machine",
  usage: "[--out DIR] [--user U] [--password-file FILE] [--backup-to DIR] [--copies N]",
  details: `
Writes tenon-NAME@.service for each worker, tenon.target that starts them, and tenon-backup.service and .timer with --backup-to, into DIR
(default ./systemd). Copy them to /etc/systemd/system. The number after @ is the copy: systemctl start tenon-spike-processing-worker@3.
No unit holds a password: it is in the configuration, or handed over as a systemd credential from FILE, which root alone may read.`,
  options: {
    ...fileOptions,
    ...needsOptions,
    user: { type: "string", value: "U", help: "account that runs the workers (default tenon)" },
    "password-file": {
      type: "string",
      value: "FILE",
      help: "file with the database's password instead of the configuration's",
    },
    "backup-to": { type: "string", value: "DIR", help: "also a timer that backs up into DIR every night" },
    copies: {
      type: "string",
      value: "N",
      help: "copies of each worker that tenon.target starts (default 1)",
    },
  },
  words: [0, 0],
  async run(args, context) {
    const settings = context.settings();
    const text = (name: string) => args.options[name] as string | undefined;
    const user = text("user") ?? "tenon";
    if (!/^[a-z_][a-z0-9_-]*$/.test(user))
      throw new UsageError(`--user takes an account's name, got '${user}'.`);
    for (const name of ["password-file", "backup-to"])
      if (text(name) !== undefined && !isAbsolute(text(name)!))
        throw new UsageError(`--${name} takes an absolute path, got '${text(name)}'.`);
    const passwordFile = text("password-file");
    const needs = needsFrom(args);
    const folder = outFolder(args, context, "systemd");
    const files = systemdUnits(
      needs,
      installationOf(settings, "systemd's services", passwordFile !== undefined),
      {
        user,
        passwordFile,
        backupFolder: text("backup-to"),
        rawRoots: settings.rawRoots,
        processedRoot: settings.processedRoot,
        database: settings.database,
        copies: wholeNumber(args, "copies", 1) ?? 1,
      },
    );
    return deliver(args, context, folder, files, [
      `as root: cp ${folder}/tenon* /etc/systemd/system/ && systemctl daemon-reload && systemctl enable --now tenon.target`,
      `logs: journalctl -u '${unitName(needs[0]!.worker).replace("@.", "@*.")}'`,
    ]);
  },
};

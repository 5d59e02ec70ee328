/**
 * @module
 * `tenon rehearse`: plays a lab's life with faults on the database that is configured, before real data is on it.
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { openSigningKey, signCertificate, writeWhole } from "../../migration/verify/certificate.ts";
import { faults } from "../../rehearsal/faults.ts";
import { rehearsalPage } from "../../rehearsal/rehearsal-page.ts";
import { rehearse as play, type Rehearsal } from "../../rehearsal/rehearse.ts";
import type { Round } from "../../rehearsal/round.ts";
import { linesOf } from "../../rehearsal/summary.ts";
import { type Arguments, type Command, UsageError, wholeNumber } from "../command.ts";
import { labFolderOf } from "../lab-folder.ts";
import { makeProgress } from "../progress.ts";
import { textTable } from "../text-table.ts";

const names = faults.map(({ name }) => name);

export const rehearse: Command = {
  summary: "a synthetic lab with faults on your database: kills, cuts, restarts; a certificate",
  usage: "[--out DIR] [--rounds N] [--faults NAMES] [--restart-server COMMAND] [--small-disk DIR]",
  details: `
Makes schemas of its own (<prefix>rehearsal*) on the configured database, plays every fault that your means allow, checks that each key was
done exactly once with whole files, lives through a small lab with and without kills, and drops the schemas. Nothing else is touched.

Faults:
${faults.map(({ name, what }) => `  ${name.padEnd(14)}${what}`).join("\n")}

Writes DIR/certificate.json and DIR/certificate.html. Exit 1 when anything was lost, doubled or left behind.
The certificate is signed with the lab's key; tenon migrate verify --check DIR/certificate.json verifies it.
JSON: {ok, begun, ended, madeBy, database, rounds: [{fault, seed, samples, whole, strikes, phases, counts, seconds, problems}], notRehearsed, lab, problems: [{code, where, message}], signature}.`,
  options: {
    out: {
      type: "string",
      value: "DIR",
      help: "folder of the certificate and the scratch files, default rehearsal",
    },
    rounds: { type: "string", value: "N", help: "rounds of each fault, default 1" },
    faults: { type: "string", value: "NAMES", help: "only these, with commas between" },
    "no-lab": { type: "boolean", help: "without the synthetic lab" },
    lease: { type: "string", value: "S", help: "seconds of a lease, default 4; 40 is what workers use" },
    workers: { type: "string", value: "N", help: "worker processes, default 4" },
    samples: { type: "string", value: "N", help: "keys in a round, default 40" },
    seed: { type: "string", value: "N", help: "whole number, default 1" },
    "restart-server": {
      type: "string",
      value: "COMMAND",
      help: "shell command that restarts the database server; it must be nobody else's",
    },
    "step-clock": {
      type: "string",
      value: "COMMAND",
      help: "shell command that steps the database server's clock by $SECONDS; without it the leases are moved",
    },
    "small-disk": { type: "string", value: "DIR", help: "folder on a disk below 1 GB that may be filled up" },
  },
  words: [0, 0],
  async run(args, context) {
    const out = resolve(context.folder, (args.options["out"] as string | undefined) ?? "rehearsal");
    const only = chosenFaults(args);
    const settings = context.settings();
    const smallDisk = args.options["small-disk"] as string | undefined;
    const scratch = join(out, "scratch");
    const key = await openSigningKey(labFolderOf(context));
    await mkdir(out, { recursive: true });
    if ((await readdir(out)).some((name) => name !== "scratch" && !name.startsWith("certificate.")))
      throw new UsageError(
        `${out} holds files that no rehearsal made. Give an empty or new folder with --out.`,
      );
    await rm(scratch, { recursive: true, force: true });
    const progress = makeProgress(context.err);
    const rehearsal = await play({
      settings,
      folder: scratch,
      env: context.env,
      rounds: wholeNumber(args, "rounds", 1) ?? 1,
      only,
      withLab: args.options["no-lab"] !== true,
      leaseS: wholeNumber(args, "lease", 2) ?? 4,
      workers: wholeNumber(args, "workers", 2) ?? 4,
      samples: wholeNumber(args, "samples", 10) ?? 40,
      seed: wholeNumber(args, "seed") ?? 1,
      means: {
        restartServer: args.options["restart-server"] as string | undefined,
        stepClock: args.options["step-clock"] as string | undefined,
        smallDisk: smallDisk === undefined ? undefined : resolve(context.folder, smallDisk),
      },
      signal: context.signal,
      onProgress: (what, done, total, detail) => progress.update(what, done, total, detail),
      onRound: (round) => progress.line(roundLine(round)),
    });
    await rm(scratch, { recursive: true, force: true });
    const signed = signCertificate(rehearsal, key);
    await writeWhole(join(out, "certificate.json"), `${JSON.stringify(signed, null, 1)}\n`);
    await writeWhole(join(out, "certificate.html"), rehearsalPage(rehearsal));
    context.out.write(context.json ? `${JSON.stringify(signed)}\n` : summaryText(rehearsal, out));
    return rehearsal.ok ? 0 : 1;
  },
};

function chosenFaults(args: Arguments): readonly string[] | undefined {
  const text = args.options["faults"] as string | undefined;
  if (text === undefined) return undefined;
  const chosen = text.split(",").map((name) => name.trim());
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--faults: there is no fault '${unknown}'. The faults are: ${names.join(", ")}.`);
  return chosen;
}

function roundLine({ fault, seed, whole, samples, strikes, counts, seconds, problems }: Round): string {
  const end =
    problems.length === 0
      ? ""
      : `: ${problems[0]}${problems.length > 1 ? ` and ${problems.length - 1} more` : ""}`;
  return `${fault}, seed ${seed}: ${whole} of ${samples} done once; struck ${strikes}, taken over ${counts.takenOver}, refused ${counts.lost}, ${seconds} s${end}`;
}

function summaryText(rehearsal: Rehearsal, out: string): string {
  const rows = linesOf(rehearsal).map((line) => [
    line.fault,
    `${line.rounds}`,
    `${line.strikes}`,
    `${line.once} of ${line.keys}`,
    `${line.takenOver}`,
    `${line.refused}`,
    `${line.failed}`,
    `${line.problems}`,
  ]);
  const heads = ["fault", "rounds", "struck", "done once", "taken over", "refused", "repeated", "problems"];
  const lines = [
    ...textTable(heads, rows),
    ...rehearsal.notRehearsed.map(({ fault, why }) => `not rehearsed: ${fault}: ${why}`),
    ...(rehearsal.lab === undefined
      ? []
      : [
          `lab: ${rehearsal.lab.disturbed.units.length} units, the same with ${rehearsal.lab.disturbed.kills} kills as without: ${rehearsal.problems.some(({ code }) => code.startsWith("lab")) ? "no" : "yes"}`,
        ]),
    ...rehearsal.problems.map(({ where, message }) => `problem: ${where}: ${message}`),
    rehearsal.ok ? "passed" : "failed",
    `certificate: ${join(out, "certificate.html")}`,
  ];
  return `${lines.join("\n")}\n`;
}

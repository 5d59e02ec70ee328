#!/usr/bin/env node
/**
 * @module
 * The program `tenon`: finds the command, runs it, turns its errors into a sentence and an exit code.
 */
import { nearestName } from "../settings/keys.ts";
import { type Outer, runCommand, sentence, UsageError } from "./command.ts";
import { commands } from "./commands.ts";
import { version } from "./tenon-version.ts";

/** Runs `tenon ...words`; returns the exit code: 0 done, 1 failed, 2 misused. */
export async function tenon(words: readonly string[], outer: Outer): Promise<number> {
  try {
    if (words[0] === "--version" || words[0] === "-V") {
      outer.out.write(`${version()}\n`);
      return 0;
    }
    const group = groupOf(words[0]);
    if (group.length > 0 && (words[1] === "--help" || words[1] === "-h")) {
      outer.out.write(`usage: tenon ${words[0]} COMMAND ...\n\n${await lines(group)}\n`);
      return 0;
    }
    const { name, rest } = find(words);
    if (name === undefined) {
      (words.length === 0 ? outer.err : outer.out).write(await list());
      return words.length === 0 ? 2 : 0;
    }
    return await runCommand(name, await commands[name]!(), rest, outer);
  } catch (error) {
    outer.err.write(`${sentence(error, outer.env["TENON_DEBUG"] !== undefined)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** The longest run of leading words that names a command: `session add`. */
function find(words: readonly string[]): { name: string | undefined; rest: readonly string[] } {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    if (words.length >= length && commands[name] !== undefined) return { name, rest: words.slice(length) };
  }
  const first = words[0];
  if (first === undefined || first === "--help" || first === "-h" || first === "help")
    return { name: undefined, rest: [] };
  const group = groupOf(first);
  if (group.length > 0 && (words.length === 1 || words[1]!.startsWith("-")))
    throw new UsageError(
      `tenon ${first} needs one of: ${group.map((name) => name.split(" ")[1]).join(", ")}.`,
    );
  const all = Object.keys(commands);
  const given = words.slice(0, 2).join(" ");
  const near =
    nearestName(
      given,
      all.filter((name) => name.includes(" ")),
    ) ?? nearestName(first, all);
  const hint = near === undefined ? "" : ` Did you mean '${near}'?`;
  throw new UsageError(
    `Unknown command '${group.length > 0 ? given : first}'.${hint} The commands are: ${all.join(", ")}.`,
  );
}

/** The commands of two words that begin with this one. */
function groupOf(first: string | undefined): string[] {
  return Object.keys(commands).filter((name) => name.startsWith(`${first} `));
}

async function lines(names: readonly string[]): Promise<string> {
  const shown = names.map(async (name) => `  ${name.padEnd(18)}${(await commands[name]!()).summary}`);
  return (await Promise.all(shown)).join("\n");
}

async function list(): Promise<string> {
  return `Tenon: an electrophysiology pipeline on the lab's own machines.\n\nusage: tenon COMMAND ...   (tenon COMMAND --help, tenon --version)\n\n${await lines(Object.keys(commands))}\n\nWorkers: run_workflow <worker_name>\n`;
}

if (import.meta.main) {
  const stop = new AbortController();
  // `tenon ... | head` reads as much as it likes
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => stop.abort(new Error(`Stopped by ${signal}.`)));
  process.exitCode = await tenon(process.argv.slice(2), {
    out: process.stdout,
    err: process.stderr,
    env: process.env,
    folder: process.cwd(),
    signal: stop.signal,
  });
}

/**
 * @module
 * What a command is, and how its words are read. A command is one file in `commands/`, listed in `commands.ts`.
 *
 * Every command has `--help` and `--json`. Results go to stdout, progress and messages to stderr; exit 0 done, 1 failed, 2 misused.
 */
import { parseArgs } from "node:util";
import { loadSettings, type Settings } from "../settings/settings.ts";

export interface OptionSpec {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for the value in the help: `DIR`, `N`. */
  readonly value?: string;
  readonly help: string;
}

/** What `run` is given: option values by name, then the words that are no options. */
export interface Arguments {
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly words: readonly string[];
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** The words after the command's name: `PATH --subject S`. */
  readonly usage: string;
  /** More lines for `--help`: what it reads and writes, an example. */
  readonly details?: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** How many words it takes, [least, most]. */
  readonly words: readonly [number, number];
  /** Returns the exit code. */
  run(args: Arguments, context: Context): Promise<number>;
}

/** Where a command writes and what it knows. Tests pass their own. */
export interface Context {
  readonly out: { write(text: string): unknown };
  readonly err: { write(text: string): unknown; readonly isTTY?: boolean };
  /** Whether `--json` was given. */
  readonly json: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  settings(): Settings;
}

/** Thrown when the words of a command do not fit; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const common: Readonly<Record<string, OptionSpec>> = {
  json: { type: "boolean", help: "print one JSON object on stdout" },
  config: { type: "string", value: "FILE", help: "configuration file instead of ./dj_local_conf.json" },
  help: { type: "boolean", short: "h", help: "print this" },
};

export interface Outer {
  readonly out: Context["out"];
  readonly err: Context["err"];
  readonly env: Context["env"];
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Reads the words after a command's name and runs it.
 * @throws UsageError */
export async function runCommand(
  name: string,
  command: Command,
  words: readonly string[],
  outer: Outer,
): Promise<number> {
  const options = { ...command.options, ...common };
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({
      args: [...words],
      options: parseable(options),
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw new UsageError(`${misuseOf(error)} See \`tenon ${name} --help\`.`);
  }
  const values = parsed.values as Arguments["options"];
  if (values["help"] === true) {
    outer.out.write(helpOf(name, command));
    return 0;
  }
  const [least, most] = command.words;
  const count = parsed.positionals.length;
  if (count < least || count > most) {
    const expected = least === most ? `${least}` : `${least} to ${most}`;
    throw new UsageError(
      `tenon ${name} takes ${expected} argument${expected === "1" ? "" : "s"}, got ${count}. Usage: tenon ${name} ${command.usage}`,
    );
  }
  const file = values["config"] as string | undefined;
  const context: Context = {
    ...outer,
    json: values["json"] === true,
    settings: () =>
      loadSettings({ folder: outer.folder, env: outer.env, ...(file === undefined ? {} : { file }) }),
  };
  return command.run({ options: values, words: parsed.positionals }, context);
}

/** What parseArgs found wrong, in one sentence. */
export function misuseOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const option = /(--[\w-]+)/.exec(message)?.[1];
  if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" && option !== undefined)
    return /does not take/.test(message)
      ? `${option} takes no value.`
      : `${option} needs a value; one that begins with a dash is written ${option}=-1.`;
  return message.replace(/\. To specify.*$/s, ".");
}

function parseable(options: Readonly<Record<string, OptionSpec>>) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) },
    ]),
  );
}

/** The text of `tenon NAME --help`. */
export function helpOf(name: string, command: Command): string {
  const lines = Object.entries({ ...command.options, ...common }).map(([option, { short, value, help }]) => {
    const flag = `${short === undefined ? "    " : `-${short}, `}--${option}${value === undefined ? "" : ` ${value}`}`;
    return `  ${flag.padEnd(28)}${help}`;
  });
  const details = command.details === undefined ? "" : `\n${command.details.trim()}\n`;
  return `${command.summary}\n\nusage: tenon ${name} ${command.usage}\n${details}\n${lines.join("\n")}\n`;
}

/** A whole number from the text of an option, or undefined when the option is absent.
 * @throws UsageError */
export function wholeNumber(args: Arguments, option: string, least = 0): number | undefined {
  const text = args.options[option];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (String(text).trim() === "" || !Number.isInteger(value) || value < least)
    throw new UsageError(`--${option} takes a whole number from ${least} on, got '${text}'.`);
  return value;
}

/** The text of an option that must be there.
 * @throws UsageError */
export function required(args: Arguments, option: string): string {
  const text = args.options[option];
  if (typeof text !== "string" || text === "") throw new UsageError(`--${option} is needed.`);
  return text;
}

/** An error as one sentence for people; with its stack when TENON_DEBUG is set. */
export function sentence(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return String(error);
  if (debug) return error.stack ?? error.message;
  return error.message;
}

/**
 * @module
 * Files that hold secrets: who may read them is looked at before their content is used.
 *
 * A configuration with a password in it that others on the machine can read is refused, with the command that mends it. A configuration
 * without any secret may be open. A password file (`DJ_PASS_FILE`) may be readable by its group, since container runtimes mount secrets
 * so; below `/run/secrets` its mode is the runtime's business. On Windows modes say nothing, so nothing is looked at there.
 */
import { readFileSync, statSync } from "node:fs";
import { ConfigurationError } from "./configuration-error.ts";

/** Where container runtimes mount secrets, readable by all of the one container. */
const mountedSecrets = /^(\/var)?\/run\/secrets\//;

/** The mode bits that let others than the owner read a file: `group`, `others`, or undefined when nobody else can. */
export function readersOf(file: string): "group" | "others" | undefined {
  if (process.platform === "win32") return undefined;
  const { mode } = statSync(file);
  return (mode & 0o007) !== 0 ? "others" : (mode & 0o070) !== 0 ? "group" : undefined;
}

/** Refuses a configuration file that others can read.
 * @param key  the secret that is in it
 * @throws ConfigurationError with the command that mends it */
export function refuseOpenFile(file: string, key: string): void {
  const readers = readersOf(file);
  if (readers === undefined) return;
  const { mode } = statSync(file);
  throw new ConfigurationError(
    `${file} holds '${key}' and has mode ${octal(mode)}, so ${readers === "others" ? "everybody on this machine" : "its group"} can read or write it; expected 600. Run: chmod 600 ${shellQuoted(file)}`,
    key,
    file,
  );
}

/** Reads a password: the file's text without the line break at its end.
 * @throws ConfigurationError when it cannot be read, is empty, or can be read by everybody */
export function readPasswordFile(file: string, key: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigurationError(
      `Cannot read the password file ${file} that '${key}' names: ${(cause as Error).message}`,
      key,
      file,
      { cause },
    );
  }
  if (readersOf(file) === "others" && !mountedSecrets.test(file))
    throw new ConfigurationError(
      `The password file ${file} has mode ${octal(statSync(file).mode)}, so everybody on this machine can read it; expected 600 or 640. Run: chmod 600 ${shellQuoted(file)}`,
      key,
      file,
    );
  const password = text.replace(/\r?\n$/, "");
  if (password === "")
    throw new ConfigurationError(`The password file ${file} that '${key}' names is empty.`, key, file);
  return password;
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, "0");
}

/** A path as a shell takes it. */
export function shellQuoted(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

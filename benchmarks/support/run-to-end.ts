/**
 * @module
 * Runs the program that a benchmark measures to its end.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

export interface ProgramOrder {
  readonly file: string;
  readonly words: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** File that it reads on its standard input. */
  readonly input?: string | undefined;
}

/** @returns the end of what it printed
 *  @throws Error when it does not end with 0 */
export async function runToEnd({ file, words, folder, env, input }: ProgramOrder): Promise<string> {
  const fd = input === undefined ? undefined : openSync(input, "r");
  try {
    const child = spawn(file, words, { cwd: folder, env, stdio: [fd ?? "ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding("utf8").on("data", (part: string) => {
        text = (text + part).slice(-5000);
      });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (code !== 0) throw new Error(`Expected ${file} to end with 0, got ${code}:\n${text}`);
    return text;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

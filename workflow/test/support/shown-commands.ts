/**
 * @module
 * The commands that a page shows in its `sh` blocks, run as a reader would: line by line, in a lab's folder.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./test-lab.ts";

export interface ShownBlock {
  /** The nearest heading above it. */
  readonly heading: string;
  readonly lines: readonly string[];
}

/** The `sh` blocks of a page, in order. A line that ends in a backslash goes on. */
export function shownBlocks(page: string): readonly ShownBlock[] {
  const found: ShownBlock[] = [];
  let heading = "";
  for (const [, title, block] of page.matchAll(/^#+ (.*)$|^```sh\n([\s\S]*?)^```$/gm))
    if (title !== undefined) heading = title;
    else found.push({ heading, lines: block!.trim().replaceAll("\\\n", "").split("\n") });
  return found;
}

/** Runs a line in bash; `tenon` and `run_workflow` are this checkout's. Fails with what it wrote when it does not exit with 0.
 * @returns its stdout */
export function runShown(line: string, folder: string, env: Readonly<Record<string, string>> = {}): string {
  const own = {
    PATH: `${join(root, "workflow/bin")}:${join(root, "node_modules/.bin")}:${process.env["PATH"]}`,
    HOME: folder,
    ...env,
  };
  const command = line.replace(/(^|&& |\$\()(tenon|run_workflow)\b/g, "$1$2.mjs");
  try {
    return execFileSync("bash", ["-euo", "pipefail", "-c", command], {
      cwd: folder,
      env: own,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const { status, stderr, stdout } = error as { status: number; stderr: string; stdout: string };
    assert.fail(`${line}: exit ${status}\n${stderr}\n${stdout}`);
  }
}

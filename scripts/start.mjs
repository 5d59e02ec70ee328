/**
 * @module
 * Runs one of the project's TypeScript programs on the project's own Node, whatever Node started this file.
 *
 *     node scripts/start.mjs PROGRAM.ts [ARGUMENT ...]
 *
 * Installs what package-lock.json names when node_modules is absent or older than the lock file, so that a fresh clone
 * needs one command. Plain JavaScript, because the Node of the machine (>= 20) need not read TypeScript.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { constants } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const node = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
const [program, ...rest] = process.argv.slice(2);
if (program === undefined) {
  process.stderr.write("usage: node scripts/start.mjs PROGRAM.ts [ARGUMENT ...]\n");
  process.exit(2);
}
if (!isInstalled()) install();

// stripped and compiled sources are kept: a program starts in a third of the time. Each program's by itself: workers compile under flags of
// their own, and would throw away what others kept
const kept = process.env.NODE_COMPILE_CACHE ?? join(root, "node_modules", ".cache", "node");
const cache = join(kept, basename(program, ".ts"));

// a pipe that nobody writes into: it closes when this process is gone, even by SIGKILL, and the program then ends as by SIGTERM
const child = spawn(node, [join(root, program), ...rest], {
  stdio: ["inherit", "inherit", "inherit", "pipe"],
  env: { ...process.env, NODE_COMPILE_CACHE: cache, TENON_LIFELINE: `${process.pid}` },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => {
    // a terminal sends Ctrl-C to the child too; twice would mean more than once
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
child.on("error", (error) => {
  process.stderr.write(`Cannot start ${node}: ${error.message}. Delete node_modules and try again.\n`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));

function isInstalled() {
  const done = join(root, "node_modules", ".package-lock.json");
  return (
    existsSync(done) &&
    existsSync(node) &&
    statSync(done).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs - 1
  );
}

function install() {
  process.stderr.write("Installing what package-lock.json names (once, about half a minute) ...\n");
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  // npm's own output goes to stderr, so that --json of the program stays alone on stdout
  const done = spawnSync(command, [...first, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (done.status === 0) return;
  process.stderr.write(
    "npm ci failed (its message is above). It needs the npm registry once; then run the same command again.\n",
  );
  process.exit(1);
}

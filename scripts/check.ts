/**
 * @module
 * `npm run check`: lint, types, type cost, import direction, wasm bytes, audit of dependencies, tests. Stops at the first that fails.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const bin = (name: string) => join(root, "node_modules", ".bin", name);
const node = process.execPath;

const steps: readonly (readonly [what: string, command: string, args: readonly string[]])[] = [
  ["lint and format", bin("biome"), ["check", "."]],
  ["types", bin("tsc"), ["-b"]],
  ["type cost", node, ["scripts/type-cost.ts"]],
  ["import direction", node, ["--test", "scripts/import-direction.test.ts"]],
  ["wasm is what its source makes", node, ["scripts/build-wasm.ts", "--check"]],
  ["audit of dependencies", node, ["scripts/audit.ts"]],
  ["tests", node, ["scripts/test.ts"]],
];

const only = process.argv.slice(2);
for (const [what, command, args] of steps) {
  if (only.length > 0 && !only.some((word) => what.includes(word))) continue;
  const start = performance.now();
  process.stdout.write(`\n== ${what}\n`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) {
    process.stderr.write(`\n${what}: failed (${command} ${args.join(" ")})\n`);
    process.exit(status ?? 1);
  }
  process.stdout.write(`== ${what}: good, ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}

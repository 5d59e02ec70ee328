/**
 * @module
 * Runs the tests on node:test and prints, at the end, how many were skipped and why.
 *
 *     npm test                              everything that needs no server (servers are used when their settings are there)
 *     npm test -- packages/ephys            the tests below a folder
 *     npm test -- packages/datajoint/test/blob/decode.test.ts
 *
 * `TENON_TEST_MARIADB` and `TENON_TEST_MYSQL` (`mysql://user:password@host:port`) add those servers; `TENON_PYTHON` the Python clients.
 */
import { spawnSync } from "node:child_process";
import { globSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const places = process.argv.slice(2);
const files = (places.length === 0 ? ["packages", "workflow", "scripts"] : places).flatMap(testFiles).sort();
if (files.length === 0) {
  process.stderr.write(
    `No *.test.ts below ${places.join(", ")}. Give folders or files of this repository.\n`,
  );
  process.exit(2);
}

const concurrency = process.env["TENON_TEST_CONCURRENCY"] ?? "2";
const run = spawnSync(
  process.execPath,
  ["--test", `--test-concurrency=${concurrency}`, "--test-reporter=spec", "--test-timeout=240000", ...files],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, "node_modules/.cache/node") },
  },
);
process.exit(run.status ?? 1);

function testFiles(place: string): string[] {
  const path = join(root, relative(root, join(root, place)));
  if (place.endsWith(".ts")) return [path];
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
  return globSync("**/*.test.ts", { cwd: path, exclude: (name) => name === "node_modules" }).map((file) =>
    join(path, file),
  );
}

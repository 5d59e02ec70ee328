/**
 * @module
 * Runs the tests on node:test. A skipped test is printed with its reason, their number at the end.
 *
 *     npm test                              everything that needs no server (servers are used when their settings are there)
 *     npm test -- packages/ephys            the tests below a folder
 *     npm test -- packages/datajoint/test/blob/decode.test.ts
 *
 * With `TENON_TEST_AGAIN` set (CI), files with failures are run a second time, one after the other with nothing beside them: tests with real
 * processes, signals and leases depend on a machine that is not overloaded. What fails then has failed.
 *
 * `TENON_TEST_MARIADB` and `TENON_TEST_MYSQL` (`mysql://user:password@host:port`) add those servers; `TENON_PYTHON` the Python clients.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
/** Files at a time: one more than two cores, since some wait for leases to end and not for a core. */
const atOnce = "3";
const places = process.argv.slice(2);
const files = (places.length === 0 ? ["packages", "workflow", "scripts"] : places).flatMap(testFiles).sort();
if (files.length === 0) {
  process.stderr.write(
    `No *.test.ts below ${places.join(", ")}. Give folders or files of this repository.\n`,
  );
  process.exit(2);
}

const { status, failed } = runFiles(files, process.env["TENON_TEST_CONCURRENCY"] ?? atOnce);
if (status !== 0 && process.env["TENON_TEST_AGAIN"] !== undefined && failed.length > 0) {
  const names = failed.map((file) => relative(root, file)).join(", ");
  process.stdout.write(`\nFailed beside others, now again and alone: ${names}\n\n`);
  process.exitCode = runFiles(failed, "1").status;
} else process.exitCode = status;

/** Runs test files; `failed` are those with a failure. */
function runFiles(some: readonly string[], concurrency: string): { status: number; failed: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "tenon-npm-test-"));
  const list = join(folder, "failed.txt");
  const run = spawnSync(
    process.execPath,
    [
      "--test",
      `--test-concurrency=${concurrency}`,
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      `--test-reporter=${join(import.meta.dirname, "failed-files-reporter.ts")}`,
      `--test-reporter-destination=${list}`,
      "--test-timeout=240000",
      ...some,
    ],
    {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, NODE_COMPILE_CACHE: join(root, "node_modules/.cache/node") },
    },
  );
  // without a list the runner itself did not start, and its status says so
  const failed = (existsSync(list) ? readFileSync(list, "utf8") : "")
    .split("\n")
    .filter((line) => line !== "");
  rmSync(folder, { recursive: true });
  return { status: run.status ?? 1, failed };
}

function testFiles(place: string): string[] {
  const path = join(root, relative(root, join(root, place)));
  if (place.endsWith(".ts")) return [path];
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
  return globSync("**/*.test.ts", { cwd: path, exclude: (name) => name === "node_modules" }).map((file) =>
    join(path, file),
  );
}

/**
 * @module
 * `npm run audit`: what the lock file brings in. Each package has a licence that a lab may redistribute, comes from the registry with its
 * hash, and runs nothing at its installation that package.json does not name; our own package.json files ask for exact versions. Then
 * npm is asked for known vulnerabilities: high and critical ones in what runs in a lab fail, others are listed.
 *
 * What a newcomer would get wrong: a registry that has no advisories (a mirror, an offline machine) is said and is not a success; the rest
 * is judged without it. Exit code 1 when something is wrong.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One entry of the lock file's `packages`. */
export interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

/** SPDX names of licences whose code may be used and given on beside Apache-2.0. MPL-2.0 is for unchanged files only, as they are here. */
const allowed: ReadonlySet<string> = new Set(
  "0BSD Apache-2.0 BlueOak-1.0.0 BSD-2-Clause BSD-3-Clause CC0-1.0 ISC MIT MIT-0 MPL-2.0 Python-2.0 Unlicense Zlib".split(
    " ",
  ),
);

/** Packages whose licence has no SPDX name, by name and version, with the reason why they are fine. */
const read: Readonly<Record<string, string>> = {
  "dejavu-fonts-ttf@2.37.3":
    "Bitstream Vera licence: the fonts may be used, embedded and given on, but not sold by themselves",
};

/** What is wrong with the lock file's packages, one sentence each. */
export function packageProblems(
  packages: Readonly<Record<string, LockedPackage>>,
  mayRunScripts: ReadonlySet<string>,
): string[] {
  const problems: string[] = [];
  for (const [path, entry] of Object.entries(packages)) {
    if (!path.includes("node_modules/") || entry.link === true) continue;
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const id = `${name}@${entry.version}`;
    if (!isAllowed(entry.license) && read[id] === undefined)
      problems.push(
        `${id} has the licence '${entry.license ?? "none"}': expected one of ${[...allowed].join(", ")}.`,
      );
    // without an address it is the registry that npm is set to, by its hash
    if (entry.resolved !== undefined && !entry.resolved.startsWith("https://registry.npmjs.org/"))
      problems.push(`${id} comes from ${entry.resolved}: expected the npm registry.`);
    if (entry.integrity?.startsWith("sha512-") !== true)
      problems.push(`${id} has no sha512 hash in the lock file.`);
    if (entry.hasInstallScript === true && !mayRunScripts.has(name))
      problems.push(
        `${id} runs a script when it is installed: name it in package.json's allowScripts, or take another.`,
      );
  }
  return problems;
}

/** Whether one of a licence expression's alternatives is allowed in all its parts. */
function isAllowed(expression: string | undefined): boolean {
  if (expression === undefined) return false;
  const alternatives = expression.replaceAll(/[()]/g, "").split(" OR ");
  return alternatives.some((alternative) =>
    alternative.split(" AND ").every((licence) => allowed.has(licence)),
  );
}

/** Dependencies of one package.json that are not exact versions. */
export function rangeProblems(file: string, manifest: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = [];
  for (const group of ["dependencies", "devDependencies", "optionalDependencies"])
    for (const [name, version] of Object.entries((manifest[group] ?? {}) as Record<string, string>))
      if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
        problems.push(`${file} asks for ${name} '${version}': expected an exact version.`);
  return problems;
}

interface Advisories {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
  readonly error?: { readonly summary?: string };
  readonly message?: string;
}

/** Asks the registry; what it says is a list of sentences, or the reason why it does not say anything. */
function advisories(
  root: string,
  words: readonly string[],
): { readonly found: string[]; readonly why?: string } {
  const { stdout, error } = spawnSync("npm", ["audit", "--json", ...words], { cwd: root, encoding: "utf8" });
  if (error !== undefined) return { found: [], why: error.message };
  let answer: Advisories;
  try {
    answer = JSON.parse(stdout) as Advisories;
  } catch {
    return { found: [], why: "npm audit did not print JSON" };
  }
  if (answer.vulnerabilities === undefined)
    return { found: [], why: answer.message ?? answer.error?.summary ?? "no answer" };
  const found = Object.entries(answer.vulnerabilities);
  return { found: found.map(([name, { severity, range }]) => `${severity}: ${name} ${range}`) };
}

function main(): number {
  const root = join(import.meta.dirname, "..");
  const json = (file: string) =>
    JSON.parse(readFileSync(join(root, file), "utf8")) as Record<string, unknown>;
  const manifests = [
    "package.json",
    ...globSync(["packages/*/package.json", "workflow/package.json"], { cwd: root }),
  ];
  const { packages } = json("package-lock.json") as { packages: Record<string, LockedPackage> };
  const scripts = new Set(Object.keys((json("package.json")["allowScripts"] ?? {}) as object));
  const problems = [
    ...packageProblems(packages, scripts),
    ...manifests.flatMap((file) => rangeProblems(file, json(file))),
  ];
  process.stdout.write(
    `${Object.keys(packages).filter((path) => path.includes("node_modules/")).length} packages in the lock file: licences, sources, hashes, install scripts\n`,
  );
  const atRun = advisories(root, ["--omit=dev"]);
  if (atRun.why !== undefined)
    process.stdout.write(`advisories: not asked, the registry says: ${atRun.why}\n`);
  for (const line of atRun.found)
    if (/^(high|critical)/.test(line)) problems.push(`known vulnerability in what runs in a lab: ${line}`);
    else process.stdout.write(`advisory: ${line}\n`);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(problems.length === 0 ? "audit: good\n" : `audit: ${problems.length} problems\n`);
  return problems.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = main();

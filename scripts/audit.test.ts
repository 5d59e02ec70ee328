/** The audit of dependencies finds what it is there to find. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type LockedPackage, packageProblems, rangeProblems } from "./audit.ts";

const good: LockedPackage = {
  version: "1.0.0",
  resolved: "https://registry.npmjs.org/x/-/x-1.0.0.tgz",
  integrity: "sha512-abc",
  license: "MIT",
};
const problemsOf = (entry: LockedPackage) =>
  packageProblems({ "node_modules/x": entry }, new Set(["allowed"]));

describe("audit of the lock file", () => {
  it("finds nothing wrong with a package of the registry under a free licence", () => {
    assert.deepEqual(problemsOf(good), []);
    assert.deepEqual(problemsOf({ ...good, license: "(MIT OR GPL-3.0)" }), []);
    assert.deepEqual(
      packageProblems({ "": good, "node_modules/@tenon/ephys": { link: true } }, new Set()),
      [],
    );
  });

  for (const [what, entry, expected] of [
    ["a copyleft licence", { ...good, license: "GPL-3.0" }, /x@1\.0\.0 has the licence 'GPL-3\.0'/],
    ["one of two that apply", { ...good, license: "MIT AND GPL-3.0" }, /has the licence/],
    ["no licence", { ...good, license: undefined }, /'none'/],
    ["another source", { ...good, resolved: "git+ssh://git@github.com/x/x.git" }, /comes from git/],
    ["no hash", { ...good, integrity: undefined }, /no sha512 hash/],
    ["a script at installation", { ...good, hasInstallScript: true }, /runs a script/],
  ] as const)
    it(`names ${what}`, () => {
      const problems = problemsOf(entry as LockedPackage);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, expected);
    });

  it("names a nested package by its own name", () => {
    assert.match(
      packageProblems(
        { "node_modules/a/node_modules/@b/c": { ...good, license: "SSPL-1.0" } },
        new Set(),
      )[0]!,
      /^@b\/c@1\.0\.0/,
    );
  });

  it("names versions that are not exact", () => {
    const manifest = { dependencies: { a: "^1.0.0", b: "1.2.3" }, devDependencies: { c: "latest" } };
    assert.equal(rangeProblems("package.json", manifest).length, 2);
  });
});

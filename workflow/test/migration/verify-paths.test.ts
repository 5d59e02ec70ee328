/** Paths of the platform: where they are here, which are absolute, which lead out. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { absolutePathsIn, isAbsolutePath } from "../../src/migration/verify/absolute-paths.ts";
import { below, isInside, placesOf, platformPath } from "../../src/migration/verify/local-paths.ts";

const roots = { rawRoots: ["/lab/raw", "/lab/raw2"], processedRoot: "/lab/processed" };

describe("placesOf", () => {
  it("maps inbox to every raw root and outbox to the processed root", () => {
    assert.deepEqual(placesOf(roots, "org_wf/inbox/a/b.bin"), ["/lab/raw/a/b.bin", "/lab/raw2/a/b.bin"]);
    assert.deepEqual(placesOf(roots, "inbox\\a\\b.bin"), ["/lab/raw/a/b.bin", "/lab/raw2/a/b.bin"]);
    assert.deepEqual(placesOf(roots, "/org_wf/outbox/s/phy/params.py"), ["/lab/processed/s/phy/params.py"]);
    assert.deepEqual(placesOf(roots, "org_wf/datajoint/blob/x"), []);
    assert.equal(platformPath("inbox"), undefined);
  });

  it("gives no place that lies outside of the roots, whatever the path", () => {
    const part = fc.oneof(
      fc.constantFrom("..", ".", "", "inbox", "outbox", "a", "\\", "C:", "~", "\0"),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 7 }), fc.constantFrom("/", "\\"), (parts, separator) => {
        const path = parts.join(separator);
        const all = [...roots.rawRoots, roots.processedRoot];
        for (const place of [...(placesOf(roots, path) ?? []), ...(below(all, path) ?? [])])
          assert.ok(
            all.some((root) => isInside(root, place)),
            `${JSON.stringify(path)} gave ${place}`,
          );
      }),
      { numRuns: 2000 },
    );
    assert.equal(below(["/lab/raw"], "../raw2/x"), undefined);
    assert.equal(below(["/lab/raw"], "/etc/passwd"), undefined);
    assert.equal(placesOf(roots, "org_wf/inbox/../../x"), undefined);
  });
});

describe("isAbsolutePath", () => {
  it("knows paths of Linux, Windows, shares and stores", () => {
    for (const path of [
      "/home/jovyan/s3/inbox",
      "C:\\data\\run",
      "d:/data",
      "\\\\nas\\share\\x",
      "s3://bucket/key",
    ])
      assert.ok(isAbsolutePath(path), path);
  });

  it("takes no other text for one", () => {
    for (const text of [
      "a/b",
      "/",
      "/ 2",
      "// comment",
      "10:30",
      "2026-01-01 10:00:00",
      "µV/ms",
      "https://plot.ly/x",
      "probe_1/ks_0",
      "-> Session",
    ])
      assert.ok(!isAbsolutePath(text), text);
  });

  it("finds them in dictionaries and lists at any depth, once each place", () => {
    const value = {
      a: ["x", { dat_path: "/home/a/b.dat", n: 3 }],
      m: new Map([["k", ["C:\\x\\y"]]]),
      data: new Float64Array(9),
    };
    assert.deepEqual([...absolutePathsIn(value)], ["/home/a/b.dat", "C:\\x\\y"]);
  });
});

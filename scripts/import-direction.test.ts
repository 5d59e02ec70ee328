/** Reads every import of the sources and checks that rooms only import downwards (house rules in CONTRIBUTING.md). */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "..");

/** Rooms of a package from the bottom up; rooms on one level (an inner list) may not import each other. */
const orders: Record<string, readonly (readonly string[])[]> = {
  "packages/datajoint/src": [
    ["errors.ts"],
    ["blob"],
    ["definition"],
    ["query"],
    ["sql"],
    ["connection"],
    ["dependencies"],
    ["table"],
    ["jobs"],
    ["populate"],
    ["schema"],
    ["index.ts"],
  ],
  "packages/ephys/src": [
    ["errors.ts"],
    ["core"],
    ["linalg"],
    ["dsp"],
    ["io"],
    ["preprocessing"],
    ["detection"],
    ["clustering"],
    ["matching"],
    ["features"],
    ["templates"],
    ["metrics", "lfp", "generate"],
    ["comparison"],
    ["sorters"],
    ["index.ts"],
  ],
  "workflow/src": [
    ["settings"],
    ["figures"],
    ["pipeline"],
    ["ingest"],
    ["report"],
    ["operations"],
    ["populate"],
    ["deploy"],
    ["doctor"],
    ["migration"],
    ["backup"],
    ["rehearsal"],
    ["index.ts"],
    ["cli"],
  ],
};

/** Files above that may be named in types: what a connection, a dialect or a plan *is* is said where it is made. */
const typesOf: ReadonlySet<string> = new Set([
  "packages/datajoint/src/connection/driver.ts",
  "packages/datajoint/src/sql/dialect.ts",
  "packages/datajoint/src/query/decode-row.ts",
  "packages/ephys/src/preprocessing/preprocessing-plan.ts",
]);

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/^(import|export)\s+(type\s)?[^;]*?from\s+"([^"]+)"/gms)].map((match) => ({
    file,
    target: match[3]!,
    typeOnly: match[2] !== undefined,
  }));
}

function sources(folder: string): string[] {
  return globSync("**/*.ts", { cwd: join(root, folder) })
    .filter((file) => !file.endsWith(".as.ts"))
    .map((file) => join(folder, file));
}

describe("imports", () => {
  for (const [folder, order] of Object.entries(orders)) {
    it(`run downwards in ${folder}`, () => {
      const level = new Map(order.flatMap((names, index) => names.map((name) => [name, index] as const)));
      const upward: string[] = [];
      const unknown = new Set<string>();
      for (const file of sources(folder)) {
        const from = relative(folder, file).split("/")[0]!;
        if (!level.has(from)) unknown.add(from);
        for (const { target, typeOnly } of importsOf(file)) {
          if (!target.startsWith(".")) continue;
          const path = join(dirname(file), target);
          const to = relative(folder, path).split("/")[0]!;
          if (to === from || (typeOnly && typesOf.has(path))) continue;
          const [fromLevel, toLevel] = [level.get(from), level.get(to)];
          if (fromLevel !== undefined && toLevel !== undefined && toLevel >= fromLevel)
            upward.push(`${file} imports ${target}`);
        }
      }
      assert.deepEqual([...unknown], [], "rooms that this test does not know: add them in their place");
      assert.deepEqual(upward, []);
    });
  }

  it("run in the order that CONTRIBUTING says", () => {
    const tree = readFileSync(join(root, "CONTRIBUTING.md"), "utf8").split("```")[1]!;
    for (const [folder, order] of Object.entries(orders)) {
      const lines = tree.split(`${folder}/`)[1]!.split("\n").slice(1);
      const end = lines.findIndex((line) => !line.startsWith(" "));
      const told = [
        ...lines
          .slice(0, end)
          .join(" ")
          .matchAll(/(?<![\w(/])([a-z]+)(?=\/)/g),
      ].map((match) => match[1]!);
      assert.deepEqual(
        told,
        order.flat().filter((room) => !room.endsWith(".ts")),
      );
    }
  });

  it("never join the two packages", () => {
    const wrong = [
      ...sources("packages/datajoint/src")
        .flatMap(importsOf)
        .filter((i) => i.target.includes("ephys")),
      ...sources("packages/ephys/src")
        .flatMap(importsOf)
        .filter((i) => i.target.includes("datajoint")),
    ];
    assert.deepEqual(wrong, []);
  });

  it("reach packages by name only", () => {
    const deep = sources("workflow/src")
      .flatMap(importsOf)
      .filter((i) => /packages\//.test(i.target));
    assert.deepEqual(deep, []);
  });

  it("name a database only inside its own folder and the connection room", () => {
    const found: string[] = [];
    for (const file of sources("packages/datajoint/src")) {
      if (/src\/(sql|connection)\//.test(file)) continue;
      const code = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      if (/dialect\.name\s*[!=]==?|===?\s*"(mysql|mariadb|sqlite)"/.test(code)) found.push(file);
    }
    assert.deepEqual(found, []);
  });

  it("use node:fs in ephys only inside io, generate, comparison, sorters and the kernels' loader", () => {
    const wrong = sources("packages/ephys/src")
      .filter((file) => !/src\/(io|generate|sorters|comparison)\/|src\/dsp\/wasm\//.test(file))
      .flatMap(importsOf)
      .filter((i) => /^(node:)?fs/.test(i.target));
    assert.deepEqual(wrong, []);
  });
});

/** Every code that the commands of the migration can give is explained in the how-to: scripts and people look there. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { root } from "../support/test-lab.ts";

const page = readFileSync(join(root, "docs/how-to/migrate.md"), "utf8");
const room = join(root, "workflow/src/migration");
const read = (folder: string) =>
  readdirSync(join(room, folder)).map((name) => readFileSync(join(room, folder, name), "utf8"));

it("codes of tenon migrate db and its notes", () => {
  const written = read("import").join("\n");
  const codes = new Set([
    ...[...written.matchAll(/code: "([a-z-]+)"/g)].map(([, code]) => code!),
    ...[...written.matchAll(/#note\(\s*"([a-z-]+)"/g)].map(([, code]) => code!),
  ]);
  assert.ok(codes.size > 12, `${codes.size} codes`);
  for (const code of codes) assert.ok(page.includes(`\`${code}\``), code);
});

it("codes of tenon migrate files and its notes", () => {
  const [text] = read("files").filter((one) => one.includes("export type ObjectProblemCode"));
  const codes = [...text!.matchAll(/^ {2,4}\| "([a-z-]+)"/gm)].map(([, code]) => code!);
  assert.ok(codes.length > 30, `${codes.length} codes`);
  for (const code of codes) assert.ok(page.includes(`\`${code}\``), code);
});

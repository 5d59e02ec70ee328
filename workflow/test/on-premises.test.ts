/** Runs, in one folder, every command that docs/on-premises.md shows. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { runShown, shownBlocks } from "./support/shown-commands.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/on-premises.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "tenon-on-premises-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("docs/on-premises.md", () => {
  const blocks = shownBlocks(page);

  it("shows commands", () => assert.ok(blocks.length >= 4));

  for (const line of blocks.flatMap(({ lines }) => lines))
    it(`$ ${line}`, { timeout: 180_000 }, () => void runShown(line, folder));

  const original = join(root, "../shared/contract/on-premises-deployment.txt");
  const skip = existsSync(original) ? false : "the original page, ../shared/contract, is absent";
  it("quotes every sentence of the original, in their order", { skip }, () => {
    const bare = (text: string) =>
      text
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replace(/[^a-z0-9_]+/g, " ")
        .trim();
    const quoted = bare((page.match(/^> ?.*$/gm) ?? []).join(" "));
    const sentences = readFileSync(original, "utf8")
      .split("\n")
      .filter((line) => !/^#|^```/.test(line))
      .flatMap((line) => line.replace(/^\s*(?:[-*]|\d+\.)\s/, "").split(/(?<=[.:]) (?=[A-Z])/))
      .map(bare)
      .filter((sentence) => sentence !== "");
    assert.ok(sentences.length > 30, `${sentences.length} sentences`);
    let from = 0;
    for (const sentence of sentences) {
      const at = quoted.indexOf(sentence, from);
      assert.ok(at >= 0, `not quoted, or not in its place: ${sentence}`);
      from = at + sentence.length;
    }
  });

  it("answers every sentence, in words or with a command", () => {
    // a quotation may go over several lines; its answer is what stands before the next one or the next heading
    const quotes = [...page.matchAll(/^((?:>.*\n)+)([\s\S]*?)(?=^>|^#|$(?![\s\S]))/gm)];
    assert.ok(quotes.length >= 12, `${quotes.length} sentences`);
    for (const [, quote = "", answer = ""] of quotes)
      assert.ok(answer.trim().length > 10, `nothing under: ${quote.slice(0, 80)}`);
  });
});

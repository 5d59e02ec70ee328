/** The description that docs/recordings.md shows is one that the reader takes, and its table names keys that the reader knows. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { findRecordings, openRecording } from "@tenon/ephys";
import { root } from "./support/test-lab.ts";

const page = readFileSync(join(root, "docs/recordings.md"), "utf8");
const example = JSON.parse(/^```json\n([\s\S]*?)^```$/m.exec(page)![1]!) as Record<string, unknown>;
const folder = mkdtempSync(join(tmpdir(), "tenon-page-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(
  join(folder, example.data as string),
  Buffer.from(Int16Array.from([1, 2, 3, 4, 5, 6, 7, 8]).buffer),
);

async function open(description: object) {
  writeFileSync(join(folder, "recording.json"), JSON.stringify(description));
  const [source] = await findRecordings(folder);
  return openRecording(source!);
}

describe("docs/recordings.md", () => {
  it("shows a description that is read as it says", async () => {
    const recording = await open(example);
    assert.equal(recording.channelCount, 4);
    assert.equal(recording.sampleCount, 2);
    assert.equal(recording.samplingRateHz, 15_000);
    assert.deepEqual([...recording.probe.x], [0, 20, 0, 20]);
    await recording.close();
  });

  it("names every key that there is", async () => {
    const named = [...page.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]!);
    const all = {
      ...example,
      byteOrder: "little",
      headerBytes: 0,
      offsetUv: 0,
      channels: [0, 1, 2, 3],
      channelNames: ["a", "b", "c", "d"],
      sampleCount: 2,
      startTime: "2026-01-05T10:11:12",
    };
    assert.deepEqual(named.toSorted(), Object.keys(all).toSorted());
    await (await open(all)).close();
    // the reader's own list, from its refusal of a key that it does not know
    await assert.rejects(open({ ...all, unknownKey: 1 }), (error: Error) => {
      for (const name of named) assert.ok(error.message.includes(name), `${name} in: ${error.message}`);
      return true;
    });
  });
});

/** Whatever is wrong with a recording is told in exactly one sentence or two: what is there, what was expected, where, and what to do. */
import assert from "node:assert/strict";
import { appendFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { RecordingError } from "../../src/errors.ts";
import { openRecording } from "../../src/io/open-recording.ts";
import { verifySession } from "../../src/io/verify-session.ts";
import { type TinyRun, temporaryFolder, tinySamples, writeTinyRun } from "../support/tiny-spikeglx.ts";

interface Damage {
  readonly name: string;
  readonly code: string;
  /** The file that the sentence names. */
  readonly where: "bin" | "meta";
  /** What the sentence says of it: what is there and what was expected. */
  readonly says: RegExp;
  readonly run?: TinyRun;
  readonly damage?: (run: { bin: string; meta: string }) => Promise<void>;
}

const cases: readonly Damage[] = [
  {
    name: "a .bin cut within a sample",
    code: "truncated",
    where: "bin",
    says: /has 155 bytes, .*200/,
    damage: ({ bin }) => truncate(bin, 155),
  },
  {
    name: "a .bin cut between samples",
    code: "truncated",
    where: "bin",
    says: /has 150 bytes, .*200/,
    damage: ({ bin }) => truncate(bin, 150),
  },
  {
    name: "a .bin longer than the meta says",
    code: "size-mismatch",
    where: "bin",
    says: /has 210 bytes, .*200/,
    damage: ({ bin }) => appendFile(bin, new Uint8Array(10)),
  },
  {
    name: "a .bin of 0 bytes",
    code: "empty",
    where: "bin",
    says: /0 bytes/,
    damage: ({ bin }) => truncate(bin, 0),
  },
  {
    name: "no .bin",
    code: "missing-bin",
    where: "bin",
    says: /does not exist/,
    damage: ({ bin }) => rm(bin),
  },
  {
    name: "no .meta",
    code: "missing-meta",
    where: "meta",
    says: /does not exist/,
    damage: ({ meta }) => rm(meta),
  },
  {
    name: "a .meta of 0 bytes",
    code: "bad-meta",
    where: "meta",
    says: /holds no line 'key=value' \(0 characters\)/,
    damage: ({ meta }) => writeFile(meta, ""),
  },
  {
    name: "a column count that the list of channels contradicts",
    code: "channel-count-mismatch",
    where: "meta",
    says: /makes 5 columns, nSavedChans says 4/,
    run: { meta: { nSavedChans: 4 } },
  },
  {
    name: "a wrong column count throughout, which the size happens to fit",
    code: "duration-mismatch",
    where: "meta",
    says: /fileTimeSecs says 0\.0666.* s; .* make 0\.083 s/,
    run: {
      samples: tinySamples(2000),
      meta: { nSavedChans: 4, snsApLfSy: "4,0,0", snsSaveChanSubset: "0:3" },
    },
  },
  {
    name: "a sampling rate of 0",
    code: "bad-meta",
    where: "meta",
    says: /imSampRate must be above 0, got 0/,
    run: { meta: { imSampRate: 0 } },
  },
  {
    name: "a run that never ended",
    code: "unfinished",
    where: "meta",
    says: /does not state fileSizeBytes, which SpikeGLX writes when a run ends/,
    run: { meta: { fileSizeBytes: null } },
  },
];

/** Long ago, so that a cut file does not count as one that is still growing. */
const LONG_AGO = new Date("2026-01-01");

describe("a bad SpikeGLX recording gives one problem, in words, and is not opened", () => {
  for (const { name, code, where, says, run: options, damage } of cases)
    it(name, async () => {
      await using folder = await temporaryFolder();
      const run = await writeTinyRun(folder.path, options);
      await damage?.(run);
      if (name !== "no .bin") await utimes(run.bin, LONG_AGO, LONG_AGO);
      const { problems } = await verifySession(folder.path);
      assert.deepEqual(
        problems.map((problem) => problem.code),
        [code],
      );
      checkSentence(problems[0].message, run[where], says);
      await assert.rejects(openRecording(run.meta), (error) => {
        assert.ok(error instanceof RecordingError);
        assert.equal(error.code, code);
        checkSentence(error.message, run[where], says);
        return true;
      });
    });
});

describe("a bad plain binary recording likewise", () => {
  const description = {
    data: "x.raw",
    dtype: "int16",
    channelCount: 2,
    samplingRateHz: 1000,
    gainUvPerBit: 1,
  };
  const probe = {
    positions: [
      [0, 0],
      [0, 20],
    ],
  };
  const wrong: readonly (readonly [
    name: string,
    code: string,
    says: RegExp,
    json: object,
    bytes: number | undefined,
  ])[] = [
    ["a cut file", "truncated", /10 bytes .*4/, { ...description, probe }, 10],
    ["no file", "missing-bin", /x\.raw' does not exist/, { ...description, probe }, undefined],
    ["a file of 0 bytes", "empty", /holds no samples: it has 0 bytes/, { ...description, probe }, 0],
    [
      "a wrong channel count",
      "bad-description",
      /needs 3 points in 'probe\.positions', .* got 2/,
      { ...description, channelCount: 3, probe },
      12,
    ],
    [
      "no channel count",
      "bad-description",
      /needs a number of at least 1 in 'channelCount', got nothing/,
      { ...description, channelCount: undefined, probe },
      12,
    ],
    ...["2026-01-05T10:11:12+05:00", "2026-01-05T10:11:12Z", "2026-02-31T10:11:12", "yesterday"].map(
      (startTime) =>
        [
          `the time ${startTime}`,
          "bad-description",
          /needs a time of the laboratory's clock such as 2026-01-05T10:11:12, without an offset in 'startTime'/,
          { ...description, probe, startTime },
          12,
        ] as const,
    ),
    ["no probe", "bad-description", /needs an object .* in 'probe', got nothing/, description, 12],
  ];
  for (const [name, code, says, json, bytes] of wrong)
    it(name, async () => {
      await using folder = await temporaryFolder();
      const path = join(folder.path, "x.json");
      await writeFile(path, JSON.stringify(json));
      if (bytes !== undefined) {
        await writeFile(join(folder.path, "x.raw"), new Uint8Array(bytes));
        await utimes(join(folder.path, "x.raw"), LONG_AGO, LONG_AGO);
      }
      const { problems } = await verifySession(path);
      assert.deepEqual(
        problems.map((problem) => problem.code),
        [code],
        JSON.stringify(problems),
      );
      checkSentence(problems[0].message, folder.path, says);
      await assert.rejects(
        openRecording(path),
        (error) => error instanceof RecordingError && error.code === code,
      );
    });
});

function checkSentence(message: string, path: string, says: RegExp): void {
  assert.ok(message.includes(path), `'${message}' names ${path}`);
  assert.match(message, says);
  assert.match(message, /[cC]opy|Check|Correct|needs|run is still going on/, "says what to do");
  assert.match(message, /^\S.*[^\s]$/s);
}

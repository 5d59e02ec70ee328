/**
 * Bad input to the real programs: a clear sentence, the right exit code, nothing half-written (issue 3, shown by 6). The unknown worker is in
 * help.test.ts.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { generateRecording } from "@tenon/ephys";
import { isSentence } from "../support/sentence.ts";
import { makeTestLab, type Run, testServers } from "../support/test-lab.ts";

const lab = makeTestLab();
const run = join(lab.folder, "raw/good_g0");
let [metaName, binName] = ["", ""];

before(async () => {
  const { metaPath, binPath } = await generateRecording("tiny", 1, join(lab.folder, "raw"), {
    durationS: 3,
    name: "good",
  });
  [metaName, binName] = [metaPath.slice(run.length + 1), binPath.slice(run.length + 1)];
});
after(() => lab.remove());

/** A copy of the good recording with something wrong. */
function broken(name: string, spoil: (meta: string, bin: string) => void): string {
  const folder = join(lab.folder, "raw", name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(run, folder, { recursive: true });
  spoil(join(folder, metaName), join(folder, binName));
  return folder;
}

const edit = (path: string, from: RegExp, to: string) => {
  const text = readFileSync(path, "utf8");
  assert.match(text, from);
  writeFileSync(path, text.replace(from, to));
};

function assertRefused({ code, out, err }: Run, expectedCode: number, message: RegExp): void {
  assert.deepEqual([code, out], [expectedCode, ""], err);
  assert.match(err, message);
  assert.ok(isSentence(err), err);
}

/** Names in the lab's folder, databases apart. */
const names = (folder = lab.folder) => readdirSync(folder).filter((name) => !name.startsWith("tenon.sqlite"));

describe("a bad recording", () => {
  const cases = [
    {
      name: "truncated",
      what: "whose .bin is cut short",
      spoil: (_meta: string, bin: string) => truncateSync(bin, 33 * 2 * 1000 + 7),
      codes: ["truncated", "growing"],
      message: /\.ap\.bin/,
    },
    {
      name: "without_meta",
      what: "whose .meta is missing",
      spoil: (meta: string) => rmSync(meta),
      codes: ["missing-meta"],
      message: /\.ap\.meta/,
    },
    {
      name: "wrong_channels",
      what: "whose .meta states another number of channels than the file has",
      spoil: (meta: string) => edit(meta, /^nSavedChans=33$/m, "nSavedChans=31"),
      codes: ["channel-count-mismatch", "truncated", "size-mismatch", "bad-meta"],
      message: /channel|nSavedChans|size|bytes/,
    },
    {
      name: "empty",
      what: "of 0 bytes",
      spoil: (_meta: string, bin: string) => truncateSync(bin, 0),
      codes: ["empty"],
      message: /\.ap\.bin/,
    },
  ] as const;

  for (const { name, what, spoil, codes, message } of cases) {
    it(`${what} is not complete for \`tenon session verify\``, async () => {
      const folder = broken(name, spoil);
      const { code, out, err } = await lab.tenon("session", "verify", folder, "--json");
      assert.deepEqual([code, err], [1, ""]);
      const { problems } = JSON.parse(out) as { problems: { code: string; message: string }[] };
      assert.ok(
        problems.some((problem) => (codes as readonly string[]).includes(problem.code)),
        out,
      );
      for (const problem of problems) assert.ok(isSentence(problem.message), problem.message);
      assert.match(problems.map((problem) => problem.message).join("\n"), message);
    });

    it(`${what} is refused by \`tenon sort\`, which writes nothing`, async () => {
      const folder = broken(name, spoil);
      const before = names();
      assertRefused(await lab.tenon("sort", folder, "--out", "sorted"), 1, message);
      assert.deepEqual(names(), before);
    });

    it(`${what} is refused by \`tenon session add\`, which inserts nothing`, async () => {
      const folder = broken(name, spoil);
      const words = ["session", "add", folder, "--subject", name.slice(0, 8), "--sex", "U"];
      assertRefused(await lab.tenon(...words, "--birth-date", "2026-01-01"), 1, message);
      const { sessions } = await lab.json<{ sessions: unknown[] }>("status");
      assert.deepEqual(sessions, []);
    });
  }

  it("or none at all is said to be so", async () => {
    mkdirSync(join(lab.folder, "nothing"), { recursive: true });
    for (const words of [
      ["session", "verify", "nothing"],
      ["sort", "nothing", "--out", "sorted"],
    ]) {
      const { code, out, err } = await lab.tenon(...words);
      assert.equal(code, 1);
      assert.match(out + err, /holds no recording/);
    }
    assertRefused(await lab.tenon("sort", "nowhere", "--out", "sorted"), 1, /nowhere' does not exist/);
    assert.ok(!existsSync(join(lab.folder, "sorted")));
  });
});

describe("a folder for results", () => {
  it("that holds something is refused by `tenon sort`, and kept", async () => {
    mkdirSync(join(lab.folder, "mine"), { recursive: true });
    writeFileSync(join(lab.folder, "mine/notes"), "x");
    assertRefused(await lab.tenon("sort", run, "--out", "mine"), 2, /mine holds 1 files already/);
    assertRefused(await lab.tenon("sort", run, "--out", "mine/notes"), 2, /mine\/notes is a file/);
    assert.deepEqual(readdirSync(join(lab.folder, "mine")), ["notes"]);
  });

  it("that another user may not find is explained by `tenon score`", async () => {
    assertRefused(await lab.tenon("score", "nowhere", run), 2, /holds no truth\.json/);
    const truth = join(run, "good_g0_imec0");
    assertRefused(await lab.tenon("score", "nowhere", truth), 1, /nowhere' does not exist/);
  });
});

describe("a small disk", { skip: canMount() ? false : "needs root and mount for a small tmpfs" }, () => {
  const small = makeTestLab();
  const processed = join(small.folder, "processed");
  const mount = (...options: string[]) => execFileSync("mount", [...options, processed]);
  const attempts = () =>
    (readdirSync(processed, { recursive: true }) as string[]).filter((name) => name.includes(".attempt-"));

  before(async () => {
    cpSync(run, join(small.folder, "raw/good_g0"), { recursive: true });
    const words = ["session", "add", "raw/good_g0", "--subject", "m1", "--sex", "U"];
    await small.json(...words, "--birth-date", "2026-01-01");
    await small.json("paramset", "add", "--method", "tenon", "--description", "defaults");
    mount("-t", "tmpfs", "-o", "size=48k", "tmpfs");
    const { code, err } = await small.runWorkflow("standard_worker", "--once");
    assert.equal(code, 0, err);
  });
  after(async () => {
    execFileSync("umount", [processed]);
    await small.remove();
  });

  const fill = () => {
    writeFileSync(join(processed, "filler"), "");
    assert.throws(() =>
      execFileSync("dd", ["if=/dev/zero", `of=${join(processed, "filler")}`], { stdio: "ignore" }),
    );
  };

  it("that is full fails the job with a sentence, leaves no half-written folder, and the job can be tried again", async () => {
    fill();
    const { code, err } = await small.runWorkflow("spike_processing_worker", "--once");
    assert.equal(code, 0, err);
    assert.match(lastLine(err), /^1 failed: `tenon jobs` shows why$/);
    assert.match(err, /PreProcessing .*failed: ResultsError: Cannot write results to .*: the disk is full/);
    assert.deepEqual(attempts(), []);
    const { causes } = await small.json<{
      causes: { process: string; message: string; stack: string; count: number }[];
    }>("jobs", "--step", "PreProcessing");
    assert.deepEqual(
      causes.map(({ process, count }) => [process, count]),
      [["ephys_sorter.PreProcessing", 1]],
    );
    assert.match(causes[0]!.message, /the disk is full; free some room and retry the job/);
    assert.match(causes[0]!.stack, /\n\s+at /);

    rmSync(join(processed, "filler"));
    mount("-o", "remount,size=20m");
    const dry = await small.tenon("jobs", "--step", "PreProcessing", "--retry", "--dry-run");
    assert.match(dry.out, /would free 1 failed job/);
    const { retried } = await small.json<{ retried: number }>("jobs", "--step", "PreProcessing", "--retry");
    assert.equal(retried, 1);
    await small.runWorkflow("spike_processing_worker", "--once");
    const { steps } = await small.json<{ steps: { process: string; done: number; error: number }[] }>(
      "status",
    );
    const step = steps.find(({ process }) => process === "ephys_sorter.PreProcessing")!;
    assert.deepEqual([step.done, step.error], [1, 0]);
  });

  it("that is full or read-only is refused by `tenon sort`, which leaves nothing", async () => {
    mount("-o", "remount,size=20m");
    fill();
    const before = readdirSync(processed).sort();
    const result = await small.tenon("sort", "raw/good_g0", "--out", "processed/sorted", "--threads", "1");
    assertRefused(
      { ...result, err: lastLine(result.err) },
      1,
      /Cannot write results to .*sorted: the disk is full/,
    );
    assert.deepEqual(readdirSync(processed).sort(), before);
    rmSync(join(processed, "filler"));
    mount("-o", "remount,ro");
    const readOnly = await small.tenon("sort", "raw/good_g0", "--out", "processed/sorted");
    assertRefused(readOnly, 1, /Cannot write results to .*sorted: it is on a read-only file system/);
  });

  it("that is read-only keeps a worker from starting, before it claims anything", async () => {
    mount("-o", "remount,ro");
    for (const worker of ["standard_worker", "spike_sorting_worker"]) {
      const result = await small.runWorkflow(worker, "--once");
      assertRefused(
        result,
        1,
        /Cannot write results to .*processed: it is on a read-only file system; mount it writable/,
      );
    }
    const { running } = await small.json<{ running: unknown[] }>("jobs");
    assert.deepEqual(running, []);
  });
});

describe("a folder that is no lab's", () => {
  it("keeps a worker from starting, which makes nothing there", async () => {
    const empty = makeTestLab();
    try {
      for (const name of readdirSync(empty.folder)) rmSync(join(empty.folder, name), { recursive: true });
      assertRefused(
        await empty.runWorkflow("standard_worker", "--once"),
        1,
        /The raw root .*\/raw does not exist\. Is this the lab's folder, .*custom\.raw_root_data_dir/,
      );
      assert.deepEqual(readdirSync(empty.folder), []);
    } finally {
      await empty.remove();
    }
  });
});

describe("a bad configuration", () => {
  const other = makeTestLab();
  after(() => other.remove());
  const configure = (content: unknown) =>
    writeFileSync(
      join(other.folder, "dj_local_conf.json"),
      typeof content === "string" ? content : JSON.stringify(content),
    );

  for (const [what, content, message] of [
    [
      "an unknown key",
      { custom: { raw_data_dir: "raw" } },
      /unknown key 'custom\.raw_data_dir'\. Did you mean 'custom\.raw_root_data_dir'/,
    ],
    [
      "a value of the wrong type",
      { "database.port": "3306" },
      /'database\.port' must be a number, got "3306"/,
    ],
    ["text that is no JSON", '{"custom": ', /dj_local_conf\.json is not JSON/],
    ["a list", "[]", /must hold one JSON object/],
    ["a host without a user", { "database.host": "db" }, /'database\.user' is missing.*DJ_USER/],
    [
      "a prefix that no schema can have",
      { custom: { "database.prefix": "My-Lab" } },
      /'custom\.database\.prefix' must be/,
    ],
  ] as const)
    it(`with ${what} is named by every program, and no database is made`, async () => {
      configure(content);
      assertRefused(await other.tenon("status"), 1, message);
      assertRefused(await other.tenon("session", "add", run, "--subject", "m1"), 1, message);
      assertRefused(await other.runWorkflow("standard_worker", "--once"), 1, message);
      assert.deepEqual(readdirSync(other.folder).sort(), ["dj_local_conf.json", "processed", "raw"]);
    });

  it("that is not there is named, and so is a folder without a lab", async () => {
    configure({});
    assertRefused(
      await other.tenon("status", "--config", "nowhere.json"),
      1,
      /Cannot read the configuration .*nowhere\.json/,
    );
    assertRefused(await other.tenon("status"), 1, /There is no database at .*tenon\.sqlite yet/);
    assertRefused(await other.tenon("jobs"), 1, /There is no database at .*tenon\.sqlite yet/);
    assert.ok(!existsSync(join(other.folder, "tenon.sqlite")));
  });
});

describe("a server", () => {
  const other = makeTestLab();
  after(() => other.remove());
  const withEnv = (env: Readonly<Record<string, string>>) =>
    makeTestLab({ name: "sqlite", env, skip: false });

  it("that does not answer is named with host and port", async () => {
    const unreachable = withEnv({ DJ_HOST: "127.0.0.1:1", DJ_USER: "tenon", DJ_PASS: "secret-word" });
    try {
      for (const result of [
        await unreachable.tenon("status"),
        await unreachable.runWorkflow("standard_worker", "--once"),
      ]) {
        assertRefused(result, 1, /127\.0\.0\.1/);
        assert.match(result.err, /\b1\b/);
        assert.ok(!result.err.includes("secret-word"));
      }
    } finally {
      await unreachable.remove();
    }
  });

  for (const server of testServers.filter(({ name }) => name !== "sqlite"))
    it(`refuses a wrong password in one sentence (${server.name})`, { skip: server.skip }, async () => {
      const wrong = withEnv({ ...server.env, DJ_PASS: "wrong-word" });
      try {
        for (const result of [
          await wrong.tenon("status"),
          await wrong.runWorkflow("standard_worker", "--once"),
        ]) {
          assertRefused(result, 1, /tenon/);
          assert.match(result.err, /password/i);
          assert.ok(!result.err.includes("wrong-word"));
        }
      } finally {
        await wrong.remove();
      }
    });
});

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

function canMount(): boolean {
  const folder = join(lab.folder, "mount");
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

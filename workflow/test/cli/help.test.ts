import assert from "node:assert/strict";
import { after, describe, it, snapshot } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import { commands } from "../../src/cli/commands.ts";
import { workers } from "../../src/populate/worker.ts";
import { isSentence } from "../support/sentence.ts";
import { makeTestLab } from "../support/test-lab.ts";

snapshot.setDefaultSnapshotSerializers([(value) => String(value)]);
const lab = makeTestLab();
after(() => lab.remove());

describe("tenon", () => {
  for (const name of Object.keys(commands)) {
    it(`${name} --help says how it is called`, async (t) => {
      const { code, out, err } = await lab.tenon(...name.split(" "), "--help");
      assert.deepEqual([code, err], [0, ""]);
      t.assert.snapshot(out);
      for (const option of [...Object.keys((await commands[name]!()).options), "json"])
        assert.ok(out.includes(`--${option}`), `--${option} is not in the help`);
    });

    it(`${name} refuses an option that it does not have, in one sentence, with exit code 2`, async () => {
      const { code, out, err } = await lab.tenon(...name.split(" "), "--nonsense");
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, /--nonsense/);
      assert.ok(isSentence(err) && err.trim().split("\n").length === 1, err);
    });
  }

  it("lists its commands", async (t) => {
    const { code, out } = await lab.tenon("--help");
    assert.equal(code, 0);
    t.assert.snapshot(out);
  });

  it("names the commands when the one that was given is none", async () => {
    for (const [words, expected] of [
      [["sortt"], /Unknown command 'sortt'\. Did you mean 'sort'\? The commands are: demo, /],
      [["statsu"], /Did you mean 'status'\?/],
      [["sesion", "add"], /Did you mean 'session add'\?/],
      [["xylophones"], /Unknown command 'xylophones'\. The commands are/],
      [["session"], /tenon session needs one of: verify, add/],
      [["session", "remove"], /Unknown command 'session remove'/],
      [["sort"], /tenon sort takes 1 argument, got 0\. Usage: tenon sort PATH --out DIR/],
      [["sort", "x"], /--out is needed/],
      [["generate", "--suite", "huge", "--out", "x"], /Unknown suite 'huge'. The suites are: tiny, /],
      [["generate", "--suite", "tiny", "--out", "x", "--seed", "1.5"], /--seed takes a whole number/],
      [["demo", "--seed="], /--seed takes a whole number from 0 on, got ''/],
      [["demo", "--seed"], /--seed needs a value.* See `tenon demo --help`/],
      [["demo", "--seed", "-1"], /^--seed needs a value; one that begins with a dash is written --seed=-1\./],
      [["demo", "--seed=-1"], /--seed takes a whole number from 0 on, got '-1'/],
      [["status", "--json=yes"], /^--json takes no value\./],
    ] as const) {
      const { code, out, err } = await lab.tenon(...words);
      assert.deepEqual([code, out], [2, ""], err);
      assert.match(err, expected);
      assert.equal(err.trim().split("\n").length, 1, err);
    }
  });

  it("says its version, and the commands of a group", async () => {
    assert.deepEqual(await lab.tenon("--version"), { code: 0, out: `${manifest.version}\n`, err: "" });
    const { code, out, err } = await lab.tenon("session", "--help");
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^ {2}session verify .*\n {2}session add .*$/m);
    assert.doesNotMatch(out, /paramset/);
  });
});

describe("run_workflow", () => {
  it("--help lists the workers", async (t) => {
    const { code, out } = await lab.runWorkflow("--help");
    assert.equal(code, 0);
    for (const name of Object.keys(workers)) assert.ok(out.includes(name));
    t.assert.snapshot(out);
  });

  it("lists the workers when the one that was given is none, with exit code 2", async () => {
    for (const [words, expected] of [
      [["standrad_worker"], /Unknown worker 'standrad_worker'. The workers are: standard_worker, /],
      [[], /takes one worker's name, got 0. The workers are: standard_worker, /],
      [["standard_worker", "more"], /takes one worker's name, got 2/],
      [["standard_worker", "--duration", "soon"], /--duration takes seconds, got 'soon'/],
      [["standard_worker", "--nonsense"], /--nonsense/],
    ] as const) {
      const { code, err } = await lab.runWorkflow(...words);
      assert.equal(code, 2, err);
      assert.match(err, expected);
      assert.ok(isSentence(err), err);
    }
  });
});

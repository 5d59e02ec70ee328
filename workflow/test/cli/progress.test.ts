import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { duration, makeProgress } from "../../src/cli/progress.ts";

function sink(isTTY: boolean) {
  let [text, now] = ["", 0];
  const progress = makeProgress({ isTTY, write: (more: string) => (text += more) }, () => now);
  return {
    progress,
    at: (ms: number) => {
      now = ms;
    },
    take: () => {
      const taken = text;
      text = "";
      return taken;
    },
  };
}

describe("progress in a log", () => {
  it("is a plain line now and then, and one at the end", () => {
    const { progress, at, take } = sink(false);
    progress.update("LFP", 1, 100);
    at(4900);
    progress.update("LFP", 20, 100);
    assert.equal(take(), "");
    at(5000);
    progress.update("LFP", 25, 100);
    assert.equal(take(), "LFP:  25 %, 15.0 s left\n");
    at(9000);
    progress.update("LFP", 80, 100);
    assert.equal(take(), "");
    at(11_000);
    progress.finish("LFP");
    assert.equal(take(), "LFP: done (11.0 s)\n");
  });

  it("says what goes on instead of a time that nobody knows", () => {
    const { progress, at, take } = sink(false);
    progress.update("three workers", 1, 4, "ephys.LFP");
    at(6000);
    progress.update("three workers", 1, 4, "ephys.LFP");
    assert.equal(take(), "three workers:  25 % ephys.LFP\n");
  });

  it("says nothing of what is forgotten", () => {
    const { progress, take } = sink(false);
    progress.update("LFP", 1, 2);
    progress.forget("LFP");
    assert.equal(take(), "");
  });
});

describe("progress on a terminal", () => {
  it("is a bar that is drawn over, at most ten times a second", () => {
    const { progress, at, take } = sink(true);
    progress.update("LFP", 0, 4);
    assert.equal(take(), "\r\x1b[KLFP [........................]   0 %");
    at(50);
    progress.update("LFP", 1, 4);
    assert.equal(take(), "");
    at(2000);
    progress.update("LFP", 2, 4);
    assert.equal(take(), "\r\x1b[KLFP [############............]  50 %, 2.0 s left");
    progress.finish("LFP", "4 traces");
    assert.equal(take(), "\r\x1b[KLFP: 4 traces (2.0 s)\n");
  });

  it("gives way to a line", () => {
    const { progress, take } = sink(true);
    progress.update("LFP", 1, 2);
    take();
    progress.line("unit 3: failed");
    assert.equal(take(), "\r\x1b[Kunit 3: failed\n");
  });
});

describe("duration", () => {
  it("is said as people say it", () => {
    assert.deepEqual([8.24, 65, 7800].map(duration), ["8.2 s", "1 min 05 s", "2 h 10 min"]);
  });
});

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { MissingResultsError, publishedFolder } from "../../../src/populate/steps/published-folder.ts";

const top = mkdtempSync(join(tmpdir(), "tenon-published-"));
after(() => rmSync(top, { recursive: true }));
const never = new AbortController().signal;

describe("publishedFolder", () => {
  it("waits for a folder that is renamed into place a moment later", async () => {
    const found = publishedFolder(top, "sorting", "ephys_sorter.SIClustering", never);
    mkdirSync(join(top, "sorting"));
    assert.equal(await found, join(top, "sorting"));
  });

  it("gives up with a sentence that names the step, the folder and what to do", async () => {
    await assert.rejects(
      publishedFolder(top, "phy", "ephys_sorter.PostProcessing", never, 0),
      (error: MissingResultsError) => {
        assert.ok(error instanceof MissingResultsError);
        assert.match(error.message, /PostProcessing is done according to the database.*phy.*retry this job/s);
        return error.path === join(top, "phy");
      },
    );
  });

  it("ends with the signal's reason", async () => {
    const stop = new AbortController();
    const found = publishedFolder(top, "none", "x", stop.signal);
    stop.abort(new Error("lease lost"));
    await assert.rejects(found, /lease lost/);
  });
});

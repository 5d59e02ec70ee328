/** kill -9 of a worker in each phase of a step that writes files: another worker does the key exactly once, and the files are whole. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { generateRecording } from "@tenon/ephys";
import { makeTestLab, type TestLab, type TestServer, testServers } from "../support/test-lab.ts";
import { type Phase, phases } from "./support/dying-worker.ts";

/** Leases of the default 40 s would make this test a long one; the proportions are the same. */
const leaseS = "3";
const program = join(import.meta.dirname, "support/dying-worker.ts");
const outputs = "processed/killed_g0/probe_0/tenon_0";

const source = makeTestLab();
before(async () => {
  await generateRecording("tiny", 5, join(source.folder, "raw"), { durationS: 2, name: "killed" });
});
after(() => source.remove());

/** A lab with one recording that was ingested and is to be sorted. */
async function ingestedLab(server: TestServer): Promise<TestLab> {
  const lab = makeTestLab({ ...server, env: { ...server.env, TENON_LEASE_SECONDS: leaseS } });
  cpSync(join(source.folder, "raw"), join(lab.folder, "raw"), { recursive: true });
  const words = ["session", "add", "raw/killed_g0", "--subject", "m1", "--sex", "U"];
  await lab.json(...words, "--birth-date", "2026-01-01");
  await lab.json("paramset", "add", "--method", "tenon", "--description", "defaults");
  const ingested = await lab.runWorkflow("standard_worker", "--once", "--duration", "20");
  assert.equal(ingested.code, 0, ingested.err);
  return lab;
}

/** The same in a folder of its own; a file is copied with the lab, on a server all is done again. */
async function labLike(lab: TestLab, server: TestServer): Promise<TestLab> {
  if (server.name !== "sqlite") return ingestedLab(server);
  const copy = makeTestLab({ ...server, env: { TENON_LEASE_SECONDS: leaseS } });
  cpSync(lab.folder, copy.folder, { recursive: true });
  return copy;
}

/** Starts the worker that kills itself; returns what it said. */
function runDying(lab: TestLab, phase: Phase): Promise<{ signal: string | null; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, phase], {
      cwd: lab.folder,
      env: { ...lab.env, TENON_LEASE_SECONDS: leaseS },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.once("error", reject);
    child.once("close", (_code, signal) => resolve({ signal, err }));
  });
}

const folders = (lab: TestLab) =>
  existsSync(join(lab.folder, outputs)) ? readdirSync(join(lab.folder, outputs)).sort() : [];

for (const server of testServers)
  describe(`a worker that is killed (${server.name})`, { skip: server.skip, concurrency: 3 }, () => {
    let ingested: TestLab;
    before(async () => {
      ingested = await ingestedLab(server);
    });
    after(() => ingested.remove());

    for (const phase of phases)
      it(`in phase '${phase}' loses nothing and leaves nothing twice`, { timeout: 120_000 }, async () => {
        const lab = await labLike(ingested, server);
        try {
          const killed = await runDying(lab, phase);
          assert.equal(killed.signal, "SIGKILL", killed.err);
          const left = folders(lab);
          assert.ok(!left.includes("preprocessing"), `nothing is published yet: ${left.join(", ")}`);
          assert.equal(left.length, phase === "fetch" ? 0 : 1, left.join(", "));
          const [step] = await preprocessing(lab);
          assert.deepEqual(
            [step!.done, step!.running],
            phase === "committed" ? [1, 0] : [0, 1],
            "rows come with the commit and not before",
          );

          // the next worker waits for the lease to end; when there is nothing left for it to do, it settles the files
          for (let tries = 0; tries < 20; tries++) {
            const next = await lab.runWorkflow("spike_processing_worker", "--once", "--verbose");
            assert.equal(next.code, 0, next.err);
            if (phase !== "committed" && tries === 0) assert.match(next.err, /taken over|made 0/);
            if (folders(lab).includes("preprocessing")) break;
            await new Promise((resolve) => setTimeout(resolve, 1000));
          }
          const [end] = await preprocessing(lab);
          assert.deepEqual(
            [end!.total, end!.done, end!.running, end!.error, end!.remaining],
            [1, 1, 0, 0, 0],
          );
          assert.deepEqual(folders(lab), ["preprocessing"], "one whole folder, no leftovers");
          const plan = readFileSync(join(lab.folder, outputs, "preprocessing/plan.json"), "utf8");
          assert.ok(JSON.parse(plan) !== null);
        } finally {
          await lab.remove();
        }
      });
  });

async function preprocessing(lab: TestLab) {
  type Step = Record<"total" | "done" | "running" | "error" | "remaining", number> & { process: string };
  const { steps } = await lab.json<{ steps: Step[] }>("status");
  return steps.filter(({ process }) => process === "ephys_sorter.PreProcessing");
}

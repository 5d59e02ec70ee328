/** `tenon deploy slurm`: its scripts, and real jobs of them on slurmctld and two slurmd with a real MySQL server. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { connect } from "@tenon/datajoint";
import { generateRecording } from "@tenon/ephys";
import { jobsToSubmit } from "../../src/deploy/slurm/submission.ts";
import { dropSchemas, makeTestLab, settingsOf, type TestLab, testServers } from "../support/test-lab.ts";

const password = "tenon";
const mysql = testServers.find(({ name }) => name === "mysql")!;

/** A lab whose configuration names the server, as jobs need it. @param env  beside PATH and HOME */
function configuredLab(env: Readonly<Record<string, string>>): TestLab {
  const lab = makeTestLab({ name: "mysql", env, skip: false });
  const { DJ_HOST = "db.lab.example", DJ_PORT = "3306", DJ_USER = "worker" } = mysql.env;
  const file = join(lab.folder, "dj_local_conf.json");
  const before = JSON.parse(readFileSync(file, "utf8")) as { custom: object };
  const database = {
    "database.host": DJ_HOST,
    "database.port": Number(DJ_PORT),
    "database.user": DJ_USER,
    "database.password": password,
    "database.use_tls": false,
  };
  // so that a killed job's key is taken over within the test
  const custom = { ...before.custom, lease_seconds: 5 };
  writeFileSync(file, JSON.stringify({ ...before, ...database, custom }));
  chmodSync(file, 0o600);
  return lab;
}

describe("tenon deploy slurm", () => {
  let lab: TestLab;
  before(() => {
    lab = configuredLab({});
  });
  after(() => rmSync(lab.folder, { recursive: true, force: true }));
  const script = (worker: string) => readFileSync(join(lab.folder, "slurm", `${worker}.sbatch`), "utf8");

  it("writes a script for each worker with its resources, signals and no secret", async () => {
    const words = ["--partition", "gpu", "--account", "lab", "--time", "8:00:00", "--cpus", "6"];
    const options = ["--memory", "12", "--gpus", "2", "--grace", "30", "--sbatch=--constraint=a100"];
    const { code, err } = await lab.tenon("deploy", "slurm", ...words, ...options);
    assert.equal(code, 0, err);
    const names = readdirSync(join(lab.folder, "slurm")).filter((name) => !name.startsWith("."));
    const scripts = ["spike-processing-worker", "spike-sorting-worker", "standard-worker"];
    assert.deepEqual(names.sort(), ["logs", ...scripts.map((name) => `${name}.sbatch`), "submit.cron"]);
    const lines = script("spike-sorting-worker").split("\n");
    for (const option of [
      `job-name=tenon-${lab.prefix}spike_sorting_worker`,
      `chdir=${lab.folder}`,
      "cpus-per-task=6",
      "mem=12288M",
      "gres=gpu:2",
      "time=8:00:00",
      "partition=gpu",
      "account=lab",
      "constraint=a100",
      "requeue",
      "signal=B:TERM@45",
    ])
      assert.ok(lines.includes(`#SBATCH --${option}`), `${option}\n${lines.join("\n")}`);
    assert.match(
      script("spike-sorting-worker"),
      /^exec \S+node \S+ spike_sorting_worker --once --grace 30 /m,
    );
    assert.doesNotMatch(script("standard-worker"), /gres/);
    for (const name of [...scripts.map(script), readFileSync(join(lab.folder, "slurm/submit.cron"), "utf8")])
      assert.ok(!name.includes(`"${password}"`) && !/DJ_PASS/.test(name));
  });

  it("refuses a database that jobs would not find", async () => {
    const refused = async (env: Record<string, string>, expected: RegExp) => {
      const other = makeTestLab({ name: "mysql", env, skip: false });
      const { code, err } = await other.tenon("deploy", "slurm");
      rmSync(other.folder, { recursive: true, force: true });
      assert.equal(code, 1);
      assert.match(err, expected);
    };
    await refused({}, /says SQLite, which is for one machine/);
    const server = { DJ_HOST: "db.lab.example", DJ_USER: "u", DJ_PASS: "p" };
    await refused(server, /do not get the variables of this shell|is missing/);
  });

  it("refuses what a batch script cannot hold, and --submit without scripts or without Slurm", async () => {
    for (const [words, expected, exit] of [
      [["--partition", "a b"], /cannot hold '--partition=a b'/, 1],
      [["--worker", "worker_x"], /Unknown worker 'worker_x'\. The workers are: standard_worker/, 2],
      [["--most", "3"], /--most goes with --submit/, 2],
      [["--submit", "--out", "none"], /no batch script in .*none.*Write it first/, 1],
    ] as const) {
      const { code, err } = await lab.tenon("deploy", "slurm", ...words);
      assert.deepEqual([code, expected.test(err)], [exit, true], err);
    }
  });

  it("submits what waits less what is queued, up to the cap", () => {
    const limits = { most: 20, keysPerJob: 1 };
    assert.equal(jobsToSubmit(0, 0, limits), 0);
    assert.equal(jobsToSubmit(7, 0, limits), 7);
    assert.equal(jobsToSubmit(7, 7, limits), 0);
    assert.equal(jobsToSubmit(7, 9, limits), 0);
    assert.equal(jobsToSubmit(500, 3, limits), 17);
    assert.equal(jobsToSubmit(500, 0, { most: 20, keysPerJob: 50 }), 10);
  });
});

const slurmConf = process.env["TENON_TEST_SLURM"];
const skip =
  slurmConf === undefined
    ? "no Slurm: TENON_TEST_SLURM is not set to its slurm.conf (scripts/test-slurm.sh)"
    : mysql.skip;

interface StepCounts {
  readonly process: string;
  readonly total: number;
  readonly done: number;
  readonly running: number;
  readonly error: number;
}
interface Submitted {
  readonly worker: string;
  readonly waiting: number;
  readonly queued: number;
  readonly submit: number;
  readonly job?: string;
}

describe("jobs on Slurm", { skip, timeout: 300_000 }, () => {
  const sessions = 4;
  const env = { SLURM_CONF: slurmConf ?? "" };
  let lab: TestLab;
  const slurm = async (program: string, ...words: string[]) =>
    (await promisify(execFile)(program, words, { env: { ...env, PATH: process.env["PATH"] } })).stdout.trim();
  const step = async (process_: string) =>
    (await lab.json<{ steps: StepCounts[] }>("status")).steps.find(({ process }) => process === process_)!;
  const submit = async (...words: string[]) => {
    const told = await lab.json<{ workers: Submitted[] }>("deploy", "slurm", "--submit", ...words);
    return Object.fromEntries(told.workers.map((line) => [line.worker, line]));
  };
  const logs = () =>
    readdirSync(join(lab.folder, "slurm/logs"))
      .filter((name) => name.endsWith(".log"))
      .map((name) => readFileSync(join(lab.folder, "slurm/logs", name), "utf8"))
      .join("\n");
  const mine = async () => {
    const lines = (await slurm("squeue", "-h", "-r", "-o", "%i %j %T %N")).split("\n");
    return lines.filter((line) => line.includes(`tenon-${lab.prefix}`));
  };
  async function until(what: string, holds: () => Promise<boolean>, seconds = 120): Promise<void> {
    const end = performance.now() + seconds * 1000;
    while (!(await holds())) {
      if (performance.now() > end) assert.fail(`not within ${seconds} s: ${what}\n${logs()}`);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
  const drained = () => until("the jobs end", async () => (await mine()).length === 0);

  before(async () => {
    lab = configuredLab(env);
    for (let seed = 1; seed <= sessions; seed++) {
      await generateRecording("tiny", seed, join(lab.folder, "raw"), { durationS: 2, name: `s${seed}` });
      const words = ["session", "add", `raw/s${seed}_g0`, "--subject", `m${seed}`, "--sex", "U"];
      await lab.json(...words, "--birth-date", "2026-01-01");
    }
    await lab.json("paramset", "add", "--method", "tenon", "--description", "defaults");
    mkdirSync(join(lab.folder, "slurm"), { recursive: true });
    const written = await lab.tenon(
      ...["deploy", "slurm", "--cpus", "1", "--memory", "3", "--gpus", "1", "--grace", "1", "--time", "10"],
    );
    assert.equal(written.code, 0, written.err);
  });
  after(async () => {
    for (const line of await mine()) await slurm("scancel", line.split(/[_ ]/)[0]!);
    await drained();
    rmSync(lab.folder, { recursive: true, force: true });
    await dropSchemas(mysql, lab.prefix);
  });

  it("submits a job for each waiting key, and nothing the second time", async () => {
    const dry = await submit("--dry-run");
    assert.deepEqual(
      [dry["standard_worker"]!.waiting, dry["standard_worker"]!.submit, dry["standard_worker"]!.job],
      [sessions, sessions, undefined],
    );
    assert.deepEqual(await mine(), []);
    // held, so that none ends before the second look
    const told = await submit();
    assert.equal(told["standard_worker"]!.submit, sessions);
    assert.equal(told["spike_sorting_worker"]!.submit, 0);
    const again = await submit();
    assert.equal(again["standard_worker"]!.submit, 0, JSON.stringify(again));
  });

  it("drains the queue on both nodes, every key done once", async () => {
    const nodes = new Set<string>();
    await until("the jobs end", async () => {
      const lines = await mine();
      for (const line of lines) nodes.add(line.split(" ")[3] ?? "");
      return lines.length === 0;
    });
    assert.ok(nodes.has("n1") && nodes.has("n2"), [...nodes].join(", "));
    for (const process_ of ["ephys.EphysRecording", "ephys.LFP", "analysis.LFPSpectrogram"]) {
      const { total, done, error } = await step(process_);
      assert.deepEqual([done, error], [total, 0], process_);
      assert.ok(total >= sessions);
    }
    const made = [...logs().matchAll(/standard_worker: made (\d+)/g)].map(([, count]) => Number(count));
    assert.equal(made.length, sessions, logs());
    const all = await lab.json<{ steps: StepCounts[] }>("status");
    const done = all.steps.reduce((sum, { done: count }) => sum + count, 0);
    assert.ok(made.reduce((sum, count) => sum + count, 0) >= done, `${made} made, ${done} done`);
  });

  it("does a key exactly once when its job is requeued in the middle of it, on a GPU", async () => {
    // every recording got its task; the short ones first, so that the job to be requeued is the long one's
    for (const worker of ["spike_processing_worker", "spike_sorting_worker"]) {
      const told = await submit("--worker", worker);
      assert.equal(told[worker]!.submit, sessions);
      await drained();
    }
    // one that takes much longer than it takes to see it at work and to requeue it
    await generateRecording("tiny", 9, join(lab.folder, "raw"), { durationS: 400, name: "long" });
    const words = ["session", "add", "raw/long_g0", "--subject", "long", "--sex", "U"];
    await lab.json(...words, "--birth-date", "2026-01-01");
    await submit("--worker", "standard_worker");
    await drained();
    await submit("--worker", "spike_processing_worker");
    await drained();
    const sorting = await submit("--worker", "spike_sorting_worker");
    assert.equal(sorting["spike_sorting_worker"]!.submit, 1);
    const { job } = sorting["spike_sorting_worker"]!;
    await until("a key is at work", async () => (await step("ephys_sorter.SIClustering")).running === 1);
    assert.match(await slurm("scontrol", "show", "job", `${job}_1`), /gres\/gpu=1|gpu:1/);
    await slurm("scontrol", "requeue", `${job}_1`);
    const state = async () => /JobState=(\w+)/.exec(await slurm("scontrol", "show", "job", `${job}_1`))![1];
    await until("the job waits again", async () => (await state()) === "PENDING");
    assert.equal((await step("ephys_sorter.SIClustering")).done, sessions, "it was stopped in the middle");
    // Slurm starts it again after two minutes; not here
    await slurm("scontrol", "update", `JobId=${job}_1`, "StartTime=now");
    await drained();
    const { total, done, running, error } = await step("ephys_sorter.SIClustering");
    assert.deepEqual([total, done, running, error], [sessions + 1, sessions + 1, 0, 0], logs());
    assert.ok((logs().match(/spike_sorting_worker on /g) ?? []).length >= 2, "two lives of one job");
    await using connection = await connect(settingsOf(mysql, ""));
    const { rows } = await connection.run({
      text: `SELECT COUNT(*) AS n FROM \`${lab.prefix}ephys_sorter\`.\`~jobs\` WHERE status<>'pending'`,
      parameters: [],
    });
    assert.equal(Number(rows[0]!["n"]), 0, "no job row is left");
  });
});

/** The files of `tenon deploy kubernetes` against the published schemas, and KEDA's questions on real servers. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { ScaledJob } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledJob";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication";
import { connect } from "@tenon/datajoint";
import { generateRecording } from "@tenon/ephys";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { Job } from "kubernetes-models/batch/v1/Job";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Namespace } from "kubernetes-models/v1/Namespace";
import { PersistentVolumeClaim } from "kubernetes-models/v1/PersistentVolumeClaim";
import { Secret } from "kubernetes-models/v1/Secret";
import { parse } from "yaml";
import { workers } from "../../src/populate/worker.ts";
import { makeTestLab, runProgram, settingsOf, type TestLab, testServers } from "../support/test-lab.ts";

const models = {
  ConfigMap,
  Deployment,
  Job,
  Namespace,
  NetworkPolicy,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  ScaledJob,
  ScaledObject,
  Secret,
  TriggerAuthentication,
} as const;

type Manifest = { kind: string; metadata: { name?: string; namespace?: string }; spec?: any };

function readManifests(folder: string): ReadonlyMap<string, Manifest> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  return new Map(files.map((name) => [name, parse(readFileSync(join(folder, name), "utf8")) as Manifest]));
}

/** @throws the schema's complaint */
function validate(manifest: Manifest): void {
  const Model = models[manifest.kind as keyof typeof models] as unknown as new (
    data: object,
  ) => {
    validate(): void;
  };
  assert.ok(Model !== undefined, `no schema for ${manifest.kind}`);
  new Model(manifest).validate();
}

/** The pod's template, wherever a kind has it. */
const podOf = ({ spec }: Manifest) => (spec?.template ?? spec?.jobTargetRef?.template)?.spec;

const password = "never-in-a-file-4711";
const folder = mkdtempSync(join(tmpdir(), "tenon-kubernetes-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const env = {
  PATH: process.env["PATH"]!,
  HOME: folder,
  DJ_HOST: "db.lab.example",
  DJ_USER: "worker",
  DJ_PASS: password,
};
const deploy = (...words: string[]) => runProgram("tenon", ["deploy", "kubernetes", ...words], folder, env);

describe("tenon deploy kubernetes --fixed", () => {
  let written: ReadonlyMap<string, Manifest>;
  before(async () => {
    const { code, err } = await deploy("--fixed", "--replicas", "2", "--gpus", "1", "--namespace", "ephys");
    assert.equal(code, 0, err);
    written = readManifests(join(folder, "kubernetes"));
  });

  it("writes objects that the published schemas accept", () => {
    for (const [name, manifest] of written)
      if (manifest.kind !== "Kustomization") assert.doesNotThrow(() => validate(manifest), name);
    assert.ok(written.size > 10);
  });

  it("is checked by schemas that refuse what is wrong", () => {
    const broken = structuredClone(written.get("standard-worker.yaml")!);
    broken.spec.replicas = "two";
    assert.throws(() => validate(broken), /replicas/);
  });

  it("applies all but the secret and the job, each once", () => {
    const { resources } = written.get("kustomization.yaml") as unknown as { resources: string[] };
    const others = ["kustomization.yaml", "secret.example.yaml", "job-doctor.yaml"];
    assert.deepEqual(
      resources.toSorted(),
      [...written.keys()].filter((name) => !others.includes(name)).sort(),
    );
  });

  it("has a Deployment for each worker, with a GPU for the one that sorts", () => {
    for (const worker of Object.keys(workers)) {
      const manifest = written.get(`${worker.replaceAll("_", "-")}.yaml`)!;
      assert.deepEqual([manifest.kind, manifest.spec.replicas], ["Deployment", 2]);
      const pod = podOf(manifest);
      const { command, resources } = pod.containers[0];
      assert.deepEqual(command.slice(0, 2), ["run_workflow", worker]);
      const isSorting = worker === "spike_sorting_worker";
      assert.equal(resources.limits["nvidia.com/gpu"], isSorting ? "1" : undefined);
      assert.deepEqual(pod.nodeSelector, isSorting ? { "nvidia.com/gpu.present": "true" } : undefined);
    }
  });

  it("gives no pod a privilege, and time to give its key back", () => {
    const pods = [...written.values()].map(podOf).filter((pod) => pod !== undefined);
    assert.equal(pods.length, 4);
    for (const pod of pods) {
      const { runAsNonRoot, runAsUser, seccompProfile } = pod.securityContext;
      assert.deepEqual([runAsNonRoot, runAsUser, seccompProfile.type], [true, 10001, "RuntimeDefault"]);
      assert.equal(pod.automountServiceAccountToken, false);
      assert.ok(pod.terminationGracePeriodSeconds > 60);
      for (const { securityContext, volumeMounts } of pod.containers) {
        assert.deepEqual(securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        assert.equal(volumeMounts.find(({ name }: { name: string }) => name === "raw").readOnly, true);
      }
    }
  });

  it("writes no secret, and asks for an encrypted connection", () => {
    for (const name of readdirSync(join(folder, "kubernetes")))
      assert.ok(!readFileSync(join(folder, "kubernetes", name), "utf8").includes(password), name);
    const { data } = written.get("settings.yaml") as unknown as { data: Record<string, string> };
    assert.deepEqual([data["DJ_HOST"], data["DJ_USE_TLS"]], ["db.lab.example", "true"]);
  });

  it("leaves files that were edited alone, until it is forced", async () => {
    const file = join(folder, "kubernetes/settings.yaml");
    const again = await deploy("--fixed", "--replicas", "2", "--gpus", "1", "--namespace", "ephys", "--json");
    assert.ok(JSON.parse(again.out).files.every(({ state }: { state: string }) => state === "unchanged"));
    writeFileSync(file, `${readFileSync(file, "utf8")}# ours\n`);
    const refused = await deploy("--fixed", "--namespace", "other");
    assert.equal(refused.code, 1);
    assert.match(refused.err, /settings\.yaml in .* was edited.*--force/);
    assert.match(readFileSync(join(folder, "kubernetes/namespace.yaml"), "utf8"), /ephys/);
    const forced = await deploy("--fixed", "--namespace", "other", "--force");
    assert.equal(forced.code, 0, forced.err);
    assert.match(readFileSync(`${file}.before`, "utf8"), /# ours/);
    assert.match(readFileSync(file, "utf8"), /namespace: other/);
  });

  it("refuses SQLite, and names that Kubernetes would refuse", async () => {
    const sqlite = await runProgram("tenon", ["deploy", "kubernetes", "--fixed"], folder, {
      PATH: env.PATH,
      HOME: folder,
    });
    assert.equal(sqlite.code, 1);
    assert.match(sqlite.err, /SQLite, which is for one machine/);
    for (const words of [
      ["--namespace", "Lab_1"],
      ["--raw-size", "much"],
      ["--gpu-nodes", "x"],
    ])
      assert.equal((await deploy("--fixed", ...words)).code, 2);
  });

  const python = process.env["TENON_PYTHON_DEPLOY"];
  const skip = python === undefined ? "TENON_PYTHON_DEPLOY is not set (scripts/python-env.sh)" : false;
  it("passes Kubernetes' own schemas without an unknown field", { skip, timeout: 60_000 }, async () => {
    const strict = mkdtempSync(join(folder, "strict-"));
    const files = [...written]
      .filter(([, { kind }]) => kind !== "Kustomization")
      .map(([name, manifest]) => {
        // the validator prints the name, which a job that is made again and again does not have
        const named = {
          ...manifest,
          metadata: { ...manifest.metadata, name: manifest.metadata.name ?? "job" },
        };
        writeFileSync(join(strict, name), JSON.stringify(named));
        return join(strict, name);
      });
    const words = ["-m", "kubernetes_validate", "--strict", ...files];
    const { stdout, stderr } = await promisify(execFile)(python!, words);
    assert.equal(`${stdout}${stderr}`.match(/passed for resource/g)?.length, files.length, stdout + stderr);
  });
});

interface StepCounts {
  readonly process: string;
  readonly remaining: number;
  readonly running: number;
  readonly late: number;
  readonly error: number;
}

for (const server of testServers.slice(1))
  describe(`KEDA's question (${server.name})`, { skip: server.skip }, () => {
    let lab: TestLab;
    before(async () => {
      lab = makeTestLab(server);
      for (const seed of [1, 2]) {
        await generateRecording("tiny", seed, join(lab.folder, "raw"), { durationS: 2, name: `s${seed}` });
        const words = ["session", "add", `raw/s${seed}_g0`, "--subject", `m${seed}`, "--sex", "U"];
        await lab.json(...words, "--birth-date", "2026-01-01");
      }
      await lab.json("paramset", "add", "--method", "tenon", "--description", "defaults");
    });
    after(() => lab.remove());

    /** Writes the files and asks their questions, as KEDA does: one number each. */
    async function answers(): Promise<ReadonlyMap<string, number>> {
      const { code, err } = await lab.tenon("deploy", "kubernetes", "--force");
      assert.equal(code, 0, err);
      const manifests = readManifests(join(lab.folder, "kubernetes"));
      const found = new Map<string, number>();
      await using connection = await connect(settingsOf(server, lab.folder));
      for (const manifest of manifests.values()) {
        if (manifest.kind !== "Kustomization") validate(manifest);
        const { query, queryValue } = manifest.spec?.triggers?.[0].metadata ?? {};
        if (query === undefined) continue;
        assert.equal(queryValue, "1");
        const { rows } = await connection.run({ text: query, parameters: [] });
        const values = Object.values(rows[0]!);
        assert.deepEqual([rows.length, values.length], [1, 1]);
        found.set(manifest.metadata.name!.replaceAll("-", "_"), Number(values[0]));
      }
      return found;
    }

    /** What `tenon status` says of a worker's steps. */
    async function counted(worker: string, sum: (step: StepCounts) => number): Promise<number> {
      const { steps } = await lab.json<{ steps: StepCounts[] }>("status");
      const own = workers[worker]!.steps.map(({ process }) => process);
      return steps
        .filter(({ process }) => own.includes(process))
        .reduce((total, step) => total + sum(step), 0);
    }

    async function agree(): Promise<ReadonlyMap<string, number>> {
      const found = await answers();
      assert.deepEqual([...found.keys()].sort(), Object.keys(workers).sort());
      const unfinished = await counted("standard_worker", (step) => step.remaining + step.running);
      assert.equal(found.get("standard_worker"), unfinished);
      for (const worker of ["spike_processing_worker", "spike_sorting_worker"])
        assert.equal(found.get(worker), await counted(worker, (step) => step.remaining + step.late), worker);
      return found;
    }

    it("says what tenon status says: before, while and after work, with failures", {
      timeout: 180_000,
    }, async () => {
      // a worker that runs once makes what is missing; its recording is taken away, so that one key fails
      rmSync(join(lab.folder, "raw/s2_g0"), { recursive: true });
      await lab.runWorkflow("standard_worker", "--once", "--duration", "60");
      await lab.json("task", "add", "--subject", "m1", "--paramset", "0");
      const failed = await counted("standard_worker", (step) => step.error);
      assert.ok(failed >= 1, `${failed} failed`);
      const before = await agree();
      assert.equal(before.get("spike_processing_worker"), 1);
      assert.equal(before.get("spike_sorting_worker"), 0);

      // a key that is held, and one whose holder has died
      await using connection = await connect(settingsOf(server, lab.folder));
      const jobs = `\`${lab.prefix}ephys_sorter\`.\`~jobs\``;
      await lab.runWorkflow("spike_processing_worker", "--once");
      const sorting = await agree();
      assert.equal(sorting.get("spike_sorting_worker"), 1);
      assert.equal(sorting.get("spike_processing_worker"), 0);
      const question = readFileSync(join(lab.folder, "kubernetes/spike-sorting-worker.yaml"), "utf8");
      const target = /table_name='([^']+)'/.exec(question)![1]!;
      const reserve = (hash: string, seconds: number) =>
        connection.run({
          text: `INSERT INTO ${jobs} (table_name, key_hash, status, \`key\`, user, host, pid, connection_id, timestamp)
            SELECT ?, ?, 'reserved', NULL, 'x', 'x', 1, ?, CURRENT_TIMESTAMP + INTERVAL ? SECOND`,
          parameters: [target, hash, 2n ** 50n, seconds],
        });
      await reserve("held", 600);
      const held = await answers();
      assert.equal(held.get("spike_sorting_worker"), 0);
      await connection.run({ text: `DELETE FROM ${jobs} WHERE key_hash='held'`, parameters: [] });
      await reserve("dead", -5);
      assert.equal((await answers()).get("spike_sorting_worker"), 1);
      await connection.run({ text: `DELETE FROM ${jobs} WHERE key_hash='dead'`, parameters: [] });
    });
  });

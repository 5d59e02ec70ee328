/** compose.yaml and the Dockerfile: well formed, without rights, and in agreement with what `tenon deploy kubernetes` writes. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { podTemplate } from "../../src/deploy/kubernetes/pod-template.ts";
import { needsOfWorkers } from "../../src/deploy/worker-needs.ts";
import { workers } from "../../src/populate/worker.ts";
import { services, workerServices } from "../support/compose-file.ts";
import { root } from "../support/test-lab.ts";

const dockerfile = readFileSync(join(root, "docker/Dockerfile"), "utf8");

describe("compose.yaml", () => {
  it("is well formed, alone and with docker/compose.gpu.yaml", () => {
    const files = ["compose.yaml", "docker/compose.gpu.yaml"];
    execFileSync(join(root, "node_modules/.bin/dclint"), ["--quiet", ...files], { cwd: root, stdio: "pipe" });
  });

  it("gives no container root's rights, a writable image, the Docker socket or a secret", () => {
    for (const [name, service] of Object.entries(services)) {
      assert.deepEqual(service.cap_drop, ["ALL"], name);
      assert.deepEqual(service.security_opt, ["no-new-privileges:true"], name);
      assert.notEqual(service.privileged, true);
      assert.ok(!service.volumes.some((volume) => volume.includes("docker.sock")), name);
      assert.ok(!(service.cap_add ?? []).includes("SYS_ADMIN"), name);
      const secrets = Object.keys(service.environment).filter((key) => /PASS|SECRET|KEY/.test(key));
      assert.deepEqual(
        secrets.filter((key) => !key.endsWith("_FILE")),
        [],
        name,
      );
      if (name === "db") continue;
      const { read_only, user, cap_add } = service;
      assert.deepEqual([read_only, user, cap_add], [true, "10001:10001", undefined], name);
    }
  });

  it("has a service for each worker, which starts again by itself and only reads recordings", () => {
    assert.deepEqual(workerServices.toSorted(), Object.keys(workers).toSorted());
    for (const name of workerServices) {
      assert.equal(services[name]!.restart, "unless-stopped");
      assert.ok(services[name]!.volumes.includes("raw:/lab/raw:ro"), name);
    }
  });

  it("shows a worker its own password and nobody else's", () => {
    const secret = ["setup", "worker", "operator"];
    const mounted = (name: string) =>
      services[name]!.volumes.map((volume) => volume.split(":")[0]!).filter((volume) =>
        secret.includes(volume),
      );
    for (const name of workerServices) assert.deepEqual(mounted(name), ["worker"], name);
    assert.deepEqual(mounted("tenon"), ["operator"]);
    assert.deepEqual(mounted("db"), ["setup"]);
  });

  it("starts in order: what the server needs, the server, the workers", () => {
    assert.equal(services["db"]!.depends_on!["setup"]!.condition, "service_completed_successfully");
    for (const name of [...workerServices, "tenon"])
      assert.equal(services[name]!.depends_on!["db"]!.condition, "service_healthy");
  });

  it("lets a worker finish: it gives back before Docker kills", () => {
    for (const name of workerServices) {
      const { command, stop_grace_period } = services[name]!;
      assert.deepEqual(command.slice(0, 3), ["run_workflow", name, "--grace"]);
      assert.ok(Number(command[3]) + 15 < 60 * Number.parseInt(stop_grace_period!, 10));
    }
  });

  it("builds what is not to be had: the Dockerfile's stages on the Dockerfile's bases", () => {
    const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, stage]) => stage);
    const bases = Object.fromEntries(
      [...dockerfile.matchAll(/^ARG (\w+)=(\S+)$/gm)].map((m) => [m[1], m[2]]),
    );
    for (const [name, { image, build, pull_policy }] of Object.entries(services)) {
      if (name === "db") continue;
      assert.ok(stages.includes(build!.target), build!.target);
      assert.match(image, new RegExp(`/${build!.target}:`));
      assert.deepEqual([pull_policy, build!.args], ["missing", bases], name);
    }
  });
});

describe("the pods of tenon deploy kubernetes", () => {
  const pods = needsOfWorkers(undefined, {}).map((needs) => {
    const { worker } = needs;
    const cluster = {
      namespace: "tenon",
      images: "localhost/tenon",
      tag: "0.1.0",
      host: "db",
      port: 3306,
      user: "worker",
      prefix: "lab_",
      tls: true,
      storageClass: undefined,
      rawSize: "1Ti",
      processedSize: "1Ti",
      gpuNodes: {},
      most: 4,
    };
    return { worker, pod: podTemplate(needs, ["run_workflow", worker], "Always", cluster).spec! };
  });

  it("run the images of compose.yaml, as the user of the Dockerfile", () => {
    for (const { worker, pod } of pods) {
      assert.equal(pod.containers[0]!.image, services[worker]!.image);
      const { runAsUser, runAsGroup } = pod.securityContext!;
      assert.equal(`${runAsUser}:${runAsGroup}`, /^USER (\S+)$/m.exec(dockerfile)![1]);
    }
  });

  it("mount the folders and ask for the health that the images have", () => {
    for (const { worker, pod } of pods) {
      const [{ volumeMounts, livenessProbe, command }] = pod.containers as [(typeof pod.containers)[0]];
      const paths = services[worker]!.volumes.map((volume) => volume.split(":")[1]!);
      for (const path of ["/lab/raw", "/lab/processed"]) {
        assert.ok(paths.includes(path));
        assert.ok(
          volumeMounts!.some(({ mountPath }) => mountPath === path),
          path,
        );
      }
      const health = livenessProbe!.exec!.command!;
      assert.deepEqual(health, JSON.parse(/^HEALTHCHECK .*CMD (\[.*\])$/m.exec(dockerfile)![1]!));
      for (const program of [health[0]!, command![0]!])
        assert.ok(existsSync(join(root, "docker/bin", program)), program);
    }
  });
});

describe("the heartbeat", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-heartbeat-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "heartbeat");
  const beat = (path: string, program: string) =>
    spawnSync(process.execPath, ["--import", join(root, "docker/heartbeat.mjs"), "-e", program], {
      env: { ...process.env, TENON_HEARTBEAT_FILE: path },
      encoding: "utf8",
    });
  const healthy = (env: Record<string, string> = {}) =>
    spawnSync("sh", [join(root, "docker/bin/tenon-healthy")], {
      env: { ...process.env, TENON_HEARTBEAT_FILE: file, ...env },
      encoding: "utf8",
    });

  it("is healthy while it is young, and not when it is old or absent", () => {
    assert.deepEqual([healthy().status, healthy().stdout], [1, `no heartbeat: ${file} is not there\n`]);
    assert.equal(beat(file, "").status, 0);
    assert.match(readFileSync(file, "utf8"), /^\d+\n$/);
    assert.equal(healthy().status, 0);
    const before = Date.now() / 1000 - 700;
    utimesSync(file, before, before);
    assert.match(healthy().stdout, /the last heartbeat is 70\d s old, expected at most 600 s/);
    assert.equal(healthy({ TENON_HEARTBEAT_MAX_AGE: "900" }).status, 0);
  });

  it("that cannot be written is told and ends no worker", () => {
    writeFileSync(join(folder, "plain"), "");
    const { status, stdout, stderr } = beat(join(folder, "plain/heartbeat"), "console.log('works on')");
    assert.deepEqual([status, stdout], [0, "works on\n"]);
    assert.match(stderr, /^no heartbeat: .*ENOTDIR/);
  });
});

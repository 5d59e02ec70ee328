/**
 * The images, built for real, and what compose.yaml says of them: run by buildah with chroot isolation in place of Docker, which does not run
 * everywhere, against a MySQL 9 that is started with what `tenon-setup` wrote.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { generateRecording } from "@tenon/ephys";
import { parse } from "yaml";
import { cannotStart, makeOwnServer, type OwnServer } from "../support/own-server.ts";
import { root, sharedData } from "../support/test-lab.ts";

interface Service {
  image: string;
  command: string[];
  entrypoint?: string[];
  user: string;
  environment: Record<string, string>;
  volumes: string[];
  read_only?: boolean;
  cap_drop: string[];
  cap_add?: string[];
  security_opt: string[];
  stop_grace_period?: string;
  healthcheck?: unknown;
  privileged?: boolean;
}

/** `${NAME:-default}` as Docker resolves it without any variable. */
const resolved = readFileSync(join(root, "compose.yaml"), "utf8").replace(/\$\{\w+:-([^}]*)\}/g, "$1");
const { services } = parse(resolved, { merge: true }) as { services: Record<string, Service> };
const workers = ["standard_worker", "spike_processing_worker", "spike_sorting_worker"];

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
      if (name === "db") continue;
      assert.deepEqual(
        [service.read_only, service.user, service.cap_add],
        [true, "10001:10001", undefined],
        name,
      );
      const given = Object.keys(service.environment).filter(
        (key) => /PASS|SECRET|KEY/.test(key) && !key.endsWith("_FILE"),
      );
      assert.deepEqual(given, [], name);
    }
  });

  it("lets a worker finish: it gives back before Docker kills", () => {
    for (const name of workers) {
      const { command, stop_grace_period } = services[name]!;
      assert.deepEqual(command.slice(0, 3), ["run_workflow", name, "--grace"]);
      assert.ok(Number(command[3]) < 60 * Number.parseInt(stop_grace_period!, 10));
    }
  });
});

const why =
  process.env["TENON_TEST_CONTAINERS"] === undefined
    ? "TENON_TEST_CONTAINERS is not set: building the images takes minutes (.ci/run sets it)"
    : process.getuid?.() !== 0
      ? "building with chroot isolation needs root"
      : (cannotStart("mysql") ??
        (existsSync(join(sharedData, "../tools/base-image.sh"))
          ? undefined
          : "no registry, and no ../shared/tools/base-image.sh"));

describe("the images", { skip: why ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-containers-"));
  const mounts = {
    raw: join(folder, "raw"),
    processed: join(folder, "processed"),
    backups: join(folder, "backups"),
    setup: join(folder, "setup"),
  };
  const containers = new Map<string, { name: string; files: string }>();
  let images: string[];
  let server: OwnServer;

  before(
    async () => {
      const built = execFileSync("bash", ["scripts/build-images.sh"], {
        cwd: root,
        env: { ...process.env, BUILDER: "buildah", TENON_IMAGES: "localhost/tenon-test" },
        stdio: ["ignore", "pipe", "pipe"],
        encoding: "utf8",
        maxBuffer: 1 << 26,
      });
      images = built.trim().split("\n");
      for (const [i, image] of images.entries()) {
        const name = buildah("from", "--pull-never", image);
        containers.set(workers[i]!, { name, files: buildah("mount", name) });
      }
      for (const path of Object.values(mounts)) {
        mkdirSync(path);
        chownSync(path, 10001, 10001);
      }
      await generateRecording("tiny", 2, mounts.raw, { durationS: 6, name: "boxed" });
    },
    { timeout: 600_000 },
  );
  after(async () => {
    for (const { name } of containers.values()) buildah("rm", name);
    await server?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  function buildah(...words: string[]): string {
    return execFileSync("buildah", words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  }

  /** Starts words in a container with the environment and the mounts that a service of compose.yaml has. */
  function start(
    service: string,
    words: readonly string[],
    more: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    const { environment } = services[service]!;
    const { name } = containers.get(service) ?? containers.get("standard_worker")!;
    const env = Object.entries({ ...environment, ...more }).flatMap(([key, value]) => [
      "--env",
      `${key}=${value ?? ""}`,
    ]);
    const volumes = Object.entries(mounts).flatMap(([place, path]) => ["-v", `${path}:/lab/${place}`]);
    return spawn("buildah", ["run", "--isolation", "chroot", ...env, ...volumes, name, "--", ...words], {
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async function run(service: string, words: readonly string[], more?: Readonly<Record<string, string>>) {
    const child = start(service, words, more);
    let [out, err] = ["", ""];
    child.stdout!.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, out, err };
  }

  it("are three, small, of a user of their own, healthchecked, and say whose they are", () => {
    assert.deepEqual(
      images.map((image) => image.replace(/:.*/, "")),
      ["standard", "spike-processing", "spike-sorting"].map((name) => `localhost/tenon-test/${name}`),
    );
    for (const image of images) {
      const { Docker } = JSON.parse(buildah("inspect", "--type", "image", image)) as {
        Docker: {
          config: {
            User: string;
            Env: string[];
            Healthcheck: { Test: string[] };
            Labels: Record<string, string>;
            StopSignal: string;
          };
        };
      };
      const { User, Env, Healthcheck, Labels } = Docker.config;
      assert.equal(User, "10001:10001");
      assert.deepEqual(Healthcheck.Test, ["CMD", "tenon-healthy"]);
      assert.equal(Labels["org.opencontainers.image.licenses"], "Apache-2.0");
      assert.ok(!Env.some((line) => /PASS|SECRET|TOKEN/i.test(line)), Env.join());
      const [size] = JSON.parse(buildah("images", "--json", image)) as { size: string }[];
      assert.ok(Number.parseFloat(size!.size) < 400 && / MB$/.test(size!.size), size!.size);
    }
  });

  it("hold what runs and nothing else: no test, no configuration, no key, and no file that their user could change", async () => {
    const { files } = containers.get("standard_worker")!;
    const paths = readdirSync(join(files, "app"), { recursive: true, encoding: "utf8" });
    const own = paths.filter((path) => !path.includes("node_modules"));
    assert.ok(own.includes("workflow/src/cli/run-workflow.ts"));
    assert.deepEqual(
      own.filter((path) => /(^|\/)test(\/|$)|\.pem$|\.key$|dj_local_conf|\.sqlite|\.git(\/|$)/.test(path)),
      [],
    );
    for (const name of ["typescript", "@biomejs", "assemblyscript", "playwright-core"])
      assert.ok(!paths.includes(`node_modules/${name}`), `${name} is for development`);
    // so nothing is lost with a read-only root
    const { out } = await run("standard_worker", [
      "find",
      "/",
      "-xdev",
      "-writable",
      "-not",
      "-type",
      "l",
      "-not",
      "-path",
      "/proc/*",
      "-not",
      "-path",
      "/dev/*",
    ]);
    const writable = out
      .trim()
      .split("\n")
      .filter((path) => !/^\/(lab|tmp|var\/tmp|run\/lock|proc|dev|sys)(\/|$)/.test(path));
    assert.deepEqual(writable, []);
  });

  it("set a lab up: settings, keys and accounts, once", async () => {
    const first = await run("setup", services["setup"]!.command);
    assert.equal(first.code, 0, first.err);
    const password = readFileSync(join(mounts.setup, "passwords/root"), "utf8");
    assert.ok(password.trim().length >= 32);
    for (const name of ["passwords/root", "passwords/lab_worker", "users.sql", "keys/server-key.pem"])
      assert.equal(statSync(join(mounts.setup, name)).mode & 0o077, 0, name);
    assert.ok(!`${first.out}${first.err}`.includes(password.trim()));
    const second = await run("setup", services["setup"]!.command);
    assert.equal(second.code, 0, second.err);
    assert.equal(readFileSync(join(mounts.setup, "passwords/root"), "utf8"), password, "kept");
  });

  it("sort a recording: three kinds of workers, TLS, and the accounts of the setup", {
    timeout: 300_000,
  }, async () => {
    server = await makeOwnServer("mysql");
    const keys = join(server.folder, "keys");
    mkdirSync(keys);
    const { uid, gid } = statSync(server.folder);
    for (const name of ["ca.pem", "server-cert.pem", "server-key.pem"]) {
      copyFileSync(join(mounts.setup, "keys", name), join(keys, name));
      chownSync(join(keys, name), uid, gid);
    }
    chownSync(keys, uid, gid);
    // 9 is what runs here; of 8.4's settings it knows all
    const cnf = readFileSync(join(mounts.setup, "my.cnf"), "utf8").replaceAll(
      "/etc/mysql/tenon-keys",
      `${server.inner}/keys`,
    );
    await server.start(cnf.replace(/^innodb_(buffer_pool_size|redo_log_capacity).*$/gm, ""));
    server.sql(readFileSync(join(mounts.setup, "users.sql"), "utf8"));

    // the certificate names the service `db`; Docker's network is not here
    const tunnel = { DJ_TUNNEL: `127.0.0.1:${server.port}` };
    const tenon = async (...words: string[]) => {
      const { code, out, err } = await run("tenon", ["tenon", ...words], tunnel);
      assert.equal(code, 0, `tenon ${words.join(" ")}\n${err}${out}`);
      return out;
    };
    await tenon(
      "session",
      "add",
      "raw/boxed_g0",
      "--subject",
      "m1",
      "--sex",
      "U",
      "--birth-date",
      "2026-01-01",
    );
    await tenon("paramset", "add", "--method", "tenon", "--description", "defaults");
    for (const name of [
      "standard_worker",
      "spike_processing_worker",
      "spike_sorting_worker",
      "spike_processing_worker",
      "standard_worker",
    ]) {
      const { code, err } = await run(name, [...services[name]!.command, "--once"], tunnel);
      assert.equal(code, 0, err);
      assert.match(err, /failed 0, ended: once/);
    }
    const { steps } = JSON.parse(await tenon("status", "--json")) as {
      steps: { process: string; done: number; error: number }[];
    };
    const done = Object.fromEntries(steps.map(({ process: step, done: count }) => [step, count]));
    assert.ok(
      done["ephys.QualityMetrics"] === 1 && done["ephys_report.UnitLevelReport"]! > 0,
      JSON.stringify(done),
    );
    assert.deepEqual(
      steps.filter(({ error }) => error > 0),
      [],
    );
    assert.equal(statSync(join(mounts.processed, "boxed_g0/report.html")).uid, 10001);
    const made = JSON.parse(await tenon("backup", "--json")) as { folder: string };
    assert.match(made.folder, /^\/lab\/backups\//);
    assert.equal((JSON.parse(await tenon("restore", "--rehearse", "--json")) as { ok: boolean }).ok, true);
  });

  it("are healthy while the worker's loop turns, and end by SIGTERM with 0", {
    timeout: 120_000,
  }, async () => {
    const name = "standard_worker";
    const tunnel = { DJ_TUNNEL: `127.0.0.1:${server.port}` };
    const child = start(name, services[name]!.command, tunnel);
    let err = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    while (!/standard_worker on .*: \d+ steps/.test(err)) {
      assert.equal(child.exitCode, null, err);
      await sleep(100);
    }
    const healthy = await run(name, ["tenon-healthy"]);
    assert.equal(healthy.code, 0, healthy.out + healthy.err);
    process.kill(workerPid(containers.get(name)!.files), "SIGTERM");
    assert.equal(await ended, 0, err);
    assert.match(err, /ended: signal/);
    await sleep(1500);
    const dead = await run(name, ["tenon-healthy"], { TENON_HEARTBEAT_MAX_AGE: "1" });
    assert.equal(dead.code, 1, dead.out);
    assert.match(dead.out, /the last heartbeat is \d+ s old, expected at most 1 s/);
  });

  /** The process in a container that runs a worker. */
  function workerPid(files: string): number {
    const found = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .find((pid) => {
        try {
          return (
            readlinkSync(`/proc/${pid}/root`).includes(files.replace(/\/merged$/, "")) ||
            (readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("node\0") &&
              readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("/app/workflow/src/cli/run-workflow.ts"))
          );
        } catch {
          // it ended meanwhile
          return false;
        }
      });
    assert.notEqual(found, undefined, "no worker's process");
    return Number(found);
  }
});

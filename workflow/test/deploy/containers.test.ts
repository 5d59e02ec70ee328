/**
 * The images, built for real, and what compose.yaml says of them: run by buildah with chroot isolation in place of Docker, which does not run
 * everywhere, against a MySQL 9 that is started with what `tenon-setup` wrote.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { generateRecording } from "@tenon/ephys";
import { services, workerServices } from "../support/compose-file.ts";
import {
  Box,
  buildah,
  buildImages,
  cannotBuild,
  contains,
  copyTree,
  endBySignal,
} from "../support/image-box.ts";
import { makeOwnServer, type OwnServer } from "../support/own-server.ts";
import { root } from "../support/test-lab.ts";

/** Of each image, unpacked. Node alone is 120 MB, Debian made from its packages 131 (Docker's is 75). */
const mostMB = 350;

/** What a lab may have lying in its checkout when it builds. */
const planted = [
  "dj_local_conf.json",
  "docker/secrets/root",
  "docker/server.pem",
  "packages/ephys/.env",
].concat([
  ...["workflow/dj_local_conf.json", "workflow/src/lab.key", "workflow/tenon.sqlite", "workflow/.env.local"],
  "raw/secret.bin",
]);
const secret = "planted-4711-never-in-a-layer";

const tellCache = { NODE_DEBUG_NATIVE: "COMPILE_CACHE" };

/** That a program took what was compiled with its image, and compiled nothing of its own steps and commands itself.
 * @param least  how many modules it loads at least */
function assertCompiled(said: string, least: number): void {
  const lines = (what: RegExp) => said.match(what) ?? [];
  assert.ok(lines(/ for \w+ .* was accepted/g).length >= least, said.slice(0, 4000));
  // the thread that beats loads modules of the main thread again, when the compilers are awake, and drivers load encodings when they connect
  const itself = lines(/ for \w+ .* was (rejected|not initialized).*/g);
  assert.deepEqual(
    itself.filter((line) => line.includes("/app/workflow/")),
    [],
  );
}

describe("the images", { skip: cannotBuild() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-containers-"));
  const volumes = ["raw", "processed", "backups", "setup", "worker", "operator"];
  const mounts = Object.fromEntries(volumes.map((name) => [name, join(folder, name)]));
  const boxes = new Map<string, Box>();
  let images: readonly string[];
  let server: OwnServer;

  before(
    async () => {
      const tree = join(folder, "tree");
      copyTree(tree);
      for (const path of planted) {
        mkdirSync(join(tree, path, ".."), { recursive: true });
        writeFileSync(join(tree, path), secret);
      }
      images = buildImages(tree, "localhost/tenon-test");
      const kinds = ["standard_worker", "spike_processing_worker", "spike_sorting_worker"];
      for (const [i, image] of images.entries()) boxes.set(kinds[i]!, new Box(image, mounts));
      for (const path of Object.values(mounts)) {
        mkdirSync(path);
        chownSync(path, 10001, 10001);
      }
      await generateRecording("tiny", 2, mounts["raw"]!, { durationS: 6, name: "boxed" });
    },
    { timeout: 600_000 },
  );
  after(async () => {
    for (const box of boxes.values()) box.remove();
    await server?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const boxOf = (service: string) => boxes.get(service) ?? boxes.get("standard_worker")!;
  const run = (
    service: string,
    ...more: [words: readonly string[], ...rest: [Record<string, string>?, string?]]
  ) => boxOf(service).run(service, ...more);

  it("are three, small, of a user of their own, healthchecked, and say whose they are", () => {
    assert.deepEqual(
      images.map((image) => image.replace(/:.*/, "")),
      ["standard", "spike-processing", "spike-sorting"].map((name) => `localhost/tenon-test/${name}`),
    );
    for (const image of images) {
      const { Docker } = JSON.parse(buildah("inspect", "--type", "image", image));
      const { User, Env, Healthcheck, Labels, StopSignal } = Docker.config;
      assert.deepEqual(
        [User, StopSignal, Healthcheck.Test],
        ["10001:10001", "SIGTERM", ["CMD", "tenon-healthy"]],
      );
      assert.equal(Labels["org.opencontainers.image.licenses"], "Apache-2.0");
      assert.ok(!(Env as string[]).some((line) => /PASS|SECRET|TOKEN/i.test(line)), Env.join());
      const [{ size }] = JSON.parse(buildah("images", "--json", image));
      assert.ok(Number.parseFloat(size) < mostMB && / MB$/.test(size), size);
    }
  });

  it("hold what runs and nothing else: no test, no configuration, no key, and no file that their user could change", async () => {
    const { files } = boxOf("standard_worker");
    const paths = readdirSync(join(files, "app"), { recursive: true, encoding: "utf8" });
    const own = paths.filter((path) => !path.includes("node_modules"));
    assert.ok(own.includes("workflow/src/cli/run-workflow.ts") && own.includes("LICENSE"));
    assert.deepEqual(
      own.filter((path) => /(^|\/)test(\/|$)|\.pem$|\.key$|dj_local_conf|\.sqlite|\.git(\/|$)/.test(path)),
      [],
    );
    for (const name of ["typescript", "@biomejs", "assemblyscript", "playwright-core"])
      assert.ok(!paths.includes(`node_modules/${name}`), `${name} is for development`);
    // so nothing is lost with a read-only root
    const prunes = ["/proc", "/dev", "/sys"].flatMap((path) => ["-path", path, "-prune", "-o"]);
    const words = ["find", "/", "-xdev", ...prunes, "-writable", "-not", "-type", "l", "-print"];
    const { out } = await run("standard_worker", words);
    const writable = out.trim().split("\n");
    assert.ok(writable.includes("/tmp"));
    assert.deepEqual(
      writable.filter((path) => !/^\/(lab|tmp|var\/tmp|run\/lock)(\/|$)/.test(path)),
      [],
    );
    // a new volume takes the mode of the folder it is mounted on
    for (const name of volumes) assert.equal(statSync(join(files, "lab", name)).mode & 0o7777, 0o1777, name);
  });

  it("start with what was compiled when they were built, worker and command each, whoever their user is", async () => {
    for (const user of ["10001:10001", "4242:4242"]) {
      // /tmp of a container is one user's
      const box = new Box(images[0]!, mounts);
      for (const [program, option, least] of [
        ["tenon", "--version", 10],
        ["run_workflow", "--help", 150],
      ] as const) {
        const { code, out, err } = await box.run("standard_worker", [program, option], tellCache, user);
        assert.equal(code, 0, err);
        assertCompiled(out + err, least);
      }
      box.remove();
    }
  });

  it("carry nothing of the secrets that lay in the checkout, in no layer", { timeout: 120_000 }, async () => {
    const archive = join(folder, "layers.tar");
    // its layers are those of all three, unpacked
    buildah("push", "-q", images[2]!, `docker-archive:${archive}`);
    const found = await contains(archive, [secret, "becomes node itself"]);
    rmSync(archive);
    assert.deepEqual(found, [false, true]);
    for (const image of images) assert.ok(!buildah("inspect", "--type", "image", image).includes(secret));
  });

  it("set a lab up: settings, keys and accounts, once", async () => {
    const setup = mounts["setup"]!;
    const first = await run("setup", services["setup"]!.command);
    assert.equal(first.code, 0, first.err);
    const password = readFileSync(join(setup, "passwords/root"), "utf8");
    assert.ok(password.trim().length >= 32);
    for (const name of ["passwords/root", "passwords/lab_worker", "users.sql", "keys/server-key.pem"])
      assert.equal(statSync(join(setup, name)).mode & 0o077, 0, name);
    for (const role of ["worker", "operator"]) {
      const own = mounts[role]!;
      assert.deepEqual(readdirSync(own).toSorted(), ["ca.pem", "password"]);
      assert.equal(statSync(join(own, "password")).mode & 0o077, 0, role);
      const [given, made] = [join(own, "password"), join(setup, `passwords/lab_${role}`)];
      assert.equal(readFileSync(given, "utf8"), readFileSync(made, "utf8"));
    }
    assert.ok(!`${first.out}${first.err}`.includes(password.trim()));
    const second = await run("setup", services["setup"]!.command);
    assert.equal(second.code, 0, second.err);
    assert.equal(readFileSync(join(setup, "passwords/root"), "utf8"), password, "kept");
  });

  it("say which folder the lab's user cannot use, and how to mend it", async () => {
    const { code, err } = await run("setup", services["setup"]!.command, {}, "4242:4242");
    assert.equal(code, 1);
    assert.match(err, /\/lab\/setup is of user 10001:10001, and the workers are 4242:4242, .*LAB_UID/);
  });

  it("sort a recording: three kinds of workers, TLS, and the accounts of the setup", {
    timeout: 300_000,
  }, async () => {
    server = await startServer(mounts["setup"]!);
    // the certificate names the service `db`; Docker's network is not here
    const tunnel = { DJ_TUNNEL: `127.0.0.1:${server.port}` };
    const tenon = async (...words: string[]) => {
      const { code, out, err } = await run("tenon", ["tenon", ...words], tunnel);
      assert.equal(code, 0, `tenon ${words.join(" ")}\n${err}${out}`);
      return out;
    };
    const subject = ["--subject", "m1", "--sex", "U", "--birth-date", "2026-01-01"];
    await tenon("session", "add", "raw/boxed_g0", ...subject);
    await tenon("paramset", "add", "--method", "tenon", "--description", "defaults");
    const inOrder = ["standard_worker", "spike_processing_worker", "spike_sorting_worker"];
    for (const name of [...inOrder, "spike_processing_worker", "standard_worker"]) {
      const { code, out, err } = await run(name, [...services[name]!.command, "--once"], {
        ...tunnel,
        ...tellCache,
      });
      assert.equal(code, 0, err);
      assert.match(err, /failed 0, ended: once/);
      // what is loaded for its keys too
      assertCompiled(out + err, 150);
    }
    type Steps = readonly { process: string; done: number; error: number }[];
    const { steps } = JSON.parse(await tenon("status", "--json")) as { steps: Steps };
    const done = (step: string) => steps.find(({ process }) => process === step)!.done;
    assert.equal(done("ephys.QualityMetrics"), 1);
    assert.ok(done("ephys_report.UnitLevelReport") > 0);
    assert.deepEqual(
      steps.filter(({ error }) => error > 0),
      [],
    );
    assert.equal(statSync(join(mounts["processed"]!, "boxed_g0/report.html")).uid, 10001);
    const made = JSON.parse(await tenon("backup", "--json")) as { folder: string };
    assert.match(made.folder, /^\/lab\/backups\//);
    assert.equal((JSON.parse(await tenon("restore", "--rehearse", "--json")) as { ok: boolean }).ok, true);
  });

  for (const name of workerServices)
    it(`are healthy while the loop of ${name} turns, and end by SIGTERM with 0`, {
      timeout: 120_000,
    }, async () => {
      const box = boxOf(name);
      const child = box.start(name, services[name]!.command, { DJ_TUNNEL: `127.0.0.1:${server.port}` });
      const { code, err } = await endBySignal(child, name, async () => {
        const healthy = await run(name, ["tenon-healthy"]);
        assert.equal(healthy.code, 0, healthy.out + healthy.err);
        return box.workerPid();
      });
      assert.equal(code, 0, err);
      assert.match(err, /ended: signal/);
    });

  const apptainer = process.env["TENON_TEST_APPTAINER"];
  const skip =
    apptainer === undefined ? "TENON_TEST_APPTAINER is not set (scripts/test-apptainer.sh start)" : false;
  it("become a file for clusters: an ordinary user's worker by Apptainer, ended by SIGTERM with 0", {
    skip,
    timeout: 240_000,
  }, async () => {
    chmodSync(folder, 0o755);
    const lab = join(folder, "cluster");
    mkdirSync(lab);
    buildah("push", "-q", images[2]!, `docker-archive:${join(lab, "spike-sorting.tar")}`);
    copyFileSync(join(root, "docker/apptainer.def"), join(lab, "apptainer.def"));
    const database = {
      "database.host": "db",
      "database.tunnel": `127.0.0.1:${server.port}`,
      "database.user": "lab_worker",
      "database.password_file": join(mounts["worker"]!, "password"),
      "database.ssl_ca": join(mounts["worker"]!, "ca.pem"),
    };
    const folders = { raw_root_data_dir: mounts["raw"], processed_root_data_dir: mounts["processed"] };
    const custom = { "database.prefix": "lab_", ...folders };
    writeFileSync(join(lab, "dj_local_conf.json"), JSON.stringify({ ...database, custom }), { mode: 0o600 });
    for (const path of [lab, ...readdirSync(lab).map((name) => join(lab, name))])
      chownSync(path, 10001, 10001);
    const inside = (...words: string[]): [string, string[]] => [
      "bash",
      [apptainer!, "run", folder, ...words],
    ];
    const from = ["--build-arg", "bootstrap=docker-archive", "--build-arg", `from=${lab}/spike-sorting.tar`];
    // a folder instead of a file, which needs no FUSE
    const image = join(lab, "spike-sorting");
    const [program, build] = inside(
      "apptainer",
      "build",
      "--sandbox",
      ...from,
      image,
      join(lab, "apptainer.def"),
    );
    execFileSync(program, build, { stdio: "pipe" });
    const worker = ["spike_sorting_worker", "--config", join(lab, "dj_local_conf.json")];
    const child = spawn(...inside("apptainer", "run", "--bind", folder, image, ...worker), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { code, err } = await endBySignal(child, "spike_sorting_worker", () => child.pid!);
    assert.equal(code, 0, err);
    assert.match(err, /ended: signal/);
  });
});

/** A MySQL with the settings, keys and accounts of the setup. */
async function startServer(setup: string): Promise<OwnServer> {
  const server = await makeOwnServer("mysql");
  const keys = join(server.folder, "keys");
  mkdirSync(keys);
  for (const name of ["ca.pem", "server-cert.pem", "server-key.pem"])
    copyFileSync(join(setup, "keys", name), join(keys, name));
  server.give(keys);
  // 9 is what runs here; of 8.4's settings it knows all
  const cnf = readFileSync(join(setup, "my.cnf"), "utf8");
  const here = cnf.replaceAll("/etc/mysql/tenon-keys", `${server.inner}/keys`);
  await server.start(here.replace(/^innodb_(buffer_pool_size|redo_log_capacity).*$/gm, ""));
  server.sql(readFileSync(join(setup, "users.sql"), "utf8"));
  return server;
}

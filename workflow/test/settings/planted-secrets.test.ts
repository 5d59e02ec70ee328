/** Secrets that are planted are found nowhere: not in a process list, a log, a table, a backup, a written file, an error. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { connect } from "@tenon/datajoint";
import { generateRecording } from "@tenon/ephys";
import { dump } from "../support/dump-program.ts";
import { makeTestLab, type Run, settingsOf, type TestLab, testServers } from "../support/test-lab.ts";

const password = "pl4nted-PASSWORD-of-the-database";
const storeSecret = "pl4ntedSECRETofTheStore";
const hookSecret = "pl4nted-TOKEN-of-the-webhook";
const secrets = [password, storeSecret, hookSecret];
const server = testServers.filter(({ name }) => name !== "sqlite").find(({ skip }) => skip === false);
const skip =
  server === undefined ? "no server: neither TENON_TEST_MYSQL nor TENON_TEST_MARIADB is set" : false;

describe("planted secrets", { skip }, () => {
  let lab: TestLab;
  const account = `planted_${process.pid}`;
  const said: string[] = [];
  const seen = new Set<string>();
  let watching: NodeJS.Timeout;

  const asAdministrator = async (...texts: string[]) => {
    const connection = await connect(settingsOf(server!, ""));
    for (const text of texts) await connection.run({ text, parameters: [] });
    await connection.close();
  };

  before(async () => {
    lab = makeTestLab(server);
    const pattern = `${lab.prefix.replaceAll("_", "\\_")}%`;
    await asAdministrator(
      `CREATE USER '${account}'@'%' IDENTIFIED BY '${password}'`,
      `GRANT ALL ON \`${pattern}\`.* TO '${account}'@'%'`,
      `GRANT ALL ON \`tenon\\_rehearsal\\_%\`.* TO '${account}'@'%'`,
    );
    mkdirSync(join(lab.folder, "secrets"));
    // nobody listens there: every notice is an error, with the URL at hand
    writeFileSync(join(lab.folder, "secrets/hook"), `http://127.0.0.1:9/${hookSecret}\n`, { mode: 0o600 });
    const file = join(lab.folder, "dj_local_conf.json");
    const configuration = JSON.parse(readFileSync(file, "utf8")) as { stores: object; custom: object };
    const { DJ_HOST, DJ_PORT } = server!.env;
    writeFileSync(
      file,
      JSON.stringify({
        ...configuration,
        "database.host": DJ_HOST,
        "database.port": Number(DJ_PORT),
        "database.user": account,
        "database.password": password,
        custom: { ...configuration.custom, notices: [{ webhook_file: "secrets/hook" }] },
        stores: {
          ...configuration.stores,
          old: {
            protocol: "s3",
            endpoint: "127.0.0.1:9",
            bucket: "lab",
            location: "x",
            access_key: "planted",
            secret_key: storeSecret,
          },
        },
      }),
    );
    for (const name of ["DJ_HOST", "DJ_PORT", "DJ_USER", "DJ_PASS"])
      delete (lab.env as Record<string, string>)[name];
    for (const [i, subject] of ["good", "broken"].entries()) {
      await generateRecording("tiny", i, join(lab.folder, "raw"), { durationS: 2, name: subject });
      await run(
        "session",
        "add",
        `raw/${subject}_g0`,
        "--subject",
        subject,
        "--sex",
        "U",
        "--birth-date",
        "2026-01-01",
      );
    }
    const bin = join(lab.folder, "raw/broken_g0/broken_g0_imec0/broken_g0_t0.imec0.ap.bin");
    renameSync(bin, `${bin}.away`);
    watching = setInterval(lookAtProcesses, 50);
  });
  after(async () => {
    clearInterval(watching);
    await lab.remove();
    await asAdministrator(`DROP USER '${account}'@'%'`);
  });

  /** What `ps` shows to everybody: the words of every process. */
  function lookAtProcesses(): void {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        if (secrets.some((secret) => words.includes(secret))) seen.add(words);
      } catch {
        // it ended meanwhile
      }
  }

  function keep(result: Run): Run {
    said.push(result.out, result.err);
    return result;
  }
  const run = async (...words: string[]) => keep(await lab.tenon(...words));

  it("are used by every program, and said by none", { timeout: 240_000 }, async () => {
    Object.assign(lab.env, { TENON_DEBUG: "1" });
    for (const format of ["text", "json"]) {
      const { code, err } = keep(
        await lab.runWorkflow("standard_worker", "--once", "--verbose", "--log-format", format),
      );
      assert.equal(code, 0, err);
    }
    assert.match(said.join("\n"), /a notice was not sent/);
    const commands: readonly (readonly string[])[] = [
      ["status"],
      ["jobs"],
      ["workers"],
      ["history"],
      ["metrics"],
      ["notices", "--test"],
      ["doctor"],
      ["backup", "--files"],
      ["restore", "--rehearse"],
      ["deploy", "slurm", "--out", "deploy-slurm"],
      ["deploy", "systemd", "--out", "deploy-systemd"],
      ["deploy", "kubernetes", "--out", "deploy-kubernetes", "--images", "registry.lab.org/tenon"],
      ["migrate", "files", "--dry-run"],
      ["migrate", "verify", "--dump", "nothing.sql"],
    ];
    for (const [i, words] of commands.entries()) {
      const { code, err } = await run(...words, ...(i % 2 === 0 ? [] : ["--json"]));
      // those that find what is wrong here end with 1
      if (!["doctor", "notices", "migrate"].includes(words[0]!)) assert.equal(code, 0, err);
    }
    // as wrong as a person can be
    Object.assign(lab.env, { DJ_PASS: `${password}x` });
    for (const words of [["status"], ["doctor"], ["backup"]]) {
      const { code, err } = await run(...words);
      assert.ok(code !== 0, err);
    }
    const worker = keep(await lab.runWorkflow("standard_worker", "--once"));
    assert.equal(worker.code, 1);
    delete (lab.env as Record<string, string>)["DJ_PASS"];
    for (const secret of secrets)
      assert.equal(said.join("\n").includes(secret), false, `${secret.slice(0, 12)}… was said`);
  });

  it("are in no process list", () => assert.deepEqual([...seen], []));

  it("are in no row of the database", async () => {
    const connection = await connect(settingsOf(server!, ""));
    const schemas = (await connection.dialect.catalogue.schemas(connection)).filter((name) =>
      name.startsWith(lab.prefix),
    );
    await connection.close();
    const text = dump(server!, schemas, "--skip-extended-insert");
    assert.ok(text.includes("m3rec") || text.includes("broken"), "the failed job is there");
    for (const secret of secrets) assert.equal(text.includes(secret), false);
  });

  it("are in no file but those that hold them by purpose, which their owner alone can read", () => {
    const allowed = new Set(["dj_local_conf.json", "secrets/hook"]);
    const holders: string[] = [];
    for (const path of readdirSync(lab.folder, { recursive: true, encoding: "utf8" })) {
      const file = join(lab.folder, path);
      const stats = statSync(file);
      if (!stats.isFile() || path.startsWith("raw")) continue;
      const bytes = path.endsWith(".gz") ? gunzipSync(readFileSync(file)) : readFileSync(file);
      if (
        !secrets.some(
          (secret) => bytes.includes(secret) || bytes.includes(Buffer.from(secret).toString("base64")),
        )
      )
        continue;
      assert.equal(stats.mode & 0o077, 0, `${path} has mode ${(stats.mode & 0o777).toString(8)}`);
      if (!allowed.has(path)) holders.push(path);
    }
    assert.deepEqual(holders, []);
  });
});

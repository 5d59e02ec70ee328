import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { AccessError, type Connection, connect, LostConnectionError } from "@tenon/datajoint";
import { cannotStart, makeOwnServer, type OwnKind, type OwnServer } from "../../support/own-server.ts";
import { type Run, runProgram } from "../../support/test-lab.ts";

const prefix = "my_lab_";
const roles = ["guest", "experimenter", "operator", "worker"] as const;
type Role = (typeof roles)[number];

/** What each role may do and may not: a statement, and who may run it. They run in this order, each as everyone. */
const statements: readonly (readonly [string, readonly Role[]])[] = [
  ["CREATE DATABASE `my_lab_made_ROLE`", ["operator", "worker"]],
  ["CREATE TABLE `my_lab_a`.`t_ROLE` (x int primary key, y int)", ["operator", "worker"]],
  [
    "CREATE TABLE `my_lab_a`.`fk_ROLE` (m int primary key, FOREIGN KEY (m) REFERENCES `my_lab_a`.`mouse` (m))",
    ["operator", "worker"],
  ],
  ["SELECT * FROM `my_lab_a`.`mouse`", ["guest", "experimenter", "operator", "worker"]],
  ["INSERT INTO `my_lab_a`.`mouse` VALUES (NUMBER, '')", ["experimenter", "operator", "worker"]],
  ["UPDATE `my_lab_a`.`mouse` SET note='x' WHERE m=NUMBER", ["experimenter", "operator", "worker"]],
  ["INSERT INTO `my_lab_a`.`#kind` VALUES (NUMBER)", ["experimenter", "operator", "worker"]],
  ["INSERT INTO `my_lab_a`.`mouse__note` VALUES (NUMBER)", ["experimenter", "operator", "worker"]],
  ["INSERT INTO `my_lab_a`.`__result` VALUES (NUMBER)", ["operator", "worker"]],
  ["INSERT INTO `my_lab_a`.`~jobs` VALUES (NUMBER)", ["operator", "worker"]],
  ["DELETE FROM `my_lab_a`.`__result` WHERE m=NUMBER", ["operator", "worker"]],
  ["ALTER TABLE `my_lab_a`.`#kind` COMMENT='by ROLE'", ["operator", "worker"]],
  ["DROP TABLE `my_lab_a`.`#kind_ROLE`", ["operator"]],
  ["DROP DATABASE `my_lab_gone_ROLE`", ["operator"]],
  ["CREATE DATABASE `tenon_rehearsal_1_ROLE`", ["operator"]],
  // the neighbour's schema differs by what an unescaped wildcard would match
  ["SELECT * FROM `myXlab_a`.`secret`", []],
  ["SELECT * FROM mysql.user", []],
  ["GRANT SELECT ON `my_lab_a`.* TO `my_lab_guest`@`%`", []],
  ["SELECT LOAD_FILE('/etc/passwd') IS NOT NULL AND 1/0", []],
];

/** Options that SHOW VARIABLES has under another name (MariaDB 10.11: the second). */
const shownAs = (name: string, kind: OwnKind): string =>
  name === "default_time_zone"
    ? "time_zone"
    : name === "transaction_isolation" && kind === "mariadb"
      ? "tx_isolation"
      : name.replace(/^loose_/, "");

for (const kind of ["mysql", "mariadb"] as const)
  describe(`tenon deploy mysql on a real ${kind}`, { skip: cannotStart(kind) }, () => {
    const folder = mkdtempSync(join(tmpdir(), "tenon-deploy-"));
    const out = join(folder, "out");
    const env = { PATH: process.env.PATH!, HOME: folder };
    const version = kind === "mysql" ? "9" : "mariadb";
    let server: OwnServer;
    let cnf = "";
    let admin: Connection;
    const deploy = (...more: string[]): Promise<Run> =>
      // biome-ignore format: a command
      runProgram("tenon", ["deploy", "mysql", "--out", out, "--version", version, "--host", "db.lab", "--memory", "0.5", "--prefix", prefix,
        "--keys", `${server.inner}/keys`, ...more], folder, env);
    const account = (role: string) => ({
      user: role.startsWith("my_lab") ? role : `my_lab_${role}`,
      password: readFileSync(join(out, "passwords", `my_lab_${role}`), "utf8").trim(),
    });
    const open = (role: string, tls: object | boolean = { verify: true, caFile: join(out, "keys/ca.pem") }) =>
      connect({ kind: "mysql", host: "127.0.0.1", port: server.port, ...account(role), tls });
    const asAdmin = (text: string) => server.sql(text);

    before(async () => {
      server = await makeOwnServer(kind as OwnKind);
      const { code, out: said, err } = await deploy();
      assert.equal(code, 0, err);
      for (const role of roles) assert.ok(!said.includes(account(role).password), "a password was printed");
      cpSync(join(out, "keys"), join(server.folder, "keys"), { recursive: true });
      server.give(join(server.folder, "keys"));
      cnf = readFileSync(join(out, "my.cnf"), "utf8");
      const checked = server.validate(cnf);
      assert.equal(checked.code, 0, checked.text);
      await server.start(cnf);
      server.sql(readFileSync(join(out, "users.sql"), "utf8"));
      asAdmin(`CREATE DATABASE my_lab_a; CREATE DATABASE myXlab_a; CREATE TABLE myXlab_a.secret (a int);
        USE my_lab_a; CREATE TABLE mouse (m int primary key, note varchar(9)); CREATE TABLE \`#kind\` (m int primary key);
        CREATE TABLE mouse__note (m int primary key); CREATE TABLE __result (m int primary key); CREATE TABLE \`~jobs\` (m int primary key);
        ${roles.map((role) => `CREATE DATABASE my_lab_gone_${role}; CREATE TABLE \`#kind_${role}\` (m int primary key);`).join("")}`);
      admin = await open("operator");
    });
    after(async () => {
      await admin?.close();
      await server?.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    it("writes files that only their owner can read where they hold secrets", () => {
      const mode = (path: string) => statSync(join(out, path)).mode & 0o777;
      for (const path of ["users.sql", "keys/ca-key.pem", "keys/server-key.pem", "passwords/my_lab_guest"])
        assert.equal(mode(path), 0o600, path);
      for (const path of ["keys", "passwords"]) assert.equal(mode(path), 0o700, path);
      assert.ok(!cnf.includes(account("operator").password));
    });

    it("starts a server without a warning about a setting, in force as written", async () => {
      assert.doesNotMatch(server.log(), /unknown (variable|option)|deprecated|is removed/i);
      const { rows } = await admin.run({ text: "SHOW GLOBAL VARIABLES", parameters: [] });
      const has = new Map<string, string>(
        rows.map((row) => [String(row["Variable_name"]), String(row["Value"])]),
      );
      for (const [, name, text] of cnf
        .slice(cnf.indexOf("\n[mysqld]"), cnf.indexOf("\n[client]"))
        .matchAll(/^(\w+) = (.*)$/gm)) {
        const value: string | undefined = has.get(shownAs(name!, kind));
        if (value === undefined) {
          assert.match(name!, /^loose_|^mysqlx$|^symbolic_links$/, name!);
          continue;
        }
        const [, number, unit] = /^(\d+)([MG])$/.exec(text!) ?? [];
        const wanted =
          number === undefined
            ? text!.replaceAll("'", "")
            : `${Number(number) * (unit === "G" ? 2 ** 30 : 2 ** 20)}`;
        const isSame =
          name === "sql_mode" ? wanted.split(",").every((word) => value.includes(word)) : value === wanted;
        assert.ok(isSame, `${name}: my.cnf says ${wanted}, the server ${value}`);
      }
    });

    it("encrypts with a certificate of the lab's authority, and lets nobody in without", async () => {
      const { rows } = await admin.run({ text: "SHOW STATUS LIKE 'Ssl_version'", parameters: [] });
      assert.match(String(rows[0]!["Value"]), /^TLSv1\.[23]$/);
      await assert.rejects(
        open("guest", false),
        (error) => error instanceof AccessError || error instanceof LostConnectionError,
      );
      await assert.rejects(open("guest", true), /ssl_ca/, "an authority that Node does not know");
    });

    it("gives each role what it may do, and no more", async () => {
      const grants = await runProgram("tenon", ["deploy", "mysql", "--grants", "--prefix", prefix], folder, {
        ...env,
        DJ_HOST: `127.0.0.1:${server.port}`,
        DJ_USER: "my_lab_operator",
        DJ_PASS_FILE: join(out, "passwords/my_lab_operator"),
        DJ_SSL_CA: join(out, "keys/ca.pem"),
      });
      assert.equal(grants.code, 0, grants.err);
      asAdmin(grants.out);
      const wrong: string[] = [];
      for (const [index, role] of roles.entries()) {
        await using connection = await open(role);
        for (const [text, allowed] of statements) {
          const statement = {
            text: text.replaceAll("ROLE", role).replaceAll("NUMBER", `${index}`),
            parameters: [],
          };
          let got = "allowed";
          try {
            const { rows } = await connection.run(statement);
            if (/LOAD_FILE/.test(text)) got = Object.values(rows[0]!)[0] === 0 ? "refused" : "allowed";
          } catch (error) {
            got =
              error instanceof AccessError
                ? "refused"
                : `${(error as Error).name}: ${(error as Error).message}`;
          }
          const expected = allowed.includes(role) ? "allowed" : "refused";
          if (got !== expected) wrong.push(`${role}, ${statement.text}: expected ${expected}, got ${got}`);
        }
      }
      assert.deepEqual(wrong, []);
    });

    it("shows all connections to workers and operators, so that dead workers can be told", async () => {
      await using guest = await open("guest");
      await guest.run({ text: "SELECT 1", parameters: [] });
      const seen = async (role: Role) => {
        await using connection = await open(role);
        const { rows } = await connection.run({
          text: "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user='my_lab_guest'",
          parameters: [],
        });
        return Number(rows[0]!["n"]);
      };
      assert.equal(await seen("worker"), 1);
      assert.equal(await seen("operator"), 1);
      assert.equal(await seen("experimenter"), 0);
    });

    it("serves Tenon's own commands: workers make the pipeline, guests look at it", async () => {
      const lab = join(folder, "lab");
      for (const name of ["raw", "processed"]) mkdirSync(join(lab, name), { recursive: true });
      const custom = {
        "database.prefix": `${prefix}own_`,
        raw_root_data_dir: "raw",
        processed_root_data_dir: "processed",
      };
      writeFileSync(join(lab, "dj_local_conf.json"), JSON.stringify({ custom }));
      const as = (role: Role, program: "tenon" | "run-workflow", ...words: string[]) =>
        runProgram(program, words, lab, {
          ...env,
          HOME: lab,
          DJ_HOST: `127.0.0.1:${server.port}`,
          DJ_USER: `my_lab_${role}`,
          DJ_PASS_FILE: join(out, `passwords/my_lab_${role}`),
          DJ_SSL_CA: join(out, "keys/ca.pem"),
        });
      const worker = await as("worker", "run-workflow", "standard_worker", "--once");
      assert.equal(worker.code, 0, worker.err);
      const status = await as("guest", "tenon", "status");
      assert.equal(status.code, 0, status.err);
    });

    it("keeps keys and passwords when it is run again, and refuses to replace an edited file", async () => {
      const before_ = ["keys/ca.pem", "keys/server-key.pem", "users.sql", "passwords/my_lab_worker"].map(
        (path) => readFileSync(join(out, path), "utf8"),
      );
      assert.equal((await deploy()).code, 0);
      server.sql(readFileSync(join(out, "users.sql"), "utf8"));
      const now = ["keys/ca.pem", "keys/server-key.pem", "users.sql", "passwords/my_lab_worker"].map((path) =>
        readFileSync(join(out, path), "utf8"),
      );
      assert.deepEqual(now, before_);
      writeFileSync(join(out, "my.cnf"), `${cnf}# mine\n`);
      const { code, err } = await deploy("--memory", "2");
      assert.equal(code, 1);
      assert.match(err, /my\.cnf .*edited/);
      assert.equal((await deploy("--host", "db2.lab", "--force")).code, 0);
      assert.equal(
        readFileSync(join(out, "keys/ca.pem"), "utf8"),
        before_[0],
        "a new name, the same authority",
      );
      assert.notEqual(readFileSync(join(out, "keys/server-key.pem"), "utf8"), before_[1]);
    });

    it("binds datajoint-python's users to the same roles", {
      skip:
        process.env.TENON_PYTHON_DATAJOINT === undefined
          ? "no datajoint-python: TENON_PYTHON_DATAJOINT is not set"
          : false,
    }, async () => {
      const words = ["worker", "guest", "experimenter"].map(
        (role) => `my_lab_${role}:${join(out, "passwords", `my_lab_${role}`)}`,
      );
      const python = spawn(
        process.env.TENON_PYTHON_DATAJOINT!,
        [join(import.meta.dirname, "accounts.py"), "127.0.0.1", `${server.port}`, "my_lab_python", ...words],
        { cwd: folder, env: { ...env, HOME: folder }, stdio: ["pipe", "pipe", "pipe"] },
      );
      let errors = "";
      python.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
      const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
      const first = await lines.next();
      assert.ok(!first.done, errors);
      assert.deepEqual(JSON.parse(first.value).before_grants, {
        cipher: true,
        worker_populated: 1,
        guest_reads: [1, [1, 2, 3], 20.5],
        guest_insert: "AccessError",
        guest_drop: "AccessError",
      });
      const grants = await runProgram("tenon", ["deploy", "mysql", "--grants", "--prefix", prefix], folder, {
        ...env,
        DJ_HOST: `127.0.0.1:${server.port}`,
        DJ_USER: "my_lab_operator",
        DJ_PASS_FILE: join(out, "passwords/my_lab_operator"),
        DJ_SSL_CA: join(out, "keys/ca.pem"),
      });
      asAdmin(grants.out);
      python.stdin.end("go\n");
      const second = await lines.next();
      assert.ok(!second.done, errors);
      assert.deepEqual(JSON.parse(second.value), {
        experimenter_rows: 2,
        experimenter_result: "AccessError",
        experimenter_drop: "AccessError",
        experimenter_alter: "AccessError",
        experimenter_delete_with_results: "IntegrityError",
        experimenter_rows_after_delete: 1,
      });
    });
  });

/**
 * @module
 * `tenon doctor` on servers of its own, with deviations planted one by one: each is found, and the command that it prints mends it.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type ConnectionSettings, connect } from "@tenon/datajoint";
import { accountRights, hasRight } from "../../src/doctor/account-rights.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { machineFindings } from "../../src/doctor/machine-findings.ts";
import { serverFacts } from "../../src/doctor/server-facts.ts";
import { serverFindings } from "../../src/doctor/server-findings.ts";
import { loadSettings } from "../../src/settings/settings.ts";
import { cannotStart, makeOwnServer, type OwnKind, type OwnServer } from "../support/own-server.ts";
import { runProgram } from "../support/test-lab.ts";

interface Report {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

const nobody = { uid: 65534, gid: 65534 };
const program = fileURLToPath(new URL("../../src/cli/tenon.ts", import.meta.url));

for (const kind of ["mysql", "mariadb"] as const satisfies readonly OwnKind[]) {
  describe(`tenon doctor on a real ${kind}`, { skip: cannotStart(kind) }, () => {
    const folder = mkdtempSync(join(tmpdir(), "tenon-doctor-"));
    const prefix = "my_lab_";
    let server: OwnServer;
    let env: Record<string, string>;
    const examine = async (more: Record<string, string> = {}): Promise<Report> => {
      const { code, out, err } = await runProgram("tenon", ["doctor", "--json"], folder, { ...env, ...more });
      assert.notEqual(out, "", err);
      const report = JSON.parse(out) as Report;
      assert.equal(code, report.ok ? 0 : 1);
      assert.equal(report.ok, report.findings.length === 0);
      return report;
    };
    /** Runs the SQL of a command that a finding prints. */
    const mend = (finding: Finding) => {
      const [, sql] = /^mysql -u root -p -e '(.*)'(?: {2}#.*)?$/.exec(finding.mend) ?? [];
      assert.ok(sql !== undefined, finding.mend);
      server.sql(sql.replaceAll("'\\''", "'"));
    };

    before(async () => {
      server = await makeOwnServer(kind);
      for (const name of ["raw", "processed"]) mkdirSync(join(folder, name));
      const path = { PATH: process.env["PATH"]!, HOME: folder };
      const version = kind === "mysql" ? "9" : "mariadb";
      // biome-ignore format: a command
      const { code, err } = await runProgram("tenon", ["deploy", "mysql", "--out", join(folder, "out"), "--version", version, "--memory", "0.5",
        "--prefix", prefix, "--keys", `${server.inner}/keys`], folder, path);
      assert.equal(code, 0, err);
      cpSync(join(folder, "out/keys"), join(server.folder, "keys"), { recursive: true });
      server.give(join(server.folder, "keys"));
      await server.start(readFileSync(join(folder, "out/my.cnf"), "utf8"), {}, "0.0.0.0");
      server.sql(readFileSync(join(folder, "out/users.sql"), "utf8"));
      const database = { "database.ssl_ca": "out/keys/ca.pem" };
      writeFileSync(
        join(folder, "dj_local_conf.json"),
        JSON.stringify({ ...database, custom: { "database.prefix": prefix } }),
      );
      env = {
        ...path,
        DJ_HOST: "127.0.0.1",
        DJ_PORT: String(server.port),
        DJ_USER: "my_lab_worker",
        DJ_PASS_FILE: join(folder, "out/passwords/my_lab_worker"),
      };
    });
    after(async () => {
      await server?.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    it("finds nothing wrong where tenon deploy mysql's files are in force, for any role", async () => {
      for (const role of ["worker", "operator", "experimenter", "guest"]) {
        const account = {
          DJ_USER: `my_lab_${role}`,
          DJ_PASS_FILE: join(folder, `out/passwords/my_lab_${role}`),
        };
        assert.deepEqual((await examine(account)).findings, [], role);
      }
    });

    it("finds each deviation, and its command mends it", async () => {
      const planted = {
        "setting.sql_mode": "SET GLOBAL sql_mode = 'NO_ENGINE_SUBSTITUTION'",
        "setting.max_allowed_packet": "SET GLOBAL max_allowed_packet = 16777216",
        "setting.character_set_server": "SET GLOBAL character_set_server = 'latin1'",
        "setting.local_infile": "SET GLOBAL local_infile = ON",
        "setting.require_secure_transport": "SET GLOBAL require_secure_transport = OFF",
        "setting.wait_timeout": "SET GLOBAL wait_timeout = 28800",
        "setting.max_connections": "SET GLOBAL max_connections = 60",
        time_zone: "SET GLOBAL time_zone = '+02:00'",
        collation:
          "CREATE DATABASE my_lab_a COLLATE utf8mb4_bin; CREATE DATABASE my_lab_b COLLATE utf8mb4_bin; CREATE DATABASE my_lab_c COLLATE utf8mb4_general_ci",
      };
      for (const sql of Object.values(planted)) server.sql(sql);
      const { findings } = await examine();
      assert.deepEqual(findings.map(({ code }) => code).sort(), Object.keys(planted).sort());
      for (const finding of findings) {
        assert.doesNotMatch(finding.message, /\n/);
        mend(finding);
      }
      assert.deepEqual((await examine()).findings, []);
    });

    it("finds tables of another collation than the lab's, and its command converts them with the rows and keys that they have", async () => {
      server.sql(`CREATE TABLE my_lab_a.parent (name varchar(20) PRIMARY KEY); CREATE TABLE my_lab_b.other (n int PRIMARY KEY); CREATE TABLE my_lab_b.more (n int PRIMARY KEY);
        CREATE TABLE my_lab_c.old (name varchar(20) PRIMARY KEY) COLLATE utf8mb4_general_ci; INSERT INTO my_lab_c.old VALUES ('ä');
        CREATE TABLE my_lab_c.older (name varchar(20), PRIMARY KEY (name), FOREIGN KEY (name) REFERENCES old (name)) COLLATE utf8mb4_general_ci; INSERT INTO my_lab_c.older VALUES ('ä')`);
      const { findings } = await examine();
      assert.deepEqual(
        findings.map(({ code }) => code),
        ["collation.tables"],
      );
      assert.match(findings[0]!.message, /^2 tables of my_lab_c have collation utf8mb4_general_ci/);
      if (kind === "mysql") {
        const [, sql] =
          /-e '(.*)' -N > convert\.sql && mysql -u root -p --init-command='([^']*)'/.exec(
            findings[0]!.mend,
          ) ?? [];
        const statements = server.sql(sql!.replaceAll("'\\''", "'"));
        server.sql(`SET FOREIGN_KEY_CHECKS = 0; ${statements}`);
        assert.deepEqual((await examine()).findings, []);
        server.sql(
          "CREATE TABLE my_lab_c.child (name varchar(20), FOREIGN KEY (name) REFERENCES my_lab_a.parent (name))",
        );
        assert.equal(
          server.sql("SELECT name FROM my_lab_c.old JOIN my_lab_c.older USING (name)").trim(),
          "ä",
        );
      } else {
        // MariaDB has no command for it, and the finding says what is to be done
        assert.match(findings[0]!.mend, /^tenon backup {2}# .*drop the foreign keys of my_lab_c/);
        server.sql("DROP DATABASE my_lab_c");
      }
    });

    it("finds a clock that is off, by the server's own time", async () => {
      const settings = {
        ...loadSettings({ folder, env }).database,
        variables: { timestamp: Date.now() / 1000 - 30 },
      };
      await using connection = await connect(settings as ConnectionSettings);
      const facts = await serverFacts(connection, prefix);
      const found = serverFindings(facts, settings as never, prefix);
      assert.deepEqual(
        found.map(({ code }) => code),
        ["clock"],
      );
      assert.match(found[0]!.message, /clock is (29|30|31)\.\d s behind this machine's/);
    });

    it("finds a buffer pool that holds less than a tenth of the lab's data", async () => {
      const { database } = loadSettings({ folder, env });
      await using connection = await connect(database as ConnectionSettings);
      const facts = await serverFacts(connection, prefix);
      const pool = Number(facts.variables.get("innodb_buffer_pool_size"));
      const codes = (dataBytes: number) =>
        serverFindings({ ...facts, dataBytes }, database as never, prefix).map(({ code }) => code);
      assert.ok(facts.dataBytes > 0);
      assert.deepEqual(codes(pool * 9), []);
      assert.deepEqual(codes(pool * 11), ["setting.innodb_buffer_pool_size"]);
    });

    const elsewhere = addressOfThisMachine();
    it("finds a connection to another machine that is plain, or whose certificate nobody checks", {
      skip: elsewhere === undefined && "this machine has no address but its own",
    }, async () => {
      server.sql("SET GLOBAL require_secure_transport = OFF; ALTER USER my_lab_worker@'%' REQUIRE NONE");
      const file = join(folder, "elsewhere.json");
      const with_ = async (use_tls: unknown) => {
        const database = { "database.host": elsewhere, "database.use_tls": use_tls };
        writeFileSync(file, JSON.stringify({ ...database, custom: { "database.prefix": prefix } }));
        const words = ["doctor", "--json", "--config", file];
        const { DJ_HOST: _, ...rest } = env;
        const { out, err } = await runProgram("tenon", words, folder, rest);
        assert.notEqual(out, "", err);
        const { findings } = JSON.parse(out) as Report;
        return findings.map(({ code, message }) => (code === "server" ? message : code)).toSorted();
      };
      assert.deepEqual(await with_(false), ["setting.require_secure_transport", "tls"]);
      assert.deepEqual(await with_({ check_hostname: false }), [
        "setting.require_secure_transport",
        "tls.unchecked",
      ]);
      // by default it is encrypted and checked, so a certificate of nobody's is refused
      assert.match((await with_(undefined)).join(), /certificate/);
      server.sql("SET GLOBAL require_secure_transport = ON; ALTER USER my_lab_worker@'%' REQUIRE SSL");
    });

    it("names the rights that a worker's account lacks", async () => {
      server.sql("REVOKE REFERENCES ON `my\\_lab\\_%`.* FROM `my_lab_worker_role`");
      const { findings } = await examine();
      assert.deepEqual(
        findings.map(({ code }) => code),
        ["rights.work"],
      );
      assert.match(findings[0]!.message, /lacks REFERENCES,/);
      server.sql("GRANT REFERENCES ON `my\\_lab\\_%`.* TO `my_lab_worker_role`");
    });

    it("says in one line that a server refuses the password or does not answer, without the password", async () => {
      const wrong = join(folder, "wrong");
      writeFileSync(wrong, "Kolibri-99", { mode: 0o600 });
      const cases: readonly Record<string, string>[] = [{ DJ_PASS_FILE: wrong }, { DJ_PORT: "1" }];
      for (const more of cases) {
        const { findings } = await examine(more);
        assert.deepEqual(
          findings.map(({ code }) => code),
          ["server"],
        );
        assert.doesNotMatch(JSON.stringify(findings), /Kolibri|\\n/);
      }
    });
  });
}

describe("the machine, to tenon doctor", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-doctor-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const codes = (options = {}) =>
    machineFindings(loadSettings({ folder, env: {} }), { leastRoom: 1, ...options }).map(({ code }) => code);

  it("lacks folders until they are made, as the command says", () => {
    assert.deepEqual(codes(), ["folder.raw", "folder.processed"]);
    mkdirSync(join(folder, "raw"));
    writeFileSync(join(folder, "processed"), "");
    assert.deepEqual(codes(), ["folder.processed"]);
    rmSync(join(folder, "processed"));
    mkdirSync(join(folder, "processed"));
    assert.deepEqual(codes(), []);
  });

  it("has an old Node or a full disk", () => {
    assert.deepEqual(codes({ nodeVersion: "20.1.0" }), ["node"]);
    assert.deepEqual(codes({ nodeVersion: "24.1.0" }), ["node"]);
    assert.deepEqual(codes({ nodeVersion: "24.2.0" }), []);
    assert.deepEqual(codes({ leastRoom: 2 ** 60 }), ["disk.processed"]);
  });

  it("has folders and a database file that this user may not use", { skip: cannotBeNobody() }, () => {
    const own = mkdtempSync(join(tmpdir(), "tenon-doctor-"));
    try {
      chmodSync(own, 0o755);
      for (const name of ["raw", "processed"]) mkdirSync(join(own, name));
      writeFileSync(join(own, "lab.sqlite"), "");
      writeFileSync(
        join(own, "dj_local_conf.json"),
        JSON.stringify({ "database.backend": "sqlite", "database.path": "lab.sqlite" }),
      );
      chmodSync(join(own, "raw"), 0o700);
      const examine = () => {
        const words = [program, "doctor", "--json"];
        const env = { PATH: process.env["PATH"]!, HOME: own };
        const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: own, env, ...nobody });
        const text = String(stdout);
        assert.notEqual(text, "", String(stderr));
        return (JSON.parse(text) as Report).findings.filter(({ code }) => !code.startsWith("disk."));
      };
      const findings = examine();
      assert.deepEqual(
        findings.map(({ code }) => code),
        ["folder.raw", "folder.processed", "database.file"],
      );
      assert.match(findings[0]!.message, /raw cannot be read by this user \(mode 700\)/);
      assert.match(findings[1]!.message, /processed cannot be read and written by this user \(mode 755\)/);
      // what the commands come to
      chmodSync(join(own, "raw"), 0o755);
      chownSync(join(own, "processed"), nobody.uid, nobody.gid);
      chownSync(join(own, "lab.sqlite"), nobody.uid, nobody.gid);
      assert.deepEqual(examine(), []);
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  });

  it("has a configuration that others can read, which is a finding with its command", async () => {
    const file = join(folder, "dj_local_conf.json");
    writeFileSync(file, JSON.stringify({ "database.password": "Kolibri-99" }));
    chmodSync(file, 0o644);
    const env = { PATH: process.env["PATH"]!, HOME: folder };
    const { code, out, err } = await runProgram("tenon", ["doctor", "--json"], folder, env);
    assert.equal(code, 1);
    const { findings } = JSON.parse(out) as Report;
    assert.deepEqual(
      findings.map(({ code, mend }) => [code, mend]),
      [["configuration", `chmod 600 ${file}`]],
    );
    assert.doesNotMatch(out + err, /Kolibri/);
    rmSync(file);
  });
});

/** Why no program can be run as a user without rights, or false. */
function cannotBeNobody(): string | false {
  if (process.getuid?.() !== 0) return "to become another user needs root";
  const { status } = spawnSync(process.execPath, [program, "--version"], { ...nobody });
  return status === 0 ? false : "another user cannot read this checkout";
}

/** An address of this machine at which it is another's, so to say. */
function addressOfThisMachine(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

describe("rights of an account", () => {
  it("follow the patterns of grants", () => {
    const rights = (schema: string) =>
      hasRight(
        accountRights([`GRANT SELECT ON \`${schema}\`.* TO \`a\`@\`%\``], "my_lab_").onSchemas,
        "SELECT",
      );
    assert.deepEqual(
      ["my\\_lab\\_%", "my_lab_%", "%", "my\\_la%", "your\\_%", "my\\_lab\\_a", "my.lab.%"].map(rights),
      [true, true, true, true, false, false, false],
    );
  });
});

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type ConfigurationError, loadSettings } from "../../src/settings/settings.ts";
import { runProgram } from "../support/test-lab.ts";

const folder = mkdtempSync(join(tmpdir(), "tenon-security-"));
after(() => rmSync(folder, { recursive: true }));

let count = 0;
function configured(content: object, mode = 0o600): string {
  const place = join(folder, `${count++}`);
  mkdirSync(place);
  const file = join(place, "dj_local_conf.json");
  writeFileSync(file, JSON.stringify(content));
  chmodSync(file, mode);
  return place;
}
const server = { "database.host": "db.lab", "database.user": "u", "database.password": "s3cret" };
const database = (content: object, env = {}) => {
  const { database: found } = loadSettings({ folder: configured(content), env });
  assert.ok(found.kind === "mysql");
  return found;
};
const isWindows = process.platform === "win32" ? "Windows has no modes" : false;

describe("a configuration with a secret in it", { skip: isWindows }, () => {
  for (const mode of [0o644, 0o640, 0o606, 0o620])
    it(`is refused with mode ${mode.toString(8)}, and the command that mends it is shown`, () => {
      const place = configured(server, mode);
      const file = join(place, "dj_local_conf.json");
      assert.throws(
        () => loadSettings({ folder: place, env: {} }),
        (error: ConfigurationError) =>
          error.key === "database.password" &&
          error.message.includes(`chmod 600 ${file}`) &&
          !error.message.includes("s3cret"),
      );
      chmodSync(file, 0o600);
      assert.equal(loadSettings({ folder: place, env: {} }).database.kind, "mysql");
    });

  it("is refused for the keys of an object store too", () => {
    const stores = { data: { protocol: "s3", endpoint: "e", bucket: "b", access_key: "a", secret_key: "k" } };
    assert.throws(
      () => loadSettings({ folder: configured({ stores }, 0o644), env: {} }),
      /stores\.data\.secret_key/,
    );
  });

  it("may be open when it holds none", () => {
    const { "database.password": _, ...rest } = server;
    const settings = loadSettings({ folder: configured(rest, 0o644), env: { DJ_PASS: "p" } });
    assert.equal(settings.database.kind, "mysql");
  });

  it("makes the programs fail with the sentence and exit 1", async () => {
    const place = configured({ ...server, "database.host": "127.0.0.1:1" }, 0o644);
    const { code, err } = await runProgram("tenon", ["status"], place, {
      PATH: process.env.PATH!,
      HOME: place,
    });
    assert.equal(code, 1);
    assert.match(err, /chmod 600 .*dj_local_conf\.json/);
    assert.doesNotMatch(err, /s3cret/);
  });
});

describe("a password file", () => {
  const write = (text: string, mode = 0o600) => {
    const file = join(folder, `pass-${count++}`);
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };
  const { "database.password": _, ...account } = server;

  it("is read from the configuration or from DJ_PASS_FILE, without its line break", () => {
    const file = write("hush\n");
    assert.equal(database({ ...account, "database.password_file": file }).password, "hush");
    assert.equal(database(account, { DJ_PASS_FILE: file }).password, "hush");
    assert.equal(database(server, { DJ_PASS_FILE: file }).password, "hush", "the environment beats the file");
    assert.equal(database(server, { DJ_PASS_FILE: file, DJ_PASS: "x" }).password, "x");
  });

  it("is refused when everybody can read it, and when it is empty or missing", { skip: isWindows }, () => {
    assert.throws(() => database(account, { DJ_PASS_FILE: write("x", 0o644) }), /chmod 600/);
    assert.equal(database(account, { DJ_PASS_FILE: write("x", 0o640) }).password, "x");
    assert.throws(() => database(account, { DJ_PASS_FILE: write("\n") }), /is empty/);
    assert.throws(() => database(account, { DJ_PASS_FILE: "/nowhere/p" }), /Cannot read the password file/);
  });
});

describe("TLS", () => {
  it("is required and checked for a server that is not this machine, unless the configuration says no", () => {
    assert.deepEqual(database(server).tls, { verify: true });
    assert.deepEqual(database({ ...server, "database.ssl_ca": "/ca.pem" }).tls, {
      verify: true,
      caFile: "/ca.pem",
    });
    assert.equal(database({ ...server, "database.use_tls": false }).tls, false);
    assert.equal(database(server, { DJ_USE_TLS: "false" }).tls, false);
    for (const host of ["localhost", "127.0.0.1", "127.0.1.1:3307"])
      assert.equal(database({ ...server, "database.host": host }).tls, undefined);
    assert.deepEqual(database({ ...server, "database.host": "127.evil.com" }).tls, { verify: true });
    const local = { ...server, "database.host": "localhost" };
    assert.deepEqual(database({ ...local, "database.use_tls": true }).tls, { verify: true });
  });

  it("reads datajoint-python's dictionary as PyMySQL does", () => {
    const tls = (options: object) => database({ ...server, "database.use_tls": options }).tls;
    assert.deepEqual(tls({ ssl: {} }), { verify: false }, "encrypted, not checked");
    assert.deepEqual(tls({ ca: "/ca.pem" }), { verify: true, caFile: "/ca.pem" });
    assert.deepEqual(tls({ ca: "/ca.pem", check_hostname: false }), { verify: false, caFile: "/ca.pem" });
    assert.deepEqual(tls({ ca: "/ca.pem", verify_mode: "none" }), { verify: false, caFile: "/ca.pem" });
    assert.throws(() => tls({ cert: "/c.pem" }), /'cert', which is not supported/);
  });
});

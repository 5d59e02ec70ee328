import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type ConfigurationError, loadSettings } from "../../src/settings/settings.ts";

const folder = mkdtempSync(join(tmpdir(), "tenon-settings-"));
after(() => rmSync(folder, { recursive: true }));

let count = 0;
/** A folder of its own with one configuration file. */
function withFile(content: unknown, name = "dj_local_conf.json"): string {
  const place = mkdtempSync(join(folder, `${count++}-`));
  const text = typeof content === "string" ? content : JSON.stringify(content);
  writeFileSync(join(place, name), text, { mode: 0o600 });
  return place;
}
const load = (content: unknown, env = {}, name?: string) =>
  loadSettings({ folder: withFile(content, name), env });

describe("loadSettings", () => {
  it("is SQLite, raw and processed beside the file when nothing is configured", () => {
    const place = withFile({});
    const settings = loadSettings({ folder: place, env: {} });
    assert.deepEqual(settings.database, { kind: "sqlite", path: join(place, "tenon.sqlite") });
    assert.deepEqual(settings.rawRoots, [join(place, "raw")]);
    assert.equal(settings.processedRoot, join(place, "processed"));
  });

  it("reads dotted and nested keys, and the file name of the deployment page", () => {
    const dotted = load(
      { "database.host": "db", "database.user": "u", "database.password": "p" },
      {},
      "dj_local_config.json",
    );
    const nested = load({ database: { host: "db", user: "u", password: "p" } });
    const tls = { verify: true };
    assert.deepEqual(dotted.database, {
      kind: "mysql",
      host: "db",
      port: 3306,
      user: "u",
      password: "p",
      tls,
    });
    assert.deepEqual(nested.database, dotted.database);
  });

  it("lets the environment override the file", () => {
    const settings = load(
      { "database.host": "db:3307" },
      { DJ_USER: "u", DJ_PASS: "p", DATABASE_PREFIX: "lab_" },
    );
    const tls = { verify: true };
    assert.deepEqual(settings.database, {
      kind: "mysql",
      host: "db",
      port: 3307,
      user: "u",
      password: "p",
      tls,
    });
    assert.equal(settings.prefix, "lab_");
  });

  it("takes several raw roots, relative ones beside the file", () => {
    const place = withFile({ custom: { raw_root_data_dir: ["/data/raw", "here"] } });
    assert.deepEqual(loadSettings({ folder: place, env: {} }).rawRoots, ["/data/raw", join(place, "here")]);
  });

  it("names a wrong key and the one that was meant", () => {
    assert.throws(
      () => load({ custom: { processed_data_dir: "/x" } }),
      (error: ConfigurationError) =>
        error.key === "custom.processed_data_dir" &&
        /Did you mean 'custom\.processed_root_data_dir'/.test(error.message),
    );
    assert.throws(
      () => load({ "databse.host": "x" }),
      /unknown key 'databse\.host'. Did you mean 'database\.host'/,
    );
  });

  it("says which setting of a server is missing and how to give it", () => {
    assert.throws(
      () => load({ "database.host": "db", "database.user": "u" }),
      /'database\.password' is missing.*DJ_PASS/,
    );
  });

  it("says what a value must be, and never prints a password", () => {
    assert.throws(() => load({ "database.port": "3306" }), /'database\.port' must be a number, got "3306"/);
    assert.throws(
      () => load({ "database.password": 12345 }),
      (error: Error) => /database\.password/.test(error.message) && !error.message.includes("12345"),
    );
    assert.throws(() => load({ "custom.generation": "old" }), /legacy or current, got "old"/);
    assert.throws(() => load({}, { WORKER_MAX_IDLED_CYCLE: "many" }), /WORKER_MAX_IDLED_CYCLE.*a number/);
  });

  it("refuses a file that is not a JSON object", () => {
    assert.throws(() => load("{"), /is not JSON/);
    assert.throws(() => load("[1]"), /must hold one JSON object/);
  });

  it("refuses a store with an unknown protocol or without a folder", () => {
    assert.throws(
      () => load({ stores: { a: { protocol: "flie", location: "/x" } } }),
      /stores\.a\.protocol.*file/,
    );
    assert.throws(() => load({ stores: { a: { protocol: "file" } } }), /stores\.a\.location/);
    assert.deepEqual(load({ stores: { a: { protocol: "file", location: "/x" } } }).stores["a"], {
      protocol: "file",
      location: "/x",
    });
  });

  it("keeps the pipeline's blobs below the processed root unless the file says where", () => {
    const blobs = (content: object) => load(content).stores["datajoint-blob"];
    const custom = { processed_root_data_dir: "/p" };
    assert.deepEqual(blobs({ custom }), { protocol: "file", location: "/p/datajoint-blob" });
    const stores = { "datajoint-blob": { protocol: "file", location: "/x" } };
    assert.deepEqual(blobs({ custom, stores }), { protocol: "file", location: "/x" });
    // a store that is somewhere else is not replaced by an empty folder
    assert.equal(
      blobs({ stores: { "datajoint-blob": { protocol: "s3", endpoint: "x", bucket: "b" } } }),
      undefined,
    );
  });
});

/** `tenon migrate platform` where the platform's schema was not handed over: what refers to it finds a parent again, on every database. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readlinkSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Connection, connect } from "@tenon/datajoint";
import { dropSchemas, makeTestLab, settingsOf, testServers } from "../support/test-lab.ts";

interface Report {
  readonly schema: string;
  readonly made: readonly string[];
  readonly workflowRow: boolean;
  readonly manifest: {
    readonly files: number;
    readonly added: number;
    readonly updated: number;
    readonly changed: readonly string[];
  };
  readonly links: readonly string[];
  readonly unsettled: readonly string[];
}

for (const server of testServers)
  describe(`tenon migrate platform (${server.name})`, { skip: server.skip }, () => {
    const lab = makeTestLab(server);
    // {organisation}_{workflow}_
    const org = lab.prefix.split("_")[0]!;
    const admin = `${org}_admin_workflow`;
    const support = `${org}_support_x_ingestion_support`;
    let db: Connection;

    const file = (path: string, content: string, ageS = 600) => {
      const full = join(lab.folder, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, content);
      const time = new Date(Date.now() - ageS * 1000);
      utimesSync(full, time, time);
    };
    const run = async (...words: string[]): Promise<Report & { readonly code: number | null }> => {
      const { code, out, err } = await lab.tenon("migrate", "platform", "--json", ...words);
      assert.notEqual(out, "", err);
      return { ...(JSON.parse(out) as Report), code };
    };
    const rows = async (schema: string, table: string) =>
      (await db.run({ text: `SELECT * FROM ${db.dialect.writer.table(schema, table)}`, parameters: [] }))
        .rows;

    before(async () => {
      const config = join(lab.folder, "dj_local_conf.json");
      const custom = {
        "database.prefix": lab.prefix,
        raw_root_data_dir: "raw",
        processed_root_data_dir: "processed",
      };
      const store = (location: string) => ({ protocol: "file", location });
      writeFileSync(
        config,
        JSON.stringify({
          custom,
          stores: { "data-root": store("data-root"), "datajoint-blob": store("processed/blobs") },
        }),
      );
      file("raw/run1/a.bin", "raw bytes");
      file("raw/run1/.hidden", "x");
      file("raw/run1/b.bin.part", "x");
      file("raw/run1/fresh.bin", "still being copied", 0);
      file("processed/run1/out.npy", "result");
      file("processed/blobs/s/ab/cd/abcd", "a blob is in no manifest");
      db = await connect(settingsOf(server, lab.folder));
      const { ddl, writer } = db.dialect;
      for (const statement of ddl.createSchema(support)) await db.run(statement);
      const child = writer.table(support, "_file_processing");
      const parent =
        server.name === "sqlite"
          ? writer.quote(`${admin}.file_manifest`)
          : writer.table(admin, "file_manifest");
      // as an import leaves it: the foreign key is there, its parent is not
      await db.transaction(async () => {
        if (server.name !== "sqlite") await db.run({ text: "SET FOREIGN_KEY_CHECKS=0", parameters: [] });
        await db.run({
          text: `CREATE TABLE ${child} (remote_fullpath varchar(511) NOT NULL, execution_time datetime, PRIMARY KEY (remote_fullpath), FOREIGN KEY (remote_fullpath) REFERENCES ${parent} (remote_fullpath))`,
          parameters: [],
        });
        if (server.name !== "sqlite") await db.run({ text: "SET FOREIGN_KEY_CHECKS=1", parameters: [] });
      });
    });
    after(async () => {
      await db?.close();
      await dropSchemas(server, `${org}_`);
      await lab.remove();
    });

    const insertChild = (path: string) =>
      db.run({
        text: `INSERT INTO ${db.dialect.writer.table(support, "_file_processing")} (remote_fullpath) VALUES (?)`,
        parameters: [path],
      });
    const key = `${lab.prefix.replace(/_$/, "")}/inbox/run1/a.bin`;

    it("says what it would do, and does nothing", async () => {
      const report = await run("--dry-run");
      assert.deepEqual([report.manifest.files, report.manifest.added, report.workflowRow], [2, 2, true]);
      assert.equal(existsSync(join(lab.folder, "data-root")), false);
      assert.ok(!(await db.dialect.catalogue.schemas(db)).includes(admin));
    });

    it("makes the tables, notes the files and links the store", async () => {
      const report = await run();
      assert.equal(report.code, 0);
      assert.deepEqual(
        [...report.made].toSorted(),
        ["file_manifest", "workflow", "~external_data-root"].map((name) => `${admin}.${name}`),
      );
      assert.deepEqual([report.manifest.added, report.manifest.changed, report.workflowRow], [2, [], true]);
      assert.deepEqual(report.unsettled, [join(lab.folder, "raw/run1/fresh.bin")]);
      assert.equal(readlinkSync(join(lab.folder, "data-root/inbox")), join(lab.folder, "raw"));
      const manifest = await rows(admin, "file_manifest");
      assert.deepEqual(manifest.map((row) => row["remote_fullpath"]).toSorted(), [
        key,
        key.replace("inbox/run1/a.bin", "outbox/run1/out.npy"),
      ]);
      const tracked = await rows(admin, "~external_data-root");
      const raw = tracked.find((row) => row["filepath"] === "inbox/run1/a.bin")!;
      const md5 = (text: string) => createHash("md5").update(text).digest("hex");
      const hex = (value: unknown) => Buffer.from(value as Uint8Array).toString("hex");
      assert.deepEqual(
        [hex(raw["hash"]), hex(raw["contents_hash"]), Number(raw["size"])],
        [md5("inbox/run1/a.bin"), md5("raw bytes"), 9],
      );
      assert.deepEqual(
        (await rows(admin, "workflow")).map((row) => row["wf_db_prefix"]),
        [lab.prefix],
      );
      // a table that other programs made in SQLite has no type of MySQL
      if (server.name === "sqlite") return;
      const columns = await db.dialect.catalogue.heading(db, admin, "file_manifest");
      assert.equal(
        columns.get("remote_fullpath")!.type,
        "varchar(511)",
        "as the tables that refer to it have it",
      );
    });

    it("does nothing twice, and rows can refer to the files", async () => {
      const report = await run();
      assert.deepEqual(
        [report.made, report.links, report.workflowRow, report.manifest.added],
        [[], [], false, 0],
      );
      await insertChild(key);
      await assert.rejects(insertChild("nowhere"), /foreign key|refers/i);
    });

    it("follows results that were written anew, and names raw files that changed", async () => {
      file("processed/run1/out.npy", "a longer result");
      assert.deepEqual([(await run()).manifest.updated, (await run()).manifest.updated], [1, 0]);
      file("raw/run1/a.bin", "other raw bytes");
      const report = await run();
      assert.equal(report.code, 1);
      assert.deepEqual(report.manifest.changed, [join(lab.folder, "raw/run1/a.bin")]);
      file("raw/run1/a.bin", "raw bytes");
    });

    it("refuses to put links over something else, and a prefix that no platform had", async () => {
      const config = join(lab.folder, "other.json");
      const custom = {
        "database.prefix": lab.prefix,
        raw_root_data_dir: "raw",
        processed_root_data_dir: "processed",
      };
      mkdirSync(join(lab.folder, "taken"));
      symlinkSync("/etc", join(lab.folder, "taken/inbox"));
      writeFileSync(
        config,
        JSON.stringify({ custom, stores: { "data-root": { protocol: "file", location: "taken" } } }),
      );
      const taken = await lab.tenon("migrate", "platform", "--config", config);
      assert.equal(taken.code, 1);
      assert.match(taken.err, /taken\/inbox is there and is not /);
      writeFileSync(
        config,
        JSON.stringify({
          custom: { ...custom, "database.prefix": "lab" },
          stores: { "data-root": { protocol: "file", location: "data-root" } },
        }),
      );
      const short = await lab.tenon("migrate", "platform", "--config", config);
      assert.equal(short.code, 1);
      assert.match(short.err, /has no two parts/);
    });
  });

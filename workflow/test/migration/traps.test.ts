/**
 * A whole move off a fake platform (a real MySQL filled by the workers and by datajoint-python, a bucket's tree) into a lab, through the real
 * programs: clean, it is certified; with each of the planted traps, the trap is named by its code.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Connection, connect } from "@tenon/datajoint";
import {
  copyFiles,
  type FakePlatform,
  type MigratedLab,
  makeEmptyLab,
  makeFakePlatform,
  noPlatform,
} from "../support/fake-platform.ts";
import { dropSchemas, settingsOf, testServers } from "../support/test-lab.ts";

interface Finding {
  readonly code: string;
  readonly where: string;
  readonly message: string;
}

interface Certificate {
  readonly ok: boolean;
  readonly problems: readonly Finding[];
  readonly notes: readonly Finding[];
  readonly tables: readonly {
    readonly schema: string;
    readonly table: string;
    readonly expected: number;
    readonly got: number | null;
  }[];
  readonly files: {
    readonly stores: readonly {
      readonly table: string;
      readonly files: number;
      readonly used: number;
      readonly verified: number;
      readonly decoded: number;
    }[];
    readonly paths: readonly {
      readonly table: string;
      readonly column: string;
      readonly paths: number;
      readonly missing: number;
    }[];
  };
  readonly blobs: readonly { readonly table: string; readonly decoded: number }[];
  readonly foreignKeys: readonly { readonly orphans: number | null }[];
  readonly population: readonly {
    readonly process: string;
    readonly done: number;
    readonly remaining: number;
  }[];
  readonly networkRun: {
    readonly done: boolean;
    readonly method: string | null;
    readonly refused: readonly unknown[];
    readonly commands: readonly { readonly code: number | null }[];
  };
  readonly dumps: readonly { readonly sha256: string; readonly rows: number }[];
}

const target = testServers.find(({ name }) => name === "mysql")!;

describe("a move off the platform", { skip: noPlatform || target.skip, timeout: 600_000 }, () => {
  let platform: FakePlatform;
  let lab: MigratedLab;
  let db: Connection;
  const folder = mkdtempSync(join(tmpdir(), "tenon-move-"));

  before(async () => {
    platform = await makeFakePlatform();
    lab = makeEmptyLab(platform, target, folder);
    const imported = await lab.tenon("migrate", "db", platform.dump);
    assert.equal(imported.code, 0, imported.err + imported.out);
    copyFiles(platform, folder);
    db = await connect(settingsOf(target, folder));
  });

  after(async () => {
    await db?.close();
    if (platform !== undefined) {
      await platform.remove();
      await dropSchemas(target, `${platform.org}_`);
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const sql = async (text: string, ...parameters: (string | number | Uint8Array | null)[]) =>
    (await db.run({ text, parameters })).rows;
  /** Statements with foreign keys off, on one session. */
  const unchecked = (...statements: string[]) =>
    db.transaction(async () => {
      await sql("SET FOREIGN_KEY_CHECKS=0");
      for (const statement of statements) await sql(statement);
      await sql("SET FOREIGN_KEY_CHECKS=1");
    });
  const verify = async (...words: string[]): Promise<Certificate & { readonly code: number | null }> => {
    const { code, out, err } = await lab.tenon(
      "migrate",
      "verify",
      "--dump",
      platform.dump,
      "--without-run",
      "--json",
      ...words,
    );
    assert.notEqual(out, "", err);
    return { ...(JSON.parse(out) as Certificate), code };
  };
  const codesOf = (found: { readonly problems: readonly Finding[] }) => [
    ...new Set(found.problems.map(({ code }) => code)),
  ];
  /** Plants something, verifies, takes it away again. */
  const planted = async (plant: () => unknown, mend: () => unknown) => {
    await plant();
    try {
      return await verify();
    } finally {
      await mend();
    }
  };
  const rename = (path: string) =>
    [() => renameSync(path, `${path}.away`), () => renameSync(`${path}.away`, path)] as const;
  const blobFiles = () => {
    const root = join(folder, "stores/datajoint-blob");
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  };

  it("clean is certified, with the network cut, signed, and readable", async () => {
    const out = join(folder, "certificate");
    const {
      code,
      out: text,
      err,
    } = await lab.tenon("migrate", "verify", "--dump", platform.dump, "--json", "--out", out);
    assert.notEqual(text, "", err);
    const found = JSON.parse(text) as Certificate;
    assert.deepEqual(found.problems, []);
    assert.equal(found.ok, true);
    assert.equal(code, 0);
    assert.ok(found.tables.length > 90, `${found.tables.length} tables`);
    assert.ok(found.tables.every(({ expected, got }) => expected === got));
    assert.ok(found.foreignKeys.length > 90 && found.foreignKeys.every(({ orphans }) => orphans === 0));
    const stores = found.files.stores;
    assert.ok(
      stores.every(({ files, used, verified }) => files === used && files === verified),
      JSON.stringify(stores),
    );
    assert.deepEqual(
      new Set(stores.map(({ table }) => table.split("~")[1])),
      new Set(["external_datajoint-blob", "external_ephys-processed", "external_data-root"]),
    );
    assert.ok(found.blobs.reduce((sum, { decoded }) => sum + decoded, 0) > 200);
    assert.deepEqual(found.files.paths.map(({ column, missing }) => [column, missing]).toSorted(), [
      ["clustering_output_dir", 0],
      ["file_path", 0],
      ["remote_fullpath", 0],
      ["session_dir", 0],
    ]);
    assert.ok(
      found.population.some(
        ({ process, done, remaining }) => process === "ephys.LFP" && done === 1 && remaining === 0,
      ),
    );
    assert.equal(found.networkRun.done, true);
    assert.deepEqual(found.networkRun.refused, []);
    assert.ok(found.networkRun.commands.length >= 4);
    assert.match(found.dumps[0]!.sha256, /^[0-9a-f]{64}$/);
    const page = readFileSync(join(out, "certificate.html"), "utf8");
    assert.match(page, /Complete\./);
    assert.doesNotMatch(page, /<(script|link|img)\b|https?:\/\//);
    assert.equal(statSync(join(folder, ".tenon/certificate-key.pem")).mode & 0o777, 0o600);
  });

  it("a certificate that was changed, or is another lab's, is not valid", async () => {
    const file = join(folder, "certificate/certificate.json");
    const good = await lab.tenon("migrate", "verify", "--check", file);
    assert.equal(good.code, 0, good.out + good.err);
    assert.match(good.out, /signature valid: \S+ on \S+, 20\d\d-/);
    const changed = join(folder, "changed.json");
    writeFileSync(changed, readFileSync(file, "utf8").replace('"sample": null', '"sample": 5'));
    const bad = await lab.tenon("migrate", "verify", "--check", changed);
    assert.equal(bad.code, 1);
    assert.match(bad.out, /signature NOT valid/);
    const other = mkdtempSync(join(tmpdir(), "tenon-other-"));
    try {
      makeEmptyLab(platform, target, other);
      copyFileSync(file, join(other, "c.json"));
      copyFileSync(join(folder, ".tenon/certificate-key.public.pem"), join(other, "key.pem"));
      const there = { ...lab, folder: other };
      const run = (await import("../support/test-lab.ts")).runProgram;
      const unknown = await run("tenon", ["migrate", "verify", "--check", "c.json"], there.folder, lab.env);
      assert.equal(unknown.code, 1);
      assert.match(unknown.out, /the key is NOT the lab's/);
      const known = await run(
        "tenon",
        ["migrate", "verify", "--check", "c.json", "--key", "key.pem"],
        there.folder,
        lab.env,
      );
      assert.equal(known.code, 0, known.out + known.err);
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  it("trap: a dump cut in the middle", async () => {
    const cut = join(folder, "cut.sql");
    copyFileSync(platform.dump, cut);
    truncateSync(cut, Math.floor(statSync(cut).size / 2));
    const found = await lab.tenon("migrate", "verify", "--dump", cut, "--without-run", "--json");
    assert.equal(found.code, 1);
    assert.ok(codesOf(JSON.parse(found.out)).includes("dump-truncated"), found.out.slice(0, 2000));
    const inventory = await lab.tenon("migrate", "inventory", "--dump", cut, "--json");
    assert.equal(inventory.code, 1);
    assert.ok(codesOf(JSON.parse(inventory.out)).includes("dump-truncated"));
  });

  it("trap: a row lost in one table", async () => {
    const table = `\`${platform.prefix}ephys_report\`.\`__unit_level_report\``;
    await sql(`CREATE TABLE \`${platform.prefix}lab\`.kept SELECT * FROM ${table} LIMIT 1`);
    const found = await planted(
      () => sql(`DELETE FROM ${table} WHERE unit IN (SELECT unit FROM \`${platform.prefix}lab\`.kept)`),
      async () => {
        await sql(`INSERT INTO ${table} SELECT * FROM \`${platform.prefix}lab\`.kept`);
        await sql(`DROP TABLE \`${platform.prefix}lab\`.kept`);
      },
    );
    assert.deepEqual(codesOf(found), ["rows-missing"]);
    assert.equal(found.problems[0]!.where, `${platform.prefix}ephys_report.__unit_level_report`);
  });

  it("trap: an orphan foreign key", async () => {
    const table = `\`${platform.org}_admin_workflow\`.file_manifest`;
    const found = await planted(
      () => unchecked(`UPDATE ${table} SET wf_name='nobody' LIMIT 1`),
      () => unchecked(`UPDATE ${table} SET wf_name='${platform.workflow}'`),
    );
    assert.deepEqual(codesOf(found), ["orphan-rows"]);
    assert.match(found.problems[0]!.message, /1 row .*workflow.*wf_name=nobody/);
  });

  it("trap: a missing store object", async () => {
    const [away, back] = rename(blobFiles()[0]!);
    const found = await planted(away, back);
    assert.deepEqual(codesOf(found), ["stored-file-missing"]);
  });

  it("trap: a file of the right size and the wrong content", async () => {
    const path = join(folder, "processed/mua_0/report.json");
    const good = readFileSync(path);
    const found = await planted(
      () => writeFileSync(path, Buffer.alloc(good.length, "x")),
      () => writeFileSync(path, good),
    );
    assert.deepEqual(codesOf(found), ["stored-file-content"]);
  });

  it("trap: a truncated raw recording", async () => {
    const run = join(folder, "raw/tiny_seed1_g0/tiny_seed1_g0_imec0");
    const path = join(run, readdirSync(run).find((name) => name.endsWith(".ap.bin"))!);
    const kept = join(folder, "kept.bin");
    copyFileSync(path, kept);
    const found = await planted(
      () => truncateSync(path, statSync(path).size - 7200),
      () => renameSync(kept, path),
    );
    // the platform's manifest knows its size too
    assert.deepEqual(new Set(codesOf(found)), new Set(["session-incomplete", "stored-file-size"]));
  });

  it("trap: an undecodable blob, in a row and in a store", async () => {
    const table = `\`${platform.prefix}ephys\`.\`_l_f_p\``;
    const [row] = await sql(`SELECT lfp_mean FROM ${table}`);
    const good = row!["lfp_mean"] as Uint8Array;
    const bad = Buffer.from(good);
    bad.fill(0, 14, 200);
    const found = await planted(
      () => sql(`UPDATE ${table} SET lfp_mean=?`, bad),
      () => sql(`UPDATE ${table} SET lfp_mean=?`, good),
    );
    assert.deepEqual(codesOf(found), ["blob-undecodable"]);
    assert.match(found.problems[0]!.message, /^lfp_mean of subject=mouse1, /);
  });

  it("trap: a path that escapes the root", async () => {
    const table = `\`${platform.prefix}session\`.session_directory`;
    const found = await planted(
      () => sql(`UPDATE ${table} SET session_dir='../../../etc'`),
      () => sql(`UPDATE ${table} SET session_dir='tiny_seed1_g0'`),
    );
    assert.deepEqual(codesOf(found), ["path-outside"]);
  });

  it("trap: jobs that the platform's workers hold", async () => {
    const { schemas: _, dump } = platform;
    const reserved =
      /INSERT INTO `~jobs` VALUES[^;]*?\('_l_f_p','([0-9a-f]{32})','reserved'.*?,(\d+),'20/s.exec(
        readFileSync(dump, "latin1"),
      );
    assert.ok(reserved !== null, "the dump has a reserved job");
    const [, hash, connection] = reserved;
    const jobs = `\`${platform.prefix}ephys\`.\`~jobs\``;
    const found = await planted(
      () =>
        sql(
          `INSERT INTO ${jobs} (table_name, key_hash, status, connection_id) VALUES ('_l_f_p', ?, 'reserved', ?)`,
          hash!,
          connection!,
        ),
      () => sql(`DELETE FROM ${jobs} WHERE status='reserved'`),
    );
    assert.deepEqual(codesOf(found), ["jobs-reserved"]);
  });

  it("names absolute cloud paths, which take nothing away", async () => {
    const table = `\`${platform.prefix}session\`.session_note`;
    const found = await planted(
      () =>
        sql(
          `INSERT INTO ${table} SELECT subject, session_datetime, '/home/jovyan/s3/inbox/a/b.bin' FROM \`${platform.prefix}session\`.session`,
        ),
      () => sql(`DELETE FROM ${table}`),
    );
    assert.equal(found.ok, true);
    assert.deepEqual(
      found.notes.filter(({ code }) => code === "absolute-path").map(({ where }) => where),
      [`${platform.prefix}session.session_note`],
    );
  });

  it("a store without a folder, results that are not there", async () => {
    const config = join(folder, "dj_local_conf.json");
    const good = readFileSync(config, "utf8");
    const text = JSON.parse(good) as { stores: Record<string, unknown> };
    delete text.stores["ephys-processed"];
    const [away, back] = rename(join(folder, "processed/tiny_seed1_g0"));
    const found = await planted(
      () => {
        writeFileSync(config, JSON.stringify(text));
        away();
      },
      () => {
        writeFileSync(config, good);
        back();
      },
    );
    assert.deepEqual(new Set(codesOf(found)), new Set(["store-not-configured", "output-folder-missing"]));
  });

  it("decodes a sample when asked, and says so", async () => {
    const found = await verify("--sample", "3");
    assert.deepEqual(found.problems, []);
    assert.ok(found.notes.some(({ code }) => code === "blobs-sampled"));
    assert.equal(
      found.blobs.find(({ table }) => table.endsWith("._waveform_set__waveform"))!.decoded <= 6,
      true,
    );
  });

  it("the inventory of the clean dump misses nothing", async () => {
    const { code, out, err } = await lab.tenon("migrate", "inventory", "--dump", platform.dump, "--json");
    assert.equal(code, 0, out.slice(0, 2000) + err);
    const found = JSON.parse(out) as {
      readonly schemas: readonly { readonly schema: string; readonly present: boolean }[];
      readonly stores: readonly {
        readonly store: string;
        readonly kinds: readonly string[];
        readonly files: number;
      }[];
      readonly platformTables: readonly { readonly table: string }[];
      readonly dumps: readonly {
        readonly complete: boolean;
        readonly server: string;
        readonly rows: number;
      }[];
    };
    assert.deepEqual(
      found.schemas.map(({ schema }) => schema),
      [...platform.schemas].toSorted(),
    );
    assert.deepEqual(
      found.stores.map(({ store, kinds }) => [store, [...kinds].toSorted().join(" ")]).toSorted(),
      [
        ["data-root", "filepath"],
        ["datajoint-blob", "attach blob"],
        ["ephys-processed", "filepath"],
      ],
    );
    assert.ok(
      found.platformTables.some(({ table }) => table === `${platform.org}_admin_workflow.file_manifest`),
    );
    assert.equal(found.dumps[0]!.complete, true);
    assert.match(found.dumps[0]!.server, /^mysql \d/);
  });

  it("the inventory names a schema that was not handed over, and what the code needs", async () => {
    const code = join(folder, "code");
    execFileSync("mkdir", ["-p", code]);
    writeFileSync(
      join(code, "ephys.py"),
      'import datajoint as dj\nschema = dj.schema(db_prefix + "ephys")\nculture = dj.schema(db_prefix + "culture")\nd = """\nlfp : blob@lab-blob\n"""\nurl = "s3://dj-sciops/x/inbox"\n',
    );
    // without the schema of the platform's administration
    const part = join(folder, "part.sql");
    const text = readFileSync(platform.dump, "latin1");
    const begin = text.indexOf(
      "-- Current Database:",
      text.indexOf(`\`${platform.org}_admin_workflow\``) - 40,
    );
    const end = text.indexOf("-- Current Database:", begin + 30);
    writeFileSync(part, text.slice(0, begin) + text.slice(end), "latin1");
    const { code: exit, out } = await lab.tenon(
      "migrate",
      "inventory",
      "--dump",
      part,
      "--code",
      code,
      "--json",
    );
    assert.equal(exit, 1);
    const found = JSON.parse(out) as {
      readonly problems: readonly Finding[];
      readonly code: { readonly addresses: readonly { readonly name: string }[] };
    };
    assert.deepEqual(
      found.problems.map(({ code: name, where }) => [name, where]).toSorted(),
      [
        ["schema-not-dumped", "*culture"],
        ["schema-not-dumped", `${platform.org}_admin_workflow`],
        ["store-not-configured", "lab-blob"],
      ].toSorted(),
    );
    assert.deepEqual(
      found.code.addresses.map(({ name }) => name),
      ["s3://dj-sciops/x/inbox"],
    );
  });

  it("the imported pipeline runs on: a new session, its files in the platform's manifest, read by datajoint-python", async () => {
    const good = async (done: Promise<{ code: number | null; out: string; err: string }>) => {
      const { code, out, err } = await done;
      assert.equal(code, 0, err + out);
      return out;
    };
    const old = new Date(Date.now() - 600_000);
    const age = (place: string) => {
      for (const entry of readdirSync(join(folder, place), { recursive: true }))
        utimesSync(join(folder, place, String(entry)), old, old);
    };
    // however fast the import was, what came with it has settled
    for (const place of ["raw", "processed"]) age(place);
    await good(lab.tenon("migrate", "platform"));
    await good(lab.tenon("generate", "--suite", "tiny", "--seed", "2", "--out", "raw"));
    await good(
      lab.tenon(
        "session",
        "add",
        "raw/tiny_seed2_g0",
        "--subject",
        "mouse2",
        "--sex",
        "U",
        "--birth-date",
        "2026-01-01",
      ),
    );
    await good(lab.runWorkflow("standard_worker", "--once"));
    interface Report {
      readonly schema: string;
      readonly made: readonly string[];
      readonly workflowRow: boolean;
      readonly manifest: {
        readonly files: number;
        readonly added: number;
        readonly changed: readonly string[];
      };
      readonly unsettled: readonly string[];
    }
    const platformTables = async () =>
      JSON.parse(await good(lab.tenon("migrate", "platform", "--json"))) as Report;
    // what was copied a moment ago is left for the next time
    const early = await platformTables();
    assert.ok(early.unsettled.some((path) => path.includes("tiny_seed2_g0")));
    age("raw/tiny_seed2_g0");
    const late = await platformTables();
    assert.equal(late.schema, `${platform.org}_admin_workflow`);
    assert.deepEqual([late.made, late.workflowRow, late.manifest.changed], [[], false, []]);
    assert.equal(late.manifest.added, 5);
    assert.equal((await platformTables()).manifest.added, 0);

    const script = join(import.meta.dirname, "../python/read-platform.py");
    const words = [script, platform.org, platform.workflow, folder, join(folder, "stage")];
    const out = execFileSync(process.env["TENON_PYTHON_DATAJOINT"]!, words, {
      cwd: folder,
      env: lab.env,
      encoding: "utf8",
    });
    const seen = JSON.parse(out.trim().split("\n").at(-1)!) as {
      readonly manifest: number;
      readonly files: Readonly<Record<string, string>>;
      readonly recordings: readonly string[];
      readonly traces: readonly string[];
      readonly plot: number;
      readonly report: unknown;
    };
    assert.deepEqual([...seen.recordings].toSorted(), ["mouse1", "mouse2"]);
    assert.deepEqual(seen.traces, ["names", "spikes", "threshold_uv"]);
    assert.equal(seen.plot, 260);
    assert.deepEqual(seen.report, { crossings: 1 });
    const names = Object.keys(seen.files).toSorted();
    assert.equal(names.length, 2);
    assert.match(names[1]!, new RegExp(`^${platform.prefix.slice(0, -1)}/inbox/tiny_seed2_g0/`));
    for (const [name, md5] of Object.entries(seen.files)) {
      const bytes = readFileSync(join(folder, "raw", name.slice(name.indexOf("/inbox/") + 7)));
      assert.equal(createHash("md5").update(bytes).digest("hex"), md5);
    }
    const found = await verify();
    assert.deepEqual(found.problems, []);
    assert.ok(
      found.notes.some(
        ({ code, where }) => code === "rows-added" && where.endsWith("_admin_workflow.file_manifest"),
      ),
    );
  });
});

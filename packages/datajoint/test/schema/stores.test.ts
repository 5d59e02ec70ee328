import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { NdArray } from "../../src/blob/arrays.ts";
import { pack } from "../../src/blob/encode.ts";
import { MissingExternalFile, RefusedError, SettingsError } from "../../src/errors.ts";
import { Schema } from "../../src/schema/schema.ts";
import type { Store } from "../../src/table/bound-table.ts";
import { describeDialects } from "../support/dialects.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text, "utf8"));
const frames = new NdArray({ dtype: "int16", shape: [2, 3], data: new Int16Array([1, 2, 3, 4, 5, 6]) });
const film = {
  film: 1,
  frames,
  note: { filename: "Größe.txt", bytes: bytes("stored") },
  sheet: { filename: "sheet.txt", bytes: bytes("in the table") },
};

function makeFilms() {
  const schema = new Schema();
  class Film extends schema.manual(`
    film : int
    ---
    frames=null : blob@raw
    note=null : attach@raw
    sheet : attach
  `) {}
  return { schema, Film };
}

describeDialects("stores", (database) => {
  const folders: string[] = [];
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });
  function makeFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "tenon-store-"));
    folders.push(folder);
    return folder;
  }
  async function activated(generation: "legacy" | "current" = "legacy") {
    const folder = makeFolder();
    const stores: Record<string, Store> = { raw: { protocol: "file", location: folder } };
    const name = database.schemaName("films");
    const { schema, Film } = makeFilms();
    await schema.activate(database.connection, name, { Film }, { stores, generation });
    return { folder, stores, name, schema, Film };
  }
  const filesBelow = (folder: string) =>
    (
      readdirSync(folder, { recursive: true, withFileTypes: true }) as {
        name: string;
        isFile(): boolean;
        parentPath: string;
      }[]
    )
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
      .toSorted();
  const tracked = async (schema: string) =>
    (
      await database.connection.run({
        text: `SELECT hash, size, attachment_name, filepath FROM ${database.connection.dialect.writer.table(schema, "~external_raw")} ORDER BY size`,
        parameters: [],
      })
    ).rows;

  it("keep blobs and attachments where datajoint-python 0.14 keeps them, each content once", async () => {
    const { folder, name, Film } = await activated();
    await Film.insert([film, { ...film, film: 2 }]);
    const packed = pack(frames);
    const hex = createHash("md5").update(packed).digest("hex");
    const noteHex = createHash("md5").update("Größe.txt\0stored").digest("hex");
    const place = (hash: string) => `${name}/${hash.slice(0, 2)}/${hash.slice(2, 4)}/${hash}`;
    assert.deepEqual(filesBelow(folder), [place(hex), `${place(noteHex)}.Größe.txt`].toSorted());
    assert.deepEqual(readFileSync(join(folder, place(hex))), Buffer.from(packed));
    assert.equal(readFileSync(join(folder, `${place(noteHex)}.Größe.txt`), "utf8"), "stored");
    assert.deepEqual(
      (await tracked(name)).map((row) => ({
        ...row,
        hash: Buffer.from(row.hash as Uint8Array).toString("hex"),
      })),
      [
        { hash: noteHex, size: 6, attachment_name: "Größe.txt", filepath: null },
        { hash: hex, size: packed.length, attachment_name: null, filepath: null },
      ],
    );
    assert.deepEqual(await Film.fetch({ orderBy: "KEY" }), [film, { ...film, film: 2 }]);
    await Film.insert([{ film: 3, sheet: film.sheet }]);
    assert.deepEqual(await Film.restrict({ film: 3 }).fetch1("frames", "note"), { frames: null, note: null });
    await Film.update1({ film: 3, frames: { a: "other" } });
    assert.deepEqual(await Film.restrict({ film: 3 }).fetch1("frames"), { a: "other" });
    assert.deepEqual(Film.heading.get("frames")!.annotation, "blob@raw");
  });

  it("keep objects by hash, with their places as JSON in the column, in current schemas", async () => {
    const folder = makeFolder();
    const stores = { raw: { protocol: "file" as const, location: folder } };
    const schema = new Schema();
    class Film extends schema.manual(
      "film : int32\n---\nframes : <blob@raw>\nnote : <attach@raw>\ndigits : <hash@raw>\nsheet : <attach>",
    ) {}
    const name = database.schemaName("films");
    await schema.activate(database.connection, name, { Film }, { stores, generation: "current" });
    const row = { ...film, digits: bytes("0123") };
    await Film.insert([row]);
    assert.deepEqual(await Film.fetch1(), row);
    // three hashes of MD5 in base32, as Python's base64.b32encode(...).rstrip(b"=").lower() prints them
    const files = filesBelow(folder);
    assert.equal(files.length, 3);
    // base32 of MD5("0123") = eb62f6b9306db575c2d596b1279627a4, worked out with Python
    assert.ok(files.includes(`_hash/${name}/5nrpnojqnw2xlqwvs2yspfrhuq`), files.join(" "));
    const { rows } = await database.connection.run({
      text: `SELECT digits FROM ${database.connection.dialect.writer.table(name, "film")}`,
      parameters: [],
    });
    assert.deepEqual(JSON.parse(String(rows[0]!.digits)), {
      hash: "5nrpnojqnw2xlqwvs2yspfrhuq",
      path: `_hash/${name}/5nrpnojqnw2xlqwvs2yspfrhuq`,
      schema: name,
      store: "raw",
      size: 4,
    });
  });

  it("are read through joins with other schemas", async () => {
    const { Film, stores } = await activated();
    await Film.insert([film]);
    const other = new Schema();
    class Cut extends other.manual("-> Film\ncut : int\n---\nedges : blob@raw", { Film }) {}
    await other.activate(database.connection, database.schemaName("cuts"), { Cut }, { stores });
    await Cut.insert([{ film: 1, cut: 1, edges: [1, 2] }]);
    const expected = { ...film, cut: 1, edges: [1, 2] };
    assert.deepEqual(await Film.join(Cut).fetch1(), expected);
    assert.deepEqual(await Cut.join(Film).fetch1(), { ...expected });
  });

  it("give an error that names store and place when an object is away or changed", async () => {
    const { Film, folder, name } = await activated();
    // contents of its own: another schema's object of the same contents would do
    await Film.insert([{ ...film, frames: "once", note: { filename: "once", bytes: bytes("once") } }]);
    const files = filesBelow(folder);
    const first = files.find((file) => !file.endsWith(".once"));
    const second = files.find((file) => file.endsWith(".once"));
    const blob = join(folder, first!);
    writeFileSync(blob, `${readFileSync(blob, "latin1")}x`, "latin1");
    await assert.rejects(Film.fetch1("frames"), /'frames' \(blob@raw\) is damaged: .*hash says/);
    rmSync(blob);
    await assert.rejects(Film.fetch1("frames"), (error: unknown) => {
      assert.ok(error instanceof MissingExternalFile);
      assert.match(error.message, new RegExp(`expected ${join(folder, first!)}`));
      return true;
    });
    rmSync(join(folder, second!));
    await assert.rejects(Film.fetch1("note"), MissingExternalFile);
    // the rest of the row is there
    assert.deepEqual(await Film.fetch1("sheet"), film.sheet);
    // datajoint-python 0.11 named objects otherwise, and its migration left their places in the tracking table
    writeFileSync(join(folder, "old-place"), pack("an old blob"));
    await database.connection.run({
      text: `UPDATE ${database.connection.dialect.writer.table(name, "~external_raw")} SET filepath='old-place' WHERE attachment_name IS NULL`,
      parameters: [],
    });
    assert.equal(await Film.fetch1("frames"), "an old blob");
  });

  it("refuse what they do not know, with nothing half-written", async () => {
    const { Film, folder, name } = await activated();
    await assert.rejects(Film.insert([{ ...film, note: { filename: "../x", bytes: bytes("") } }]), {
      name: "ValueError",
      message: /row 0: 'note' .* a file name without folders/,
    });
    await assert.rejects(Film.insert([{ ...film, frames: () => 1 }]), {
      name: "ValueError",
      message: /'frames' \(blob@raw\)/,
    });
    assert.equal(await Film.count(), 0);
    const away = makeFilms();
    await away.schema.activate(database.connection, name, { Film: away.Film });
    await assert.rejects(away.Film.insert([film]), (error: unknown) => {
      assert.ok(error instanceof SettingsError);
      assert.match(error.message, /'frames' lies in the store 'raw'.*none were given.*Add it to `stores`/);
      return true;
    });
    const gone = makeFilms();
    const stores: Record<string, Store> = {
      raw: { protocol: "file", location: join(folder, "not mounted") },
    };
    await gone.schema.activate(database.connection, name, { Film: gone.Film }, { stores });
    await assert.rejects(gone.Film.insert([film]), /folder .*not mounted is not there\. Is its disk mounted/);
    assert.deepEqual(
      filesBelow(folder).filter((file) => file.endsWith(".tmp")),
      [],
    );
    assert.equal(await Film.count(), 0);
    const schema = new Schema();
    class Clip extends schema.manual("clip : int\n---\npath : filepath@raw") {}
    const elsewhere = database.schemaName("clips");
    await assert.rejects(
      schema.activate(database.connection, elsewhere, { Clip }, { stores }),
      (error: unknown) => {
        assert.ok(error instanceof RefusedError);
        assert.match(
          error.message,
          /'path' is kept as 'filepath@raw', which this version neither reads nor writes/,
        );
        return true;
      },
    );
    class Unknown extends schema.manual("u : int\n---\nb : blob@nowhere") {}
    await assert.rejects(schema.activate(database.connection, elsewhere, { Unknown }, { stores }), {
      name: "SettingsError",
      message:
        /unknown\.b lies in the store 'nowhere', which is not among the schema's stores \(there: 'raw'\)/,
    });
    assert.deepEqual(await database.connection.dialect.catalogue.tables(database.connection, elsewhere), []);
  });

  const python = process.env.TENON_PYTHON_DATAJOINT;
  const reason = database.isSqlite
    ? "Python needs a server"
    : python === undefined
      ? "TENON_PYTHON_DATAJOINT is not set"
      : false;
  it("are shared with datajoint-python 0.14, both ways", { skip: reason }, async () => {
    const { Film, folder, name } = await activated();
    await Film.insert([film]);
    const { settings } = database;
    assert.ok(settings.kind === "mysql");
    const env = {
      ...process.env,
      DJ_HOST: `${settings.host}:${settings.port}`,
      DJ_USER: settings.user,
      DJ_PASS: settings.password,
    };
    const script = join(import.meta.dirname, "python/stores.py");
    const out = execFileSync(python!, [script, name, folder, makeFolder()], {
      env,
      encoding: "utf8",
      cwd: folder,
    });
    const seen = JSON.parse(out.trim().split("\n").at(-1)!);
    assert.match(seen.version, /^0\.14\./);
    assert.deepEqual(seen, {
      version: seen.version,
      heading: { film: "int", frames: "blob@raw", note: "attach@raw", sheet: "attach" },
      dtype: "int16",
      shape: [2, 3],
      sum: 21,
      note: ["Größe.txt", "stored"],
      inTable: ["sheet.txt", "in the table"],
      unused: 0,
      hash: createHash("md5").update("Größe.txt\0stored").digest("hex"),
    });
    const theirs = await Film.restrict({ film: 2 }).fetch1();
    assert.deepEqual(theirs.frames, { a: new Float32Array([0, 1, 2, 3, 4]), b: "text" });
    const own = { filename: "von Python.txt", bytes: bytes("written by Python") };
    assert.deepEqual([theirs.note, theirs.sheet], [own, own]);
  });

  it("find objects in subfolders of other lengths", async () => {
    const folder = makeFolder();
    const stores: Record<string, Store> = { raw: { protocol: "file", location: folder, subfolding: [3] } };
    const { schema, Film } = makeFilms();
    const name = database.schemaName("films");
    await schema.activate(database.connection, name, { Film }, { stores });
    const own = { ...film, frames: "in a subfolder of three letters" };
    await Film.insert([own]);
    assert.match(filesBelow(folder)[0]!, new RegExp(`^${name}/[0-9a-f]{3}/[0-9a-f]{32}`));
    assert.deepEqual(await Film.fetch1(), own);
    // moved by hand: the place is told by the setting alone
    renameSync(join(folder, name), join(folder, "moved"));
    await assert.rejects(Film.fetch1("frames"), MissingExternalFile);
  });
});

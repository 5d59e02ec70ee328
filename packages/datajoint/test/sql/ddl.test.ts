import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { before, it } from "node:test";
import type { SqlValue } from "../../src/connection/driver.ts";
import { DataJointError, DuplicateError, IntegrityError, MissingAttributeError } from "../../src/errors.ts";
import type { TableSpec } from "../../src/sql/dialect.ts";
import { dialects } from "../../src/sql/dialects.ts";
import { dropTable } from "../../src/table/drop.ts";
import { describeDialects } from "../support/dialects.ts";
import { declare, specOf } from "./support/declare.ts";

const mouse = specOf(
  "lab",
  "mouse",
  `# Mice of "ours"
   mouse : varchar(8)  # ear tag
   tank=0 : tinyint unsigned
   ---
   sex='U' : enum('M','F','U')
   weight=null : decimal(6,2)
   who : uuid
   seen=CURRENT_TIMESTAMP(3) : datetime(3)
   note='it''s' : varchar(20)  # say "cheese" \\ %?
   index (sex, weight)
   unique index (who)`,
);
const session = specOf(
  "rig",
  "_session",
  "-> Mouse\nday : date\n---\n-> [nullable] Mouse.proj(mother='mouse', pool='tank')",
  { Mouse: mouse },
);

const mysqlText = [
  `CREATE TABLE IF NOT EXISTS \`lab\`.\`mouse\` (
\`mouse\` varchar(8) NOT NULL COMMENT "ear tag",
\`tank\` tinyint unsigned NOT NULL DEFAULT "0",
\`sex\` enum('M','F','U') NOT NULL DEFAULT "U",
\`weight\` decimal(6,2) DEFAULT NULL,
\`who\` binary(16) NOT NULL COMMENT ":uuid:",
\`seen\` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
\`note\` varchar(20) NOT NULL DEFAULT "it's" COMMENT "say \\"cheese\\" \\\\ %?",
PRIMARY KEY (\`mouse\`,\`tank\`),
index (\`sex\`,\`weight\`),
unique index (\`who\`)
) ENGINE=InnoDB, COMMENT "Mice of 'ours'"`,
  `CREATE TABLE IF NOT EXISTS \`rig\`.\`_session\` (
\`mouse\` varchar(8) NOT NULL COMMENT "ear tag",
\`tank\` tinyint unsigned NOT NULL,
\`day\` date NOT NULL,
\`mother\` varchar(8) DEFAULT NULL COMMENT "ear tag",
\`pool\` tinyint unsigned DEFAULT NULL,
PRIMARY KEY (\`mouse\`,\`tank\`,\`day\`),
FOREIGN KEY (\`mouse\`,\`tank\`) REFERENCES \`lab\`.\`mouse\` (\`mouse\`,\`tank\`) ON UPDATE CASCADE ON DELETE RESTRICT,
FOREIGN KEY (\`mother\`,\`pool\`) REFERENCES \`lab\`.\`mouse\` (\`mouse\`,\`tank\`) ON UPDATE CASCADE ON DELETE RESTRICT
) ENGINE=InnoDB, COMMENT ""`,
];

const sqliteText = [
  `CREATE TABLE IF NOT EXISTS "lab.mouse" (/*tenon {"comment":"Mice of 'ours'","columns":{"mouse":{"type":"varchar(8)","comment":"ear tag","lineage":"lab.mouse.mouse"},"tank":{"type":"tinyint unsigned","default":"0","lineage":"lab.mouse.tank"},"sex":{"type":"enum('M','F','U')","default":"U","lineage":null},"weight":{"type":"decimal(6,2)","lineage":null},"who":{"type":"binary(16)","comment":":uuid:","lineage":null},"seen":{"type":"datetime(3)","default":"CURRENT_TIMESTAMP(3)","lineage":null},"note":{"type":"varchar(20)","comment":"say \\"cheese\\" \\\\ %?","default":"it's","lineage":null}}}*/
"mouse" TEXT COLLATE NOCASE NOT NULL CONSTRAINT "mouse varchar(8)" CHECK (length("mouse") <= 8 AND typeof("mouse") <> 'blob'),
"tank" INT NOT NULL DEFAULT '0' CONSTRAINT "tank tinyint unsigned" CHECK (typeof("tank") IN ('integer','null') AND "tank" BETWEEN 0 AND 255),
"sex" TEXT COLLATE NOCASE NOT NULL DEFAULT 'U' CONSTRAINT "sex enum('M','F','U')" CHECK ("sex" COLLATE BINARY IN ('M','F','U')),
"weight" NUMERIC DEFAULT NULL CONSTRAINT "weight decimal(6,2)" CHECK ("weight" > -1e4 AND "weight" < 1e4),
"who" BLOB NOT NULL CONSTRAINT "who binary(16)" CHECK (typeof("who") IN ('blob','null') AND length("who") = 16),
"seen" TEXT NOT NULL DEFAULT (substr(strftime('%Y-%m-%d %H:%M:%f','now'),1,23)) CONSTRAINT "seen datetime(3)" CHECK ("seen" GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9]' AND strftime('%Y-%m-%d %H:%M:%S',substr("seen",1,19),'+0 days') IS substr("seen",1,19)),
"note" TEXT COLLATE NOCASE NOT NULL DEFAULT 'it''s' CONSTRAINT "note varchar(20)" CHECK (length("note") <= 20 AND typeof("note") <> 'blob'),
PRIMARY KEY ("mouse","tank"),
UNIQUE ("who")
)`,
  `CREATE INDEX IF NOT EXISTS "lab.mouse.1" ON "lab.mouse" ("sex","weight")`,
  `SELECT "mouse","tank" FROM "lab.mouse" LIMIT 0`,
  `SELECT "mouse","tank" FROM "lab.mouse" LIMIT 0`,
  `CREATE TABLE IF NOT EXISTS "rig._session" (/*tenon {"comment":"","columns":{"mouse":{"type":"varchar(8)","comment":"ear tag","lineage":"lab.mouse.mouse"},"tank":{"type":"tinyint unsigned","lineage":"lab.mouse.tank"},"day":{"type":"date","lineage":"rig._session.day"},"mother":{"type":"varchar(8)","comment":"ear tag","lineage":"lab.mouse.mouse"},"pool":{"type":"tinyint unsigned","lineage":"lab.mouse.tank"}}}*/
"mouse" TEXT COLLATE NOCASE NOT NULL CONSTRAINT "mouse varchar(8)" CHECK (length("mouse") <= 8 AND typeof("mouse") <> 'blob'),
"tank" INT NOT NULL CONSTRAINT "tank tinyint unsigned" CHECK (typeof("tank") IN ('integer','null') AND "tank" BETWEEN 0 AND 255),
"day" TEXT NOT NULL CONSTRAINT "day date" CHECK ("day" GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]' AND strftime('%Y-%m-%d',"day",'+0 days') IS "day"),
"mother" TEXT COLLATE NOCASE DEFAULT NULL CONSTRAINT "mother varchar(8)" CHECK (length("mother") <= 8 AND typeof("mother") <> 'blob'),
"pool" INT DEFAULT NULL CONSTRAINT "pool tinyint unsigned" CHECK (typeof("pool") IN ('integer','null') AND "pool" BETWEEN 0 AND 255),
PRIMARY KEY ("mouse","tank","day"),
FOREIGN KEY ("mouse","tank") REFERENCES "lab.mouse" ("mouse","tank") ON UPDATE CASCADE ON DELETE RESTRICT,
FOREIGN KEY ("mother","pool") REFERENCES "lab.mouse" ("mouse","tank") ON UPDATE CASCADE ON DELETE RESTRICT
)`,
  `CREATE INDEX IF NOT EXISTS "rig._session.1" ON "rig._session" ("mother","pool")`,
];

for (const { name, ddl } of dialects)
  it(`writes declarations as text (${name})`, () => {
    const statements = [mouse, session].flatMap((spec) => ddl.createTable(spec));
    assert.deepEqual(
      statements.map(({ text }) => text),
      name === "sqlite" ? sqliteText : mysqlText,
    );
    assert.deepEqual(
      statements.flatMap(({ parameters }) => parameters),
      [],
    );
  });

describeDialects("declarations", (database) => {
  let schema: string;
  before(async () => {
    schema = await database.createSchema("ddl");
  });
  const run = (text: string, ...parameters: SqlValue[]) => database.connection.run({ text, parameters });
  const q = (name: string) => database.connection.dialect.writer.quote(name);
  const table = (name: string, own = schema) => database.connection.dialect.writer.table(own, name);
  const inSchemas = (own: Readonly<Record<string, string>>, spec: TableSpec): TableSpec => ({
    ...spec,
    schema: own[spec.schema]!,
    foreignKeys: spec.foreignKeys.map((each) => ({ ...each, parentSchema: own[each.parentSchema]! })),
  });

  it("are executed, twice without harm, and keys hold across schemas", async () => {
    const own = { lab: schema, rig: await database.createSchema("rig") };
    const specs = [mouse, session].map((spec) => inSchemas(own, spec));
    await declare(database.connection, ...specs);
    await declare(database.connection, ...specs);
    const rig = table("_session", own.rig);
    const id = (n: number) => new Uint8Array(16).fill(n);
    await run(`INSERT INTO ${table("mouse")} (mouse, tank, who) VALUES (?,?,?)`, "M1", 1, id(1));
    await run(`INSERT INTO ${table("mouse")} (mouse, who) VALUES (?,?)`, "M2", id(2));
    await run(`INSERT INTO ${rig} (mouse, tank, ${q("day")}) VALUES (?,?,?)`, "M1", 1, "2024-01-31");
    await run(`INSERT INTO ${rig} VALUES (?,?,?,?,?)`, "M1", 1, "2024-02-01", "M2", 0);
    // half of a composite reference may be null, and then refers to nothing
    await run(`INSERT INTO ${rig} VALUES (?,?,?,?,?)`, "M1", 1, "2024-02-02", "M9", null);
    await assert.rejects(
      run(`INSERT INTO ${rig} VALUES (?,?,?,?,?)`, "M1", 1, "2024-02-03", "M9", 0),
      IntegrityError,
    );
    await assert.rejects(
      run(`INSERT INTO ${rig} VALUES (?,?,?,?,?)`, "M3", 1, "2024-02-03", null, null),
      IntegrityError,
    );
    await assert.rejects(run(`DELETE FROM ${table("mouse")} WHERE mouse='M2'`), IntegrityError);
    await run(`UPDATE ${table("mouse")} SET mouse='M8', tank=9 WHERE mouse='M2'`);
    const { rows } = await run(`SELECT mother, pool FROM ${rig} WHERE ${q("day")}='2024-02-01'`);
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [{ mother: "M8", pool: 9 }],
    );
    const seen = await run(`SELECT sex, note, seen FROM ${table("mouse")} WHERE mouse='M1'`);
    assert.equal(seen.rows[0]!.sex, "U");
    assert.equal(seen.rows[0]!.note, "it's");
    assert.match(String(seen.rows[0]!.seen), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
    await assert.rejects(
      run(`INSERT INTO ${table("mouse")} (mouse, who) VALUES ('M4',?)`, id(1)),
      DuplicateError,
    );
    await assert.rejects(run(`INSERT INTO ${table("mouse")} (mouse) VALUES ('M5')`), MissingAttributeError);
    // keys are equal whatever their case
    await assert.rejects(
      run(`INSERT INTO ${table("mouse")} (mouse, tank, who) VALUES ('m1',1,?)`, id(7)),
      DuplicateError,
    );
  });

  it("refuse a reference to what is not there", async () => {
    const lost = specOf(schema, "lost", "id : int");
    const child = specOf(schema, "orphan", "-> Lost\nn : int", { Lost: lost });
    await assert.rejects(declare(database.connection, child), DataJointError);
    await declare(database.connection, specOf(schema, "lost", "other : int"));
    await assert.rejects(declare(database.connection, child), DataJointError);
    const { catalogue } = database.connection.dialect;
    assert.equal((await catalogue.tables(database.connection, schema)).includes("orphan"), false);
  });

  it("take references of a table to itself, through a part", async () => {
    const node = specOf(schema, "node", "id : int\n---\nx=null : int");
    const self = {
      ...node,
      foreignKeys: [
        {
          columns: ["x"],
          parentSchema: schema,
          parentTable: "node",
          parentColumns: ["id"],
          onUpdate: "restrict" as const,
        },
      ],
    };
    await declare(database.connection, self);
    await run(`INSERT INTO ${table("node")} VALUES (1,NULL)`);
    await run(`INSERT INTO ${table("node")} VALUES (2,1)`);
    await assert.rejects(run(`INSERT INTO ${table("node")} VALUES (3,9)`), IntegrityError);
    await assert.rejects(run(`UPDATE ${table("node")} SET id=5 WHERE id=1`), IntegrityError);
  });

  it("index values inside JSON, and unique ones hold", {
    skip: database.name === "mariadb" && "MariaDB has no indexes over expressions",
  }, async () => {
    const spec = specOf(
      schema,
      "params",
      "id : int\n---\np : json\nindex (id, p.rate:double)\nunique index (p.name:char(20))",
    );
    await declare(database.connection, spec);
    await run(`INSERT INTO ${table("params")} VALUES (1,'{"name":"a","rate":2}')`);
    await run(`INSERT INTO ${table("params")} VALUES (2,'{"name":"b"}')`);
    await assert.rejects(run(`INSERT INTO ${table("params")} VALUES (3,'{"name":"a"}')`), DuplicateError);
  });

  it("number what counts by itself, in a key or as a serial beside it", async () => {
    await declare(
      database.connection,
      specOf(schema, "counted", "id : int auto_increment\n---\nx=null : int"),
    );
    await run(`INSERT INTO ${table("counted")} (x) VALUES (1),(2)`);
    await run(`DELETE FROM ${table("counted")} WHERE x=2`);
    await run(`INSERT INTO ${table("counted")} (x) VALUES (3)`);
    const { rows } = await run(`SELECT id FROM ${table("counted")} ORDER BY id`);
    assert.deepEqual(
      rows.map((row) => row.id),
      [1, 3],
    );
    const beside = specOf(schema, "beside", "name : varchar(9)\n---\nid : serial");
    if (database.isSqlite) {
      await assert.rejects(declare(database.connection, beside), /auto_increment/);
      return;
    }
    await declare(database.connection, beside);
    await run(`INSERT INTO ${table("beside")} (name) VALUES ('a'),('b')`);
    assert.equal((await run(`SELECT max(id) AS n FROM ${table("beside")}`)).rows[0]!.n, 2);
  });

  it("leave nothing behind when tables and schemas are dropped", async () => {
    const own = await database.createSchema("gone");
    const { connection } = database;
    const { ddl, catalogue } = connection.dialect;
    const parent = specOf(own, "parent", "id : int\n---\nx : int\nindex (x)");
    const child = specOf(own, "child", "-> Parent\nn : int\n---\ny : int\nindex (y)", { Parent: parent });
    const create = async () => {
      await declare(connection, parent, child);
      await run(`INSERT INTO ${table("parent", own)} VALUES (1,2)`);
      await run(`INSERT INTO ${table("child", own)} VALUES (1,2,3)`);
    };
    await create();
    await assert.rejects(async () => {
      for (const statement of ddl.dropTable(own, "parent")) await connection.run(statement);
    }, IntegrityError);
    for (const name of ["child", "parent"])
      for (const statement of ddl.dropTable(own, name)) await connection.run(statement);
    assert.deepEqual(await catalogue.tables(connection, own), []);
    await create();
    for (const statement of ddl.dropSchema(own, ["child", "parent"])) await connection.run(statement);
    assert.equal((await catalogue.schemas(connection)).includes(own), false);
    assert.deepEqual(await catalogue.tables(connection, own), []);
    if (!database.isSqlite) return;
    const left = await run(
      "SELECT count(*) AS n FROM sqlite_master WHERE name LIKE ? OR tbl_name LIKE ?",
      `${own}%`,
      `${own}%`,
    );
    assert.equal(left.rows[0]!.n, 0);
    assert.throws(() => ddl.createSchema("a.b"), /without dots/);
  });

  it("write where attributes come from, for datajoint-python 2.x only", {
    skip: database.isSqlite && "datajoint-python has no SQLite",
  }, async () => {
    const own = await database.createSchema("lin");
    const { catalogue } = database.connection.dialect;
    await declare(database.connection, specOf(own, "old", "id : int"));
    assert.deepEqual(await catalogue.tables(database.connection, own), ["old"]);
    const base = specOf(own, "#base", "id : int32\n---\nx : int32", {}, "current");
    const child = specOf(
      own,
      "__child",
      "-> Base.proj(base_id='id')\nn : int16\n---\ny : float32",
      { Base: base },
      "current",
    );
    await declare(database.connection, base, child, child);
    const { rows } = await run(`SELECT * FROM ${table("~lineage", own)} ORDER BY table_name, attribute_name`);
    assert.deepEqual(
      rows.map((row) => [row.table_name, row.attribute_name, row.lineage]).sort(),
      [
        ["#base", "id", `${own}.#base.id`],
        ["__child", "base_id", `${own}.#base.id`],
        ["__child", "n", `${own}.__child.n`],
      ].sort(),
    );
    await dropTable(database.connection, { schema: own, table: "__child" });
    const left = await run(`SELECT table_name AS t FROM ${table("~lineage", own)}`);
    assert.deepEqual(
      left.rows.map((row) => row.t),
      ["#base"],
    );
  });

  it("of processes that declare the same tables at once make each table once, whole", async () => {
    const own = database.schemaName("race");
    const script = join(import.meta.dirname, "support/declare-process.ts");
    const words = [script, JSON.stringify(database.settings), own, "8"];
    const processes = Array.from({ length: 3 }, () =>
      spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"] }),
    );
    const outputs = processes.map(() => "");
    for (const [i, { stdout }] of processes.entries())
      stdout.setEncoding("utf8").on("data", (text: string) => {
        outputs[i] += text;
      });
    await Promise.all(processes.map(({ stdout }) => once(stdout, "data")));
    for (const { stdin } of processes) stdin.end("go\n");
    const codes = await Promise.all(processes.map(async (each) => (await once(each, "close"))[0]));
    assert.deepEqual(codes, [0, 0, 0]);
    const expected = Array.from({ length: 8 }, () => [
      "a mouse",
      "id int ear tag",
      "sex enum('M','F') ",
      `${own}.mouse`,
    ]);
    for (const output of outputs) assert.deepEqual(JSON.parse(output.trim().split("\n").at(-1)!), expected);
    const { catalogue } = database.connection.dialect;
    const names = await catalogue.tables(database.connection, own);
    assert.equal(names.filter((name) => !name.startsWith("~")).length, 16);
    assert.equal((await catalogue.foreignKeys(database.connection, [own])).length, 8);
    if (!database.isSqlite) return;
    const check = await run("PRAGMA integrity_check");
    assert.equal(check.rows[0]!.integrity_check, "ok");
  });

  const python = process.env.TENON_PYTHON_DATAJOINT;
  it("leave on the server what datajoint-python 0.14 leaves, to the byte", {
    skip:
      (database.isSqlite && "datajoint-python has no SQLite") ||
      (python === undefined && "no Python client: TENON_PYTHON_DATAJOINT is not set (scripts/python-env.sh)"),
  }, async () => {
    const ours = await database.createSchema("ours");
    const theirs = database.schemaName("theirs");
    const texts = {
      "#lk": "code : char(3)\n---\ndescr='x' : varchar(20)",
      subject: `# Subject: one
        subject_id : int unsigned # the id, with 'single'
        ---
        name : varchar(40)
        sex='U' : enum('M', "F",'U')
        dob=null : date # date of birth
        weight=1.5 : decimal(6,2) unsigned
        note="" : varchar(255) # say "hi": text
        flag=0 : bool
        ts=CURRENT_TIMESTAMP : timestamp
        t2=CURRENT_TIMESTAMP(3) : datetime(3)
        x=null : double
        r=null : real
        n=null : numeric(5,2)
        b=null : longblob # blobby
        bb : mediumblob
        u=null : uuid # a uuid
        at=null : attach
        tm='10:00:00' : time
        yr=2020 : year
        i2=5 : smallint
        index (name)
        unique index (name, dob)`,
      session: `-> Subject
        session : smallint # sess
        ---
        -> [nullable] Lk
        -> [nullable, unique] Lk.proj(alt_code='code')
        -> Subject.proj(experimenter='subject_id')`,
    };
    const settings = database.settings as { host: string; port: number; user: string; password: string };
    const script = join(import.meta.dirname, "support/declare.py");
    execFileSync(python!, [script, theirs], {
      input: JSON.stringify({ ...settings, texts }),
      stdio: ["pipe", "ignore", "inherit"],
    });
    const lk = specOf(ours, "#lk", texts["#lk"]);
    const subject = specOf(ours, "subject", texts.subject);
    const parents = { Lk: lk, Subject: subject };
    await declare(database.connection, lk, subject, specOf(ours, "session", texts.session, parents));
    const { catalogue } = database.connection.dialect;
    for (const name of Object.keys(texts)) {
      const [own, peer] = await Promise.all(
        [ours, theirs].map(async (each) => {
          const { rows } = await run(`SHOW CREATE TABLE ${table(name, each)}`);
          return String(rows[0]!["Create Table"])
            .replaceAll(each, "S")
            .replace(/DEFAULT CHARSET.*?(?= COMMENT|$)/, "");
        }),
      );
      assert.equal(own, peer, name);
      assert.deepEqual(
        await catalogue.heading(database.connection, theirs, name),
        await catalogue.heading(database.connection, ours, name),
      );
    }
  });
});

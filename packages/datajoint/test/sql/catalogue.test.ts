import assert from "node:assert/strict";
import { before, it } from "node:test";
import { decodeColumnComment } from "../../src/definition/column-comment.ts";
import { Heading } from "../../src/definition/heading.ts";
import { MissingTableError } from "../../src/errors.ts";
import type { TableSpec } from "../../src/sql/dialect.ts";
import { describeDialects } from "../support/dialects.ts";
import { declare, type Generation, specOf } from "./support/declare.ts";

/** Every type of the generation, with defaults; what the server shows under another name is written that way. */
const definitions: Readonly<Record<Generation, string>> = {
  legacy: `
    # Table: "every" type, 100 % of \`them\` – ok? \\ /* */
    id : int unsigned
    part : char(3)   # the part's "label"
    day : date
    ---
    i8 : tinyint
    i16=-5 : smallint
    i24=null : mediumint unsigned
    i32=7 : int  # ? and ?? and %s and \${x}
    i64 : bigint
    u64=0 : bigint unsigned
    f32=0.5 : float
    f64=1.5 : double
    d=null : double unsigned
    price=1.50 : decimal(6,2)
    amount=null : decimal(12,3) unsigned
    flag=0 : bool
    isnt=null : boolean
    name='it''s "so"' : varchar(40)  # free: text
    empty='' : varchar(255)
    null_word='null' : varchar(9)
    now_word='CURRENT_TIMESTAMP' : varchar(20)
    code=null : char(4)
    sex='U' : enum('M','F','U')
    odd="it's" : enum("it's", 'a,b', 'x(y)')
    born=null : date
    met='2024-01-31' : date
    at0=CURRENT_TIMESTAMP : datetime
    at3=CURRENT_TIMESTAMP(3) : datetime(3)
    at6=CURRENT_TIMESTAMP(6) : datetime(6)
    then='2024-01-31 05:06:07' : datetime
    stamp=CURRENT_TIMESTAMP : timestamp
    lag='10:00:00' : time
    vintage='2020' : year
    who=null : uuid  # a uuid
    j=null : json
    jj : json  # *
    tiny=null : tinyblob
    b=null : blob
    medium : mediumblob
    trace=null : longblob  # blobby
    file=null : attach
  `,
  current: `
    # every type of 2.x
    id : int64
    k : uuid
    ---
    i8=-1 : int8
    i16 : int16
    i32=null : int32  # thirty-two
    f32=0.25 : float32
    f64=null : float64
    flag=1 : bool
    raw=null : bytes
    j=null : json
    day=null : date
    at=CURRENT_TIMESTAMP : datetime
    at3=CURRENT_TIMESTAMP(3) : datetime(3)
    c : char(3)
    v='x' : varchar(9)
    e='b' : enum('a','b')
    d='1.5000' : decimal(8,4)
    native=3 : int unsigned
    stamp=CURRENT_TIMESTAMP : timestamp
    lag=null : time
    y='1999' : year
    t=null : text
    lt=null : longtext
    b=null : <blob>  # packed
    f=null : <attach>
  `,
};

describeDialects("the catalogue", (database) => {
  let schema: string;
  before(async () => {
    schema = await database.createSchema("cat");
  });
  const read = async (table: string, from = schema) => {
    // as another process sees it
    const connection = await database.open();
    return connection.dialect.catalogue.heading(connection, from, table);
  };

  for (const generation of ["legacy", "current"] as const) {
    it(`reads back every type and default of a ${generation} schema as it was declared`, async () => {
      const own = await database.createSchema(generation);
      const spec = specOf(own, "every", definitions[generation], {}, generation);
      await declare(database.connection, spec);
      const heading = await read("every", own);
      assert.equal(heading.comment, spec.heading.comment);
      assert.deepEqual(heading.primaryKey, spec.heading.primaryKey);
      const knowsLineage = database.isSqlite || generation === "current";
      for (const declared of spec.heading.attributes) {
        const expected = knowsLineage ? declared : { ...declared, lineage: undefined };
        assert.deepEqual(heading.get(declared.name), expected, declared.name);
      }
      assert.deepEqual(heading.names, spec.heading.names);
    });
  }

  it("reads back foreign-key columns, lineage included", async () => {
    const own = await database.createSchema("child");
    const parent = specOf(schema, "mouse", "mouse : int32\nu : uuid\n---\nw=null : float32", {}, "current");
    const child = specOf(
      own,
      "session",
      "-> Mouse\nn : int16\n---\n-> [nullable] Mouse.proj(other='mouse', v='u')",
      { Mouse: parent },
      "current",
    );
    await declare(database.connection, parent, child);
    const heading = await read("session", own);
    assert.deepEqual(heading.attributes, child.heading.attributes);
    assert.equal(heading.get("other")?.lineage, `${schema}.mouse.mouse`);
    assert.equal(heading.get("v")?.annotation, "uuid");
  });

  it("keeps the key in the order of columns, and counts", async () => {
    const { connection } = database;
    await declare(
      connection,
      specOf(schema, "counted", "id : int unsigned auto_increment\n---\nx=null : int"),
    );
    const heading = await read("counted");
    assert.equal(heading.get("id")?.autoIncrement, true);
    assert.equal(heading.get("id")?.default, undefined);
    assert.equal(heading.get("x")?.autoIncrement, false);
    const q = connection.dialect.writer;
    await connection.run({
      text: `CREATE TABLE ${q.table(schema, "turned")} (${["b", "a", "c"].map((name) => `${q.quote(name)} int NOT NULL`).join(",")}, PRIMARY KEY (${q.quote("a")},${q.quote("b")}))`,
      parameters: [],
    });
    assert.deepEqual((await read("turned")).primaryKey, ["b", "a"]);
  });

  it("leaves hidden columns out, so a singleton has no key", async () => {
    await declare(database.connection, specOf(schema, "#single", "---\nv : int32", {}, "current"));
    const heading = await read("#single");
    assert.deepEqual(heading.names, ["v"]);
    assert.deepEqual(heading.primaryKey, []);
  });

  it("lists schemas and tables, hidden ones too", async () => {
    const own = await database.createSchema("list");
    const { connection } = database;
    const { catalogue, ddl } = connection.dialect;
    assert.ok((await catalogue.schemas(connection)).includes(own), "an empty schema is one");
    assert.deepEqual(await catalogue.tables(connection, own), []);
    const names = ["#lk", "__comp__part", "mouse", "~hidden", "~~comp"];
    for (const name of names) await declare(connection, specOf(own, name, "id : int"));
    assert.deepEqual([...(await catalogue.tables(connection, own))].sort(), names);
    // neither a longer name nor one with a wildcard is the same schema
    const longer = await database.createSchema("list_");
    await declare(connection, specOf(longer, "other", "id : int"));
    assert.deepEqual([...(await catalogue.tables(connection, own))].sort(), names);
    assert.deepEqual(await catalogue.tables(connection, own.replace("_list", "%list")), []);
    for (const statement of ddl.dropTable(own, "mouse")) await connection.run(statement);
    assert.equal((await catalogue.tables(connection, own)).includes("mouse"), false);
  });

  it("names what is missing", async () => {
    const { connection } = database;
    const { catalogue } = connection.dialect;
    await assert.rejects(
      catalogue.heading(connection, schema, "nope"),
      (error: Error) =>
        error instanceof MissingTableError &&
        error.message.includes("nope") &&
        error.message.includes(schema),
    );
    await assert.rejects(catalogue.heading(connection, `${schema}_not`, "nope"), MissingTableError);
    assert.deepEqual(await catalogue.tables(connection, `${schema}_not`), []);
  });

  it("gives foreign keys of children and parents, across schemas, columns in order", async () => {
    const upper = await database.createSchema("up");
    const lower = await database.createSchema("down");
    const { connection } = database;
    const { catalogue } = connection.dialect;
    const mouse = specOf(upper, "mouse", "z : int\na : varchar(8)");
    const pair = specOf(
      lower,
      "pair",
      "-> Mouse.proj(first_z='z', first_a='a')\n-> Mouse\n---\n-> [nullable] Lab",
      {
        Mouse: mouse,
        Lab: specOf(upper, "#lab", "lab : char(3)"),
      },
    );
    await declare(connection, mouse, specOf(upper, "#lab", "lab : char(3)"), pair);
    const expected = [
      [["first_z", "first_a"], "mouse", ["z", "a"]],
      [["z", "a"], "mouse", ["z", "a"]],
      [["lab"], "#lab", ["lab"]],
    ];
    for (const schemas of [[upper], [lower], [upper, lower]]) {
      const keys = await catalogue.foreignKeys(connection, schemas);
      assert.deepEqual(
        keys.map((key) => [key.columns, key.parentTable, key.parentColumns]).sort(),
        expected.sort(),
      );
      for (const key of keys)
        assert.deepEqual([key.schema, key.table, key.parentSchema], [lower, "pair", upper]);
    }
    assert.deepEqual(await catalogue.foreignKeys(connection, []), []);
    const other = await database.createSchema("apart");
    await declare(connection, specOf(other, "alone", "id : int"));
    assert.deepEqual(await catalogue.foreignKeys(connection, [other]), []);
  });

  it("reads tables as 0.14 and 2.x leave them, with labels that nobody knows", {
    skip: database.isSqlite && "datajoint-python has no SQLite",
  }, async () => {
    const { connection } = database;
    const run = (text: string) => connection.run({ text, parameters: [] });
    await run(`CREATE TABLE \`${schema}\`.\`old\` (
      \`id\` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'the id',
      \`flag\` tinyint(1) NOT NULL DEFAULT '0', \`yr\` year NOT NULL DEFAULT '2020',
      \`n\` decimal(5,2) DEFAULT NULL, \`w\` decimal(6,2) unsigned NOT NULL DEFAULT '1.50',
      \`ts\` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, \`t2\` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      \`u\` binary(16) DEFAULT NULL COMMENT ':UUID:in capitals', \`b\` longblob COMMENT 'packed', \`s\` blob,
      \`at\` longblob COMMENT ':attach:', \`ea\` binary(16) DEFAULT NULL COMMENT ':attach@raw:',
      \`eb\` binary(16) DEFAULT NULL COMMENT ':blob@raw:', \`fp\` binary(16) DEFAULT NULL COMMENT ':filepath@raw:',
      \`g\` longblob COMMENT ':<graph>:adapted', \`x\` double(8,2) DEFAULT NULL,
      \`_6e0_timestamp\` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
      PRIMARY KEY (\`id\`)) ENGINE=InnoDB`);
    const old = await read("old");
    const shown = old.attributes.map(({ name, type, kind, default: value, annotation }) => [
      name,
      type,
      kind,
      value,
      annotation,
    ]);
    assert.deepEqual(shown, [
      ["id", "int unsigned", "integer", undefined, undefined],
      ["flag", "tinyint(1)", "bool", "0", undefined],
      ["yr", "year", "temporal", "2020", undefined],
      ["n", "decimal(5,2)", "decimal", null, undefined],
      ["w", "decimal(6,2) unsigned", "decimal", "1.50", undefined],
      ["ts", "timestamp", "temporal", "CURRENT_TIMESTAMP", undefined],
      ["t2", "datetime(3)", "temporal", "CURRENT_TIMESTAMP(3)", undefined],
      ["u", "binary(16)", "uuid", null, "UUID"],
      ["b", "longblob", "blob", null, undefined],
      ["s", "blob", "blob", null, undefined],
      ["at", "longblob", "attach", null, "attach"],
      ["ea", "binary(16)", "external", null, "attach@raw"],
      ["eb", "binary(16)", "external", null, "blob@raw"],
      ["fp", "binary(16)", "external", null, "filepath@raw"],
      ["g", "longblob", "blob", null, "<graph>"],
      ["x", "double(8,2)", "float", null, undefined],
    ]);
    assert.equal(old.get("g")?.comment, "adapted");
    await run(`CREATE TABLE \`${schema}\`.\`new\` (
      \`id\` int NOT NULL COMMENT ':int32:the id', \`lb\` longblob COMMENT 'native', \`b\` longblob COMMENT ':<blob>:',
      \`at\` longblob COMMENT ':<attach>:', \`by\` longblob COMMENT ':bytes:', \`eb\` json DEFAULT NULL COMMENT ':<blob@main>:',
      \`np\` json DEFAULT NULL COMMENT ':<npy@>:', \`mig\` json DEFAULT NULL COMMENT ':blob@main:migrated',
      \`u8\` tinyint unsigned NOT NULL COMMENT ':uint8:', \`j\` json DEFAULT NULL COMMENT ':json:', \`tx\` text,
      \`fake\` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'no CHECK (json_valid(\`fake\`))',
      PRIMARY KEY (\`id\`)) ENGINE=InnoDB`);
    const kinds = (await read("new")).attributes.map(({ name, type, kind }) => [name, type, kind]);
    assert.deepEqual(kinds, [
      ["id", "int", "integer"],
      ["lb", "longblob", "bytes"],
      ["b", "longblob", "blob"],
      ["at", "longblob", "attach"],
      ["by", "longblob", "bytes"],
      ["eb", "json", "external"],
      ["np", "json", "external"],
      ["mig", "json", "json"],
      ["u8", "tinyint unsigned", "integer"],
      ["j", "json", "json"],
      ["tx", "text", "string"],
      ["fake", "longtext", "string"],
    ]);
  });

  it("reads what datajoint-python 2.x notes about where attributes come from", {
    skip: database.isSqlite && "datajoint-python has no SQLite",
  }, async () => {
    const own = await database.createSchema("lin");
    const { connection } = database;
    const run = (text: string) => connection.run({ text, parameters: [] });
    await declare(connection, specOf(own, "mouse", "id : int\n---\nx=null : int"));
    assert.equal((await read("mouse", own)).get("id")?.lineage, undefined);
    await run(
      `CREATE TABLE \`${own}\`.\`~lineage\` (\`table_name\` varchar(64) NOT NULL, \`attribute_name\` varchar(64) NOT NULL, \`lineage\` varchar(255) NOT NULL, PRIMARY KEY (\`table_name\`,\`attribute_name\`))`,
    );
    await run(`INSERT INTO \`${own}\`.\`~lineage\` VALUES ('mouse','id','elsewhere.rodent.id')`);
    const heading = await read("mouse", own);
    assert.equal(heading.get("id")?.lineage, "elsewhere.rodent.id");
    assert.equal(heading.get("x")?.lineage, null);
  });

  it("reads tables that other programs made or changed in the file", {
    skip: !database.isSqlite && "only SQLite keeps descriptions of its own",
  }, async () => {
    const { connection } = database;
    const run = (text: string) => connection.run({ text, parameters: [] });
    await run(
      `CREATE TABLE "${schema}.foreign" ("id" INTEGER PRIMARY KEY, "n" INT NOT NULL DEFAULT 5, "t" VARCHAR(9) DEFAULT 'it''s', "r" REAL, "b" BLOB)`,
    );
    const foreign = await read("foreign");
    assert.deepEqual(
      foreign.attributes.map(({ name, type, nullable, default: value }) => [name, type, nullable, value]),
      [
        ["id", "bigint", false, undefined],
        ["n", "bigint", false, "5"],
        ["t", "longtext", true, null],
        ["r", "double", true, null],
        ["b", "longblob", true, null],
      ],
    );
    const spec: TableSpec = specOf(
      schema,
      "grown",
      "# grown */ later\nid : int  # first\n---\nx=null : float",
    );
    await declare(connection, spec);
    await run(`ALTER TABLE "${schema}.grown" ADD COLUMN "note" TEXT`);
    const grown = await read("grown");
    assert.equal(grown.comment, "grown */ later");
    assert.deepEqual(grown.names, ["id", "x", "note"]);
    assert.equal(grown.get("id")?.comment, "first");
    assert.equal(grown.get("x")?.type, "float");
    assert.equal(grown.get("note")?.kind, "string");
    // a copy made by SQLite itself says the same
    const { path } = database.settings as { readonly path: string };
    await run(`VACUUM INTO '${path}.copy'`);
    const copy = await database.open({ path: `${path}.copy` });
    assert.deepEqual(await copy.dialect.catalogue.heading(copy, schema, "grown"), grown);
  });

  it("keeps comments with any character, in columns and tables", async () => {
    // beyond the first 65 536 characters servers keep a question mark
    const comments = [
      `'`,
      `"`,
      "`",
      "\\",
      "\\n",
      "%",
      "%s %(x)s",
      "?",
      "??",
      ":a",
      "{b}",
      "/* */ --",
      "\n\t",
      "é ≥ µ",
    ];
    for (const [i, comment] of comments.entries()) {
      const plain = specOf(schema, `comment_${i}`, "id : int\n---\nx=null : uuid");
      const attributes = plain.heading.attributes.map((each) =>
        each.name === "x" ? { ...each, comment } : { ...each, comment: `c${comment}` },
      );
      const heading = new Heading(attributes, `t${comment}`);
      await declare(database.connection, { ...plain, heading });
      const back = await read(`comment_${i}`);
      assert.equal(back.comment, `t${comment}`);
      assert.equal(back.get("x")?.comment, comment);
      assert.equal(back.get("x")?.kind, "uuid");
      assert.equal(decodeColumnComment(`c${comment}`).comment, back.get("id")?.comment);
    }
  });
});

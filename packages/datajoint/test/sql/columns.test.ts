import assert from "node:assert/strict";
import { before, it } from "node:test";
import type { SqlValue } from "../../src/connection/driver.ts";
import { DataJointError, ValueError } from "../../src/errors.ts";
import { Query } from "../../src/query/query.ts";
import { insertRows } from "../../src/table/insert.ts";
import { describeDialects } from "../support/dialects.ts";
import { attribute, createTable, key } from "../support/tables.ts";
import { declare, specOf } from "./support/declare.ts";

/** What a column keeps, and what every database refuses, sent past our own checks. */
const values: readonly (readonly [type: string, good: readonly SqlValue[], bad: readonly SqlValue[]])[] = [
  ["tinyint", [-128, 127, null], [128, -129, "x"]],
  ["tinyint unsigned", [0, 255], [-1, 256]],
  ["smallint", [-32768, 32767], [32768]],
  ["mediumint unsigned", [16777215], [16777216, -1]],
  ["int", [-2147483648, 2147483647], [2147483648, "1x"]],
  ["int unsigned", [4294967295], [4294967296, -1]],
  ["bigint", [2n ** 63n - 1n, -(2n ** 63n)], ["x"]],
  ["bigint unsigned", [2n ** 63n - 1n], [-1]],
  ["float", [1.5, -3.4e38, null], [3.5e38, "x"]],
  ["double", [1.7976931348623157e308, -1.7976931348623157e308, 5e-324], ["x"]],
  ["double unsigned", [0, 1e300], [-1]],
  ["decimal(6,2)", ["9999.99", "-9999.99", null], ["10000", "-10000", "x"]],
  ["decimal(5,1) unsigned", ["0.1"], ["-0.1"]],
  ["bool", [0, 1], ["x"]],
  ["varchar(3)", ["", "abc", "é≥µ", null], ["abcd"]],
  ["char(2)", ["ab"], ["abc"]],
  ["enum('a','it''s')", ["a", "it's", null], ["b", ""]],
  ["date", ["2024-02-29"], ["2024-13-01", "2024-02-30", "2023-02-29", "yesterday", "now"]],
  [
    "datetime",
    ["2024-01-31 05:06:07", "1969-07-20 20:17:40"],
    ["2024-01-31 25:00:00", "2024-02-30 00:00:00", "x"],
  ],
  ["timestamp", ["2024-01-31 05:06:07", null], ["1960-01-31 05:06:07", "2040-01-31 05:06:07"]],
  ["datetime(3)", ["2024-01-31 05:06:07.089"], ["now"]],
  ["datetime(6)", ["2024-12-31 23:59:59.999999"], ["2024-12-31 23:59:60.000000"]],
  ["time", ["10:00:00", "-25:01:02", "838:59:59"], ["10:61:00", "noon"]],
  ["year", ["1901", "2155", "0000"], ["1900", "2156", "x"]],
  ["json", ['{"a":[1,null]}', '"x"', "5"], ["{", "x"]],
  ["tinyblob", [new Uint8Array(255)], [new Uint8Array(256)]],
  ["blob", [new Uint8Array(65_535)], [new Uint8Array(65_536)]],
  ["longblob", [new Uint8Array(70_000), new Uint8Array(0), null], []],
  ["uuid", [new Uint8Array(16).fill(200)], [new Uint8Array(17)]],
];

describeDialects("columns", (database) => {
  let schema: string;
  before(async () => {
    schema = await database.createSchema("columns");
  });
  const run = (text: string, ...parameters: SqlValue[]) => database.connection.run({ text, parameters });
  const table = (name: string) => database.connection.dialect.writer.table(schema, name);

  for (const [i, [type, good, bad]] of values.entries())
    it(`keeps and refuses values of ${type}, whoever writes them`, async () => {
      const name = `value_${i}`;
      await createTable(database.connection, schema, name, [
        key("id", "int"),
        attribute("x", type, { nullable: true, default: null }),
      ]);
      for (const [id, value] of good.entries())
        await run(`INSERT INTO ${table(name)} VALUES (?,?)`, id, value);
      const insert = (value: SqlValue) => run(`INSERT INTO ${table(name)} VALUES (?,?)`, 99, value);
      for (const value of bad)
        await assert.rejects(insert(value), ValueError, `${type} took ${String(value).slice(0, 40)}`);
      const { rows } = await run(`SELECT count(*) AS n FROM ${table(name)}`);
      assert.equal(Number(rows[0]!.n), good.length);
    });

  it("puts in the defaults that the catalogue shows, also where a statement leaves the column out", async () => {
    const spec = specOf(
      schema,
      "filled",
      `id : int
       ---
       i=-5 : smallint
       f=0.1 : float
       d='1e3' : double
       p=1.5 : decimal(6,2)
       b=true : bool
       s='' : varchar(9)
       day='2024-1-31' : date
       t='2024-01-31' : datetime(3)
       y='2020' : year
       n=null : int`,
    );
    await declare(database.connection, spec);
    await run(`INSERT INTO ${table("filled")} (id) VALUES (1)`);
    const { catalogue } = database.connection.dialect;
    const heading = await catalogue.heading(database.connection, schema, "filled");
    const shown = heading.attributes.map((each) => each.default).slice(1);
    assert.deepEqual(shown, [
      "-5",
      "0.1",
      "1000",
      "1.50",
      "1",
      "",
      "2024-01-31",
      "2024-01-31 00:00:00.000",
      "2020",
      null,
    ]);
    const query = new Query(database.connection, { kind: "table", schema, table: "filled", heading });
    // beside a row that gives them all, defaults stand in the statement itself
    const all = {
      id: 3,
      i: 1,
      f: 1,
      d: 1,
      p: 1,
      b: 0,
      s: "s",
      day: "2024-01-01",
      t: "2024-01-01",
      y: 2000,
      n: 1,
    };
    await insertRows({ connection: database.connection, schema, table: "filled", heading }, [{ id: 2 }, all]);
    const expected = {
      i: -5,
      f: Math.fround(0.1),
      d: 1000,
      p: "1.50",
      b: 1,
      s: "",
      day: "2024-01-31",
      t: "2024-01-31 00:00:00.000",
      y: "2020",
      n: null,
    };
    assert.deepEqual((await query.fetch({ orderBy: "id" })).slice(0, 2), [
      { id: 1, ...expected },
      { id: 2, ...expected },
    ]);
  });

  it("refuses a default that the column would not take", async () => {
    for (const [type, value] of [
      ["tinyint", "300"],
      ["date", "2024-02-30"],
      ["decimal(3,1)", "100"],
    ] as const) {
      const columns = [key("id", "int"), attribute("x", type, { default: value })];
      await assert.rejects(createTable(database.connection, schema, "unfit", columns), DataJointError, type);
    }
    const { catalogue } = database.connection.dialect;
    assert.equal((await catalogue.tables(database.connection, schema)).includes("unfit"), false);
  });
});

/**
 * @module
 * Text in conditions and projections means on every database what it means to MySQL, or is refused. What is expected was worked out by
 * hand and seen on MySQL 9 and MariaDB 10.11.
 */
import assert from "node:assert/strict";
import { before, it } from "node:test";
import { DataJointError, QuerySyntaxError, ValueError } from "../../src/errors.ts";
import { universal } from "../../src/query/universal-set.ts";
import { describeDialects } from "../support/dialects.ts";
import { attribute, createTable, key, optional, type TestTable } from "../support/tables.ts";

const rows = [
  { id: 1, n: 7, name: "100%", day: "2024-01-05", at: "2024-01-05 00:00:00", clock: "09:10:11" },
  { id: 2, n: -7, name: "100x", day: "2024-02-29", at: "2024-02-29 23:59:59", clock: "100:20:30" },
  { id: 3, n: 4, name: "né", day: null, at: null, clock: null },
  { id: 4, n: null, name: "Base", day: "2024-12-31", at: "2024-12-31 00:00:01", clock: "-01:02:03" },
];

describeDialects("expressions", (database) => {
  let table: TestTable;
  before(async () => {
    const schema = await database.createSchema("words");
    table = await createTable(database.connection, schema, "word", [
      key("id", "int"),
      optional("n", "int"),
      attribute("name", "varchar(10)"),
      optional("day", "date"),
      optional("at", "datetime"),
      optional("clock", "time"),
    ]);
    await table.insert(rows);
  });

  const found = (condition: string) => table.query.restrict(condition).column("id", { orderBy: "KEY" });
  const values = (expression: string) =>
    table.query.proj({ value: expression }).column("value", { orderBy: "KEY" });

  const conditions: readonly (readonly [string, readonly number[]])[] = [
    ["day > '2024-1-5'", [2, 4]],
    ["day >= '2024-1-5'", [1, 2, 4]],
    ["'2024-1-5' < day", [2, 4]],
    ["day between '2024-1-5' and '2024-3-1'", [1, 2]],
    ["day not between '2024-1-5' and '2024-3-1'", [4]],
    ["day in ('2024-1-5', '2024-12-31 00:00:00')", [1, 4]],
    ["day not in ('2024-1-5')", [2, 4]],
    ["`day` != '2024-1-5'", [2, 4]],
    ["day = '2024-01-05 00:00:00'", [1]],
    ["day = '2024-01-05 10:00:00'", []],
    ["day < '2024-01-05 10:00:00'", [1]],
    ["at = '2024-01-05'", [1]],
    ["at > '2024-01-05'", [2, 4]],
    ["at <= '2024-2-29T23:59:59'", [1, 2]],
    ["at between '2024-01-01' and '2024-12-31'", [1, 2]],
    ["clock > '9:10'", [1, 2]],
    ["name like '100\\%'", [1]],
    ["name like '100%'", [1, 2]],
    ["name not like '100\\%'", [2, 3, 4]],
    ["name like '100!%' escape '!'", [1]],
    ["n / 2 = 3.5", [1]],
    ["n / 2 / 2 < -1.5", [2]],
    ["length(name) = 3", [3]],
    ["instr(name, 'b') = 1", [4]],
    ["hour(clock) = 100", [2]],
  ];
  for (const [condition, expected] of conditions)
    it(`finds by ${condition}`, async () => assert.deepEqual(await found(condition), expected));

  it("compares a date with a moment as mappings do with text", async () => {
    assert.equal(await table.query.restrict({ day: "2024-01-05 00:00:00" }).count(), 1);
    assert.equal(await table.query.restrict({ day: "2024-01-05 10:00:00" }).count(), 0);
  });

  it("computes what MySQL computes", async () => {
    assert.deepEqual(await values("n / 2"), [3.5, -3.5, 2, null]);
    assert.deepEqual(await values("concat(name, n)"), ["100%7", "100x-7", "né4", null]);
    assert.deepEqual(await values("length(name)"), [4, 4, 3, 4]);
    assert.deepEqual(await values("hour(clock)"), [9, 100, null, 1]);
    assert.deepEqual(await values("minute(clock)"), [10, 20, null, 2]);
    assert.deepEqual(await values("second(clock)"), [11, 30, null, 3]);
    assert.deepEqual(await values("hour(at)"), [0, 23, null, 0]);
    assert.deepEqual(await values("hour(day)"), [0, 0, null, 0]);
    assert.deepEqual(await values("hex(n)"), ["7", "FFFFFFFFFFFFFFF9", "4", null]);
    assert.deepEqual(await values("hex(name)"), ["31303025", "31303078", "6EC3A9", "42617365"]);
    const logarithms = (await values("log(n)")) as (number | null)[];
    assert.deepEqual(
      logarithms.map((value) => value?.toFixed(12) ?? null),
      ["1.945910149055", null, "1.386294361120", null],
    );
  });

  it("computes quotients of aggregates", async () => {
    const query = universal().aggr(table.query, { mean: "sum(n) / count(n)", half: "count(*) / 8" });
    const [row] = await query.fetch();
    assert.equal(row!.half, 0.5);
    assert.ok(Math.abs(row!.mean - 4 / 3) < 1e-4, "MySQL gives four digits");
  });

  it("refuses what the databases read differently", async () => {
    for (const text of ["n = 1 || n = 2", "n = 1 && n = 2", "name || 'x' = 'ax'"])
      assert.throws(() => table.query.restrict(text), QuerySyntaxError, text);
    if (database.isSqlite)
      for (const text of [
        "cast(n as signed) = 1",
        "CAST(at AS DATE) = '2024-01-05'",
        "cast(name as char(2)) = 'x'",
      ])
        await assert.rejects(found(text), QuerySyntaxError, text);
    assert.deepEqual(await values("cast(n as char)"), ["7", "-7", "4", null]);
  });

  it("refuses text that is no date where a date is compared", () => {
    for (const text of [
      "day > 'yesterday'",
      "day in ('2024-01-05', '2024-02-30')",
      "at < '2024-01-05 25:00:00'",
    ])
      assert.throws(() => table.query.restrict(text), ValueError, text);
  });

  it("leaves patterns of dates and other literals as they are", async () => {
    assert.deepEqual(await found("day like '2024-1%'"), [4]);
    assert.deepEqual(await found("name = '100%' and day = '2024-01-05'"), [1]);
    assert.deepEqual(await found("name in ('Base', '2024-1-5')"), [4]);
  });

  it("refuses an aggregate in a projection, and a bare attribute in an aggregation", () => {
    assert.throws(() => table.query.proj({ total: "sum(n)" }), /aggr\(\)/);
    assert.throws(() => universal("name").aggr(table.query, { n: "n" }), DataJointError);
    assert.throws(() => table.query.aggr(table.query.proj({ m: "n" }), { x: "m" }), /max\(m\)/);
    assert.ok(universal("name").aggr(table.query, { twice: "concat(name, name)", n: "max(n)" }));
    assert.ok(table.query.proj({ place: "row_number() over (order by n)" }));
  });

  it("finds by a bigint what was rounded to a float, and refuses NaN", async () => {
    const schema = await database.createSchema("numbers");
    const numbers = await createTable(database.connection, schema, "number", [
      key("id", "int"),
      attribute("f", "float"),
      attribute("d", "double"),
    ]);
    const large = 2n ** 60n + 1n;
    await numbers.insert([{ id: 1, f: large, d: large }]);
    assert.equal(await numbers.query.restrict({ d: large }).count(), 1);
    assert.throws(() => numbers.query.restrict({ f: Number.NaN }), ValueError);
    assert.throws(() => numbers.query.restrict({ d: Number.POSITIVE_INFINITY }), ValueError);
  });

  it("restricts by more keys than a statement has parameters", async () => {
    const keys = Array.from({ length: 70_000 }, (_, i) => ({ id: i + 2 }));
    assert.equal(await table.query.restrict(keys).count(), 3);
    assert.equal(await table.query.subtract(keys).count(), 1);
    const names = Array.from({ length: 40_000 }, (_, i) => ({ name: `it's ${i} ?` }));
    assert.equal(await table.query.restrict([...names, { name: "Base" }]).count(), 1);
  });
});

import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describeDialects } from "../support/dialects.ts";
import { attribute, createTable, key } from "../support/tables.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use, after what nobody holds is gone. */
function bytesInUse(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describeDialects("streaming", (database) => {
  it("reads 100 000 rows in bounded memory, also when the reader is slow", async () => {
    const schema = await database.createSchema("stream");
    const table = await createTable(database.connection, schema, "long", [
      key("id", "int"),
      attribute("text", "varchar(400)"),
    ]);
    const text = "x".repeat(300);
    const count = 100_000;
    await table.insert(Array.from({ length: count }, (_, id) => ({ id, text })));
    let seen = 0;
    let most = 0;
    const before = bytesInUse();
    for await (const row of table.query.stream({ orderBy: "KEY" })) {
      assert.ok(row.id === seen && row.text.length === 300);
      // time for everything to come in, if nothing held it back
      if (seen === 1000) await sleep(300);
      if (seen % 20_000 === 1000) most = Math.max(most, bytesInUse() - before);
      seen++;
    }
    assert.equal(seen, count);
    // all rows at once are over 40 MB
    assert.ok(most < 8e6, `${(most / 1e6).toFixed(1)} MB were held`);
  });

  it("restricts by thousands of keys at once", async () => {
    const schema = await database.createSchema("keys");
    const table = await createTable(database.connection, schema, "keys", [key("a", "int"), key("b", "int")]);
    await table.insert(Array.from({ length: 20_000 }, (_, i) => ({ a: i % 100, b: i })));
    const keys = await table.query.restrict("b < 10000 and b % 2 = 0").keys({ orderBy: "b" });
    assert.equal(keys.length, 5000);
    assert.deepEqual(await table.query.restrict(keys).keys({ orderBy: "b" }), keys);
    assert.equal(await table.query.subtract(keys).count(), 15_000);
  });

  it("inserts from a generator, and fetches while a stream is open", async () => {
    const schema = await database.createSchema("stream");
    const table = await createTable(database.connection, schema, "short", [
      key("id", "int"),
      attribute("n", "int"),
    ]);
    const numbers = function* () {
      for (let id = 0; id < 3000; id++) yield { id, n: id % 7 };
    };
    assert.equal(await table.insert(numbers()), 3000);
    let total = 0;
    for await (const { id } of table.query.restrict({ n: 3 }).stream({ orderBy: "id desc", limit: 20 })) {
      total += await table.query.restrict({ id }).fetch1("n");
    }
    assert.equal(total, 60);
  });
});

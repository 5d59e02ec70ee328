import assert from "node:assert/strict";
import { before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DataJointError, DuplicateError } from "../../src/errors.ts";
import { Schema } from "../../src/schema/schema.ts";
import { insertRows } from "../../src/table/insert.ts";
import { describeDialects } from "../support/dialects.ts";
import { attribute, createTable, key, type TestTable } from "../support/tables.ts";

describeDialects("transactions", (database) => {
  let table: TestTable;
  before(async () => {
    const schema = await database.createSchema("parts");
    table = await createTable(database.connection, schema, "thing", [
      key("id", "int"),
      attribute("v", "int", { default: "0" }),
    ]);
  });

  /** More than one statement's worth. */
  const many = (from: number) => Array.from({ length: 4500 }, (_, i) => ({ id: from + i }));
  /** Small inserts, some of them between the statements of large ones. */
  const oneByOne = async (from: number) => {
    for (let i = 0; i < 40; i++) await table.insert([{ id: from + i }]);
  };
  const countFrom = (from: number) => table.query.restrict(`id between ${from} and ${from + 99_999}`).count();

  it("keeps what one insert did when another beside it fails", async () => {
    await table.insert([{ id: 204_400 }]);
    const outcomes = await database.connection.transaction(() =>
      Promise.allSettled([table.insert(many(100_000)), table.insert(many(200_000)), oneByOne(300_000)]),
    );
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    assert.ok(outcomes[1]?.status === "rejected" && outcomes[1].reason instanceof DuplicateError);
    assert.equal(await countFrom(100_000), 4500);
    assert.equal(await countFrom(200_000), 1);
    assert.equal(await countFrom(300_000), 40);
  });

  it("commits no half of an insert that nobody awaited", async () => {
    let insert: Promise<unknown> | undefined;
    await database.connection.transaction(async () => {
      await new Promise<void>((resolve) => {
        const connection = new Proxy(database.connection, {
          get(real, name) {
            // the first statement is on its way
            if (name === "run") resolve();
            const value: unknown = Reflect.get(real, name, real);
            return typeof value === "function" ? value.bind(real) : value;
          },
        });
        insert = insertRows({ ...table, connection }, many(400_000)).catch((error: unknown) => error);
      });
    });
    assert.equal(await insert, 4500);
    assert.equal(await countFrom(400_000), 4500);
  });

  it("refuses what comes after its end", async () => {
    let late: Promise<unknown> | undefined;
    await database.connection.transaction(async () => {
      late = sleep(30).then(() => table.insert(many(500_000)));
    });
    await assert.rejects(late!, DataJointError);
    assert.equal(await countFrom(500_000), 0);
  });

  it("refuses to declare inside, which servers would commit", async () => {
    const schema = new Schema();
    class Late extends schema.manual("late : int") {}
    const name = database.schemaName("late");
    await assert.rejects(
      database.connection.transaction(async () => {
        await table.insert([{ id: 600_000 }]);
        await schema.activate(database.connection, name, { Late });
      }),
      /cannot be declared inside a transaction/,
    );
    assert.equal(await countFrom(600_000), 0);
    await schema.activate(database.connection, name, { Late });
    await database.connection.transaction(() => schema.activate(database.connection, name, { Late }));
  });
});

import assert from "node:assert/strict";
import { before, it } from "node:test";
import type { Statement } from "../../src/connection/driver.ts";
import {
  DataJointError,
  DuplicateError,
  IntegrityError,
  MissingAttributeError,
  MissingTableError,
  UnknownAttributeError,
  ValueError,
} from "../../src/errors.ts";
import { universal } from "../../src/query/universal-set.ts";
import { insertRows } from "../../src/table/insert.ts";
import { describeDialects } from "../support/dialects.ts";
import { type Lab, makeLab, sessions, subjects } from "../support/lab.ts";
import { attribute, createTable, key, optional, type TestTable } from "../support/tables.ts";

describeDialects("inserting and updating", (database) => {
  let lab: Lab;
  let item: TestTable;
  before(async () => {
    lab = await makeLab(database);
    item = await createTable(
      database.connection,
      lab.schema,
      "item",
      [
        key("id", "int"),
        attribute("label", "varchar(30)", { default: "none" }),
        attribute("amount", "int", { default: "7" }),
        optional("made", "datetime"),
        optional("code", "varchar(10)"),
      ],
      { unique: ["code"] },
    );
  });
  const clear = () => database.connection.run(database.connection.dialect.writer.delete(item.node));
  const rows = (n: number, from = 0) =>
    Array.from({ length: n }, (_, i) => ({ id: from + i, label: `row ${from + i}`, amount: i }));

  it("puts defaults in for what is missing or null, row by row", async () => {
    await clear();
    assert.equal(
      await item.insert([
        { id: 1 },
        { id: 2, label: "x" },
        { id: 3, label: null, amount: null },
        { id: 4, amount: 0, made: "2024-01-01" },
      ]),
      4,
    );
    assert.deepEqual(await item.query.fetch({ orderBy: "KEY" }), [
      { id: 1, label: "none", amount: 7, made: null, code: null },
      { id: 2, label: "x", amount: 7, made: null, code: null },
      { id: 3, label: "none", amount: 7, made: null, code: null },
      { id: 4, label: "none", amount: 0, made: "2024-01-01 00:00:00", code: null },
    ]);
  });

  it("inserts many rows in batches, and none when one of them is refused", async () => {
    await clear();
    assert.equal(await item.insert(rows(9001)), 9001);
    assert.equal(await item.query.count(), 9001);
    assert.deepEqual(await item.query.restrict({ id: 9000 }).fetch1("label"), "row 9000");
    await clear();
    await assert.rejects(item.insert([...rows(5000), { id: 17 }]), DuplicateError);
    assert.equal(await item.query.count(), 0);
    await assert.rejects(item.insert([...rows(5000), { id: 1.5 }]), ValueError);
    assert.equal(await item.query.count(), 0);
  });

  it("inside a transaction, undoes a refused insert and keeps the rest", async () => {
    await clear();
    await database.connection.transaction(async () => {
      await item.insert([{ id: 1 }]);
      await assert.rejects(item.insert([...rows(5000, 10), { id: 1 }]), DuplicateError);
      await item.insert([{ id: 2 }]);
      await item.insert(rows(4001, 10_000));
    });
    assert.equal(await item.query.count(), 4003);
    await assert.rejects(
      database.connection.transaction(async () => {
        await item.insert([{ id: 3 }]);
        throw new Error("changed my mind");
      }),
      /changed my mind/,
    );
    assert.equal(await item.query.restrict({ id: 3 }).exists(), false);
  });

  it("leaves out duplicates of any unique key, or replaces them", async () => {
    await clear();
    await item.insert([{ id: 1, code: "a", label: "old" }]);
    await assert.rejects(
      item.insert([{ id: 1 }]),
      (e: Error) => e instanceof DuplicateError && /skipDuplicates/.test(e.message),
    );
    await assert.rejects(item.insert([{ id: 2, code: "a" }]), DuplicateError);
    await item.insert(
      [
        { id: 1, label: "new" },
        { id: 2, code: "a" },
        { id: 3, label: "third" },
      ],
      { skipDuplicates: true },
    );
    assert.deepEqual(await item.query.proj("label").fetch({ orderBy: "KEY" }), [
      { id: 1, label: "old" },
      { id: 3, label: "third" },
    ]);
    await item.insert([{ id: 1, label: "new" }], { replace: true });
    assert.deepEqual(await item.query.restrict({ id: 1 }).fetch1(), {
      id: 1,
      label: "new",
      amount: 7,
      made: null,
      code: null,
    });
    await assert.rejects(item.insert([{ id: 1 }], { replace: true, skipDuplicates: true }), ValueError);
    // other errors are not swallowed
    await assert.rejects(
      lab.session.insert([{ subject_id: 99, session_date: "2024-01-01" }], { skipDuplicates: true }),
      IntegrityError,
    );
  });

  it("refuses what a foreign key refuses, and a table that is not there", async () => {
    await assert.rejects(
      lab.session.insert([{ subject_id: 99, session_date: "2024-01-01" }]),
      IntegrityError,
    );
    // REPLACE deletes first, which a database may refuse; what refers to the row stays in any case
    const sessionCount = await lab.session.query.count();
    await lab.subject
      .insert([subjects[0]!], { replace: true })
      .catch((error) => assert.ok(error instanceof IntegrityError, String(error)));
    assert.equal(await lab.session.query.count(), sessionCount);
    const { connection } = database;
    const gone = { connection, schema: lab.schema, table: "gone", heading: item.heading };
    const { insertRows } = await import("../../src/table/insert.ts");
    await assert.rejects(insertRows(gone, [{ id: 1 }]), MissingTableError);
  });

  it("inserts the rows of a query by name, in any order", async () => {
    await clear();
    const source = lab.subject.query.proj({ label: "species", id: "subject_id" });
    assert.equal(await item.insert(source), 3);
    assert.equal(await item.insert(source, { skipDuplicates: true }), 3);
    assert.equal(
      await item.insert(source.restrict({ id: 1 }).proj({ label: "'changed'" }), { replace: true }),
      1,
    );
    assert.deepEqual(await item.query.proj("label", "amount").fetch({ orderBy: "KEY" }), [
      { id: 1, label: "changed", amount: 7 },
      { id: 2, label: "mouse", amount: 7 },
      { id: 3, label: "rat", amount: 7 },
    ]);
    await assert.rejects(
      item.insert(lab.subject.query.proj("sex", { id: "subject_id" })),
      UnknownAttributeError,
    );
    assert.equal(
      await item.insert(lab.subject.query.proj("sex", { id: "subject_id" }), {
        skipDuplicates: true,
        ignoreExtraFields: true,
      }),
      3,
    );
    await assert.rejects(lab.drug.insert(lab.drug.query.proj()), MissingAttributeError);
    await assert.rejects(item.insert(source), DuplicateError);
    // a union and an aggregation as sources, and the table itself
    await clear();
    await item.insert(
      universal("subject_id").aggr(lab.session, { amount: "count(*)" }).proj("amount", { id: "subject_id" }),
    );
    await item
      .insert(
        item.query.proj("amount", { old: "id", shifted: "id + 100" }).proj("amount", { id: "shifted" }),
        { ignoreExtraFields: true },
      )
      .catch((error: Error) => assert.ok(error instanceof DataJointError, String(error)));
    assert.deepEqual((await item.query.proj("amount").fetch({ orderBy: "KEY" })).slice(0, 2), [
      { id: 1, amount: 2 },
      { id: 2, amount: 2 },
    ]);
  });

  it("inserts single rows and batches near the limit of a statement", async () => {
    const blob = await createTable(database.connection, lab.schema, "trace", [
      key("id", "int"),
      attribute("trace", "longblob"),
    ]);
    const noise = new Uint8Array(1_500_000);
    let state = 1;
    for (let i = 0; i < noise.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      noise[i] = state >>> 24;
    }
    assert.equal(await blob.insert(Array.from({ length: 24 }, (_, id) => ({ id, trace: noise }))), 24);
    const traces = await blob.query.column("trace");
    assert.equal(traces.length, 24);
    const back = traces[23] as { data?: Uint8Array } & Uint8Array;
    assert.equal(Buffer.compare(Buffer.from(back.data ?? back), Buffer.from(noise)), 0);
  });

  it("sends no statement over the limit, whatever its values take when they are written out", async () => {
    const notes = await createTable(database.connection, lab.schema, "note", [
      key("id", "int"),
      attribute("note", "varchar(2000)"),
    ]);
    const limit = 50_000;
    const sent: number[] = [];
    // the same connection, as if its server took less
    const connection = new Proxy(database.connection, {
      get(real, name) {
        if (name === "limits") return { ...real.limits, bytes: limit };
        const value: unknown = Reflect.get(real, name, real);
        if (name === "run")
          return (statement: Statement) => {
            const texts = statement.parameters.map((one) => String(one).replaceAll("'", "''"));
            sent.push(Buffer.byteLength(statement.text + texts.join("")));
            return real.run(statement);
          };
        return typeof value === "function" ? value.bind(real) : value;
      },
    });
    const rows = ["'", "€", "🐭", "x"].flatMap((letter, i) =>
      Array.from({ length: 50 }, (_, k) => ({ id: i * 100 + k, note: letter.repeat(1000) })),
    );
    assert.equal(await insertRows({ ...notes, connection }, rows), rows.length);
    assert.ok(sent.length >= 10, `${sent.length} statements`);
    assert.ok(Math.max(...sent) <= limit, `${Math.max(...sent)} bytes`);
    assert.deepEqual(await notes.query.fetch({ orderBy: "KEY" }), rows);
  });

  it("numbers rows of an auto_increment key", async () => {
    const numbered = await createTable(database.connection, lab.schema, "numbered", [
      key("id", "int auto_increment"),
      optional("label", "varchar(10)"),
    ]);
    await numbered.insert([{ label: "a" }, { id: null, label: "b" }, {}]);
    assert.deepEqual(await numbered.query.column("label", { orderBy: "KEY" }), ["a", "b", null]);
    await numbered.insert([{}]);
    assert.equal(await numbered.query.count(), 4);
  });

  it("updates one row, null to its default", async () => {
    await clear();
    await item.insert([{ id: 1, label: "x", amount: 1, code: "c" }, { id: 2 }]);
    await item.update1({ id: 1, label: "it's; -- new", amount: null, code: null });
    assert.deepEqual(await item.query.restrict({ id: 1 }).fetch1(), {
      id: 1,
      label: "it's; -- new",
      amount: 7,
      made: null,
      code: null,
    });
    assert.equal(await item.query.restrict({ id: 2 }).fetch1("label"), "none");
    await item.update1({ id: 1, label: "it's; -- new" });
    await item.update1({ id: 1 });
    await assert.rejects(item.update1({ id: 9, label: "x" }), /no row with the key/);
    await assert.rejects(item.update1({ id: 9 }), /no row with the key/);
    await assert.rejects(item.update1({ label: "x" }), MissingAttributeError);
    await assert.rejects(item.update1({ id: 1, labels: "x" }), UnknownAttributeError);
    await assert.rejects(item.update1({ id: 1, amount: "many" }), ValueError);
    await assert.rejects(lab.drug.update1({ drug: "saline", dose: null }), MissingAttributeError);
    await lab.session.update1({ subject_id: 2, session_date: "2024-02-01", hours: 1 });
    assert.equal(
      await lab.session.query.restrict({ subject_id: 2, session_date: "2024-02-01" }).fetch1("hours"),
      "1.00",
    );
  });

  it("sends hostile values as values, wherever they stand", async () => {
    await clear();
    const hostile = [
      "'); DROP TABLE item; --",
      "\\'; --",
      '" OR 1=1 --',
      "`; --",
      "x\0y",
      "%s ? ${x}",
      "/* */",
      "1 OR 1=1",
    ];
    await item.insert(hostile.map((label, id) => ({ id, label })));
    for (const [id, label] of hostile.entries()) {
      assert.deepEqual(await item.query.restrict({ label }).keys(), [{ id }], label);
      assert.deepEqual(await item.query.restrict([{ label }]).keys(), [{ id }], label);
      await item.update1({ id, label: `${label}!` });
    }
    const literal = (label: string) => `'${label.replaceAll("\\", "\\\\").replaceAll("'", "''")}!'`;
    for (const [id, label] of hostile.entries())
      assert.deepEqual(await item.query.restrict(`label = ${literal(label)}`).keys(), [{ id }], label);
    assert.throws(() => item.query.restrict({ id: "1 OR 1=1" }), ValueError);
    assert.throws(() => item.query.restrict({ "label' OR '1": 1 }), UnknownAttributeError);
    assert.throws(() => item.query.top({ orderBy: "id; DROP TABLE item" }), DataJointError);
    assert.throws(() => item.query.proj({ "x` from y": "id" }), DataJointError);
    assert.throws(() => item.query.restrict({ id: { toString: () => "1 OR 1=1" } }), ValueError);
    await assert.rejects(item.insert([{ id: 99, label: { toString: () => "x" } }]), ValueError);
    assert.equal(await item.query.count(), hostile.length);
    assert.equal(await lab.session.query.count(), sessions.length);
  });

  it("finds no text that is 0 by the number 0", async () => {
    await clear();
    await item.insert([
      { id: 1, label: "word" },
      { id: 2, label: "0" },
    ]);
    assert.deepEqual(await item.query.restrict({ label: 0 }).keys(), [{ id: 2 }]);
  });

  it("reads and writes tables whose names hold quotes", async () => {
    const odd = await createTable(database.connection, lab.schema, "o'dd `na\"me", [
      key("id", "int"),
      optional("x", "int"),
    ]);
    await odd.insert([{ id: 1, x: 2 }, { id: 3 }]);
    await odd.update1({ id: 3, x: 4 });
    assert.deepEqual(
      await odd.query
        .join(odd.query.proj({ other: "id", y: "x" }).restrict("other > 1"))
        .fetch({ orderBy: "KEY" }),
      [
        { id: 1, other: 3, x: 2, y: 4 },
        { id: 3, other: 3, x: 4, y: 4 },
      ],
    );
    await database.connection.run(
      database.connection.dialect.writer.delete(odd.query.restrict({ x: 2 }).node),
    );
    assert.deepEqual(await odd.query.keys(), [{ id: 3 }]);
  });

  it("deletes through restrictions by other queries and by the table itself", async () => {
    await clear();
    await item.insert(rows(6));
    const { writer } = database.connection.dialect;
    const remove = async (node: Parameters<typeof writer.delete>[0]) =>
      (await database.connection.run(writer.delete(node))).affectedRows;
    assert.equal(
      await remove(item.query.restrict(lab.subject.query.proj({ id: "subject_id" }).proj()).node),
      3,
    );
    assert.equal(
      await remove(item.query.restrict(item.query.top({ limit: 1, orderBy: "id desc" }).proj()).node),
      1,
    );
    assert.equal(await remove(item.query.subtract({ id: 0 }).restrict("label like 'row%'").node), 1);
    assert.deepEqual(await item.query.keys(), [{ id: 0 }]);
    assert.throws(() => writer.delete(item.query.proj().node), DataJointError);
  });
});

import assert from "node:assert/strict";
import { it } from "node:test";
import { DataJointError, IntegrityError, ValueError } from "../../src/errors.ts";
import type { Query } from "../../src/query/query.ts";
import { Schema } from "../../src/schema/schema.ts";
import { type DeleteResult, deleteFrom } from "../../src/table/delete.ts";
import { type Clinic, makeClinic, type Row, references, refill, rows } from "../support/clinic.ts";
import { describeDialects } from "../support/dialects.ts";

type Rows = Readonly<Record<string, readonly Row[]>>;

async function contentsOf({ tables }: Clinic): Promise<Rows> {
  const found: Record<string, readonly Row[]> = {};
  for (const [name, table] of Object.entries(tables))
    found[name] = (await (table.query as { fetch(options: object): Promise<Row[]> }).fetch({
      orderBy: "KEY",
    })) as Row[];
  return found;
}

/** What is left when these rows go, worked out row by row from `references`. */
function without(given: Rows, doomed: (table: string, row: Row) => boolean): Rows {
  const gone = new Set<Row>();
  for (const [table, list] of Object.entries(given))
    for (const row of list) if (doomed(table, row)) gone.add(row);
  for (let before = -1; before !== gone.size; ) {
    before = gone.size;
    for (const [child, columns, parent, parentColumns] of references)
      for (const row of given[child]!)
        for (const above of given[parent]!)
          if (
            gone.has(above) &&
            columns.every((name, i) => row[name] !== null && row[name] === above[parentColumns[i]!])
          )
            gone.add(row);
  }
  return Object.fromEntries(
    Object.entries(given).map(([table, list]) => [table, list.filter((row) => !gone.has(row))]),
  );
}

/** Rows of each table that are in one and not in the other, by the class's name. */
function counts(result: DeleteResult, { tables }: Clinic): Readonly<Record<string, number>> {
  const named = Object.entries(tables).map(([name, { schema, table }]) => ({ name, schema, table }));
  return Object.fromEntries(
    result.tables.map(({ schema, table, count }) => [
      named.find((one) => one.schema === schema && one.table === table)!.name,
      count,
    ]),
  );
}

function lost(before: Rows, after: Rows): Readonly<Record<string, number>> {
  const differences = Object.keys(before).map((name) => [name, before[name]!.length - after[name]!.length]);
  return Object.fromEntries(differences.filter(([, count]) => count !== 0));
}

describeDialects("deleting rows", (database) => {
  let shared: Clinic | undefined;
  /** The clinic as it was filled at first. */
  async function fresh(given = rows): Promise<Clinic> {
    if (shared === undefined) shared = await makeClinic(database, given);
    else await refill(database, shared, given);
    return shared;
  }

  /** Deletes, and checks preview, result and what is left against the row-by-row model. */
  async function checked(
    remove: (clinic: Clinic) => {
      query: Parameters<typeof deleteFrom>[0];
      doomed: (table: string, row: Row) => boolean;
    },
    options: Parameters<typeof deleteFrom>[1] = {},
  ): Promise<Readonly<Record<string, number>>> {
    const clinic = await fresh();
    const { query, doomed } = remove(clinic);
    const before = await contentsOf(clinic);
    const expected = without(before, doomed);
    const preview = await deleteFrom(query, { ...options, preview: true });
    assert.equal(preview.isPreview, true);
    assert.deepEqual(await contentsOf(clinic), before, "a preview deletes nothing");
    const result = await deleteFrom(query, options);
    assert.deepEqual(await contentsOf(clinic), expected);
    assert.deepEqual(counts(result, clinic), lost(before, expected));
    assert.deepEqual({ ...preview, isPreview: false }, { ...result });
    return counts(result, clinic);
  }

  it("takes everything that depends on them, across schemas, and nothing else", async () => {
    const gone = await checked(({ Subject }) => ({
      query: Subject.restrict({ subject: "m1" }),
      doomed: (table, row) => table === "Subject" && row.subject === "m1",
    }));
    assert.deepEqual(gone, {
      Subject: 1,
      Session: 3,
      SessionFile: 2,
      Pair: 3,
      Sorting: 2,
      SortingUnit: 3,
      Metrics: 1,
      MetricsUnit: 2,
    });
  });

  it("says how many rows of the table itself went, 0 when there are none", async () => {
    const { Session } = await fresh();
    assert.equal((await deleteFrom(Session.restrict({ subject: "m2" }))).count, 2);
    assert.deepEqual(await deleteFrom(Session.restrict({ subject: "m2" })), {
      count: 0,
      tables: [],
      isPreview: false,
    });
  });

  it("follows a renamed composite reference by all its columns", async () => {
    const gone = await checked(({ Session }) => ({
      query: Session.restrict({ subject: "m1", session: 2 }),
      doomed: (table, row) => table === "Session" && row.subject === "m1" && row.session === 2,
    }));
    assert.deepEqual(gone, { Session: 1, Pair: 2 });
  });

  it("follows a reference beside the key, and leaves rows where it is NULL", async () => {
    await checked(({ Rig }) => ({
      query: Rig.restrict({ place: "cellar" }),
      doomed: (table, row) => table === "Rig" && row.place === "cellar",
    }));
  });

  it("takes a whole table, and of a nullable reference only rows that refer", async () => {
    const clinic = await fresh();
    const before = await contentsOf(clinic);
    const result = await clinic.Rig.delete();
    const expected = without(before, (table) => table === "Rig");
    assert.deepEqual(await contentsOf(clinic), expected);
    assert.equal(expected.Session!.length, 1);
    assert.equal(result.count, 3);
  });

  it("takes the same rows whatever kind of condition names them", async () => {
    const doomed = (table: string, row: Row) => table === "Session" && row.session === 1;
    await checked(({ Session }) => ({ query: Session.restrict("session = 1"), doomed }));
    await checked(({ Session }) => ({ query: Session.subtract("session > 1"), doomed }));
    await checked(({ Session }) => ({ query: Session.restrict([{ session: 1 }, { session: 77 }]), doomed }));
    await checked(({ Session, Subject }) => ({
      query: Session.restrict(Subject.restrict("subject like 'm%'")).restrict({ session: 1 }),
      doomed,
    }));
  });

  it("takes rows that are named by what depends on them", async () => {
    const doomed = (table: string, row: Row) => table === "Session" && row.session === 1;
    await checked(({ Session, SortingUnit }) => ({
      query: Session.restrict(SortingUnit.restrict({ label: "good" })),
      doomed,
    }));
    await checked(({ Session, Session: { schema }, SessionFile }) => ({
      query: Session.restrict(
        // double quotes are text in a condition, on every database
        `session in (select session from ${database.connection.dialect.writer.table(schema, SessionFile.table).replaceAll('"', "`")})`,
      ),
      doomed,
    }));
    await checked(({ Session, MetricsUnit }) => ({
      query: Session.subtract(MetricsUnit.proj()).restrict({ subject: "m1" }),
      doomed: (table, row) => table === "Session" && row.subject === "m1" && row.session !== 1,
    }));
  });

  it("names rows one by one in several statements when there are many", async () => {
    const sessions = Array.from({ length: 450 }, (_, session) => ({ subject: "m1", session, rig: "a" }));
    const clinic = await fresh({
      ...rows,
      Session: [...sessions, { subject: "m2", session: 1, rig: null }],
      SessionFile: sessions.map(({ subject, session }) => ({ subject, session, file: "x" })),
      Pair: [{ subject: "m1", first: 3, second: 449 }],
      Sorting: [],
      SortingUnit: [],
      Metrics: [],
      MetricsUnit: [],
    });
    const query = clinic.Session.restrict(clinic.SessionFile);
    const preview = await deleteFrom(query, { preview: true });
    const result = await deleteFrom(query);
    assert.deepEqual(counts(result, clinic), { Session: 450, SessionFile: 450, Pair: 1 });
    assert.deepEqual(preview.tables, result.tables);
    assert.equal(await clinic.Session.count(), 1);
  });

  it("refuses to take rows of a part without the master's", async () => {
    const clinic = await fresh();
    const before = await contentsOf(clinic);
    const { SortingUnit, Label } = clinic;
    for (const query of [SortingUnit.restrict({ unit: 2 }), Label.restrict({ label: "mua" })])
      for (const preview of [false, true])
        await assert.rejects(deleteFrom(query, { preview }), (error: unknown) => {
          assert.ok(error instanceof IntegrityError);
          assert.match(
            error.message,
            /Nothing was deleted: 2 rows of the part \S+__sorting__unit would go, but the rows of the master \S+__sorting would stay/,
          );
          return true;
        });
    assert.deepEqual(await contentsOf(clinic), before);
  });

  it("takes parts alone, or their masters too, when it is told so", async () => {
    const isMua = (table: string, row: Row) => table === "SortingUnit" && row.label === "mua";
    // metrics' parts of these units go with them, and their masters stay
    const alone = await checked(
      ({ SortingUnit }) => ({ query: SortingUnit.restrict({ label: "mua" }), doomed: isMua }),
      {
        partIntegrity: "ignore",
      },
    );
    assert.deepEqual(alone, { SortingUnit: 2, MetricsUnit: 1 });
    const withMasters = await checked(
      ({ SortingUnit }) => ({
        query: SortingUnit.restrict({ label: "mua" }),
        doomed: (table, row) => table === "Sorting" && row.subject === "m1",
      }),
      { partIntegrity: "cascade" },
    );
    assert.deepEqual(withMasters, { Sorting: 2, SortingUnit: 3, Metrics: 1, MetricsUnit: 2 });
    await checked(
      ({ Label }) => ({
        query: Label.restrict({ label: "mua" }),
        doomed: (table, row) =>
          (table === "Label" && row.label === "mua") || (table === "Sorting" && row.subject === "m1"),
      }),
      { partIntegrity: "cascade" },
    );
  });

  it("hands down no condition that means other rows in the child", async () => {
    const schema = new Schema();
    class Pair extends schema.manual("a : int\nb : int") {}
    class Swapped extends schema.manual("-> Pair.proj(a='b', b='a')", { Pair }) {}
    class Loose extends schema.manual("n : int\n---\n-> [nullable] Pair", { Pair }) {}
    await schema.activate(database.connection, database.schemaName("pairs"), { Pair, Swapped, Loose });
    const pairs = [
      { a: 1, b: 2 },
      { a: 2, b: 1 },
      { a: 3, b: 3 },
    ];
    await Pair.insert(pairs);
    await Swapped.insert(pairs);
    await Loose.insert([{ n: 1, a: 1, b: 2 }, { n: 2 }]);
    await deleteFrom(Pair.restrict({ a: 1 }));
    assert.deepEqual(await Swapped.fetch({ orderBy: "KEY" }), [
      { b: 2, a: 1 },
      { b: 3, a: 3 },
    ]);
    assert.deepEqual(await Loose.keys(), [{ n: 2 }]);
    const { tables } = await deleteFrom(Pair.restrict("1 = 1"));
    assert.deepEqual(
      tables.map(({ table, count }) => [table, count]),
      [
        ["pair", 2],
        ["swapped", 2],
      ],
    );
    assert.deepEqual(await Loose.keys(), [{ n: 2 }]);
  });

  it("refuses an unknown way to treat parts, rather than take it for another", async () => {
    const clinic = await makeClinic(database);
    const before = await contentsOf(clinic);
    await assert.rejects(
      deleteFrom(clinic.SortingUnit.restrict({ label: "mua" }), { partIntegrity: "strict" as "enforce" }),
      ValueError,
    );
    assert.deepEqual(await contentsOf(clinic), before);
  });

  it("deletes nothing when the database refuses a part of it", async () => {
    const clinic = await makeClinic(database);
    const before = await contentsOf(clinic);
    await block(clinic, "m1", 3);
    await assert.rejects(deleteFrom(clinic.Subject.restrict({ subject: "m1" })), IntegrityError);
    assert.deepEqual(await contentsOf(clinic), before);
  });

  it("belongs to the caller's transaction, which goes on after a refusal", async () => {
    const clinic = await makeClinic(database);
    const { Subject, Session } = clinic;
    const before = await contentsOf(clinic);
    await block(clinic, "m1", 3);
    await database.connection.transaction(async () => {
      await Subject.insert([{ subject: "m4" }]);
      await assert.rejects(deleteFrom(Subject.restrict({ subject: "m1" })), IntegrityError);
      assert.equal((await deleteFrom(Session.restrict({ subject: "m2" }))).count, 2);
    });
    assert.equal(await Session.restrict({ subject: "m1" }).count(), 3);
    assert.equal(await Session.restrict({ subject: "m2" }).count(), 0);
    assert.equal(await Subject.restrict({ subject: "m4" }).count(), 1);
    const undone = await fresh();
    await assert.rejects(
      database.connection.transaction(async () => {
        await undone.Session.delete();
        throw new Error("changed my mind");
      }),
      /changed my mind/,
    );
    assert.deepEqual(await contentsOf(undone), before);
  });

  it("refuses queries that are not rows of one table, saying what to do", async () => {
    const { Session, Subject } = await fresh();
    for (const query of [Session.top({ limit: 1 }), Session.join(Subject), Session.proj()])
      await assert.rejects(deleteFrom(query), {
        name: "DataJointError",
        message: /Only rows of one table can be deleted.*Session\.restrict\(query\)/,
      });
    assert.equal((await deleteFrom(Session.restrict(Session.top({ limit: 1 }).proj()))).count, 1);
    await assert.rejects(deleteFrom({ node: Session.node }), DataJointError);
  });

  it("finds what depends on random rows as the model does (property)", async () => {
    let seed = 7;
    const random = (n: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * n);
    };
    for (let round = 0; round < 6; round++) {
      const kept = Object.fromEntries(["Session", "Rig", "Subject"].map((name) => [name, random(8)]));
      const bits = (name: string, i: number) => ((kept[name]! >> (i % 3)) & 1) === 1;
      const name = (["Session", "Rig", "Subject"] as const)[round % 3]!;
      const chosen = new Set(rows[name]!.filter((_, i) => bits(name, i)));
      await checked(
        ({ tables }) => ({
          query: (tables[name].query as Query).restrict(
            [...chosen].map((row) =>
              Object.fromEntries(Object.entries(row).filter(([key]) => key !== "rig" || name === "Rig")),
            ),
          ),
          doomed: (table, row) =>
            table === name &&
            [...chosen].some((one) => Object.keys(one).every((key) => one[key] === row[key])),
        }),
        { partIntegrity: "ignore" },
      );
    }
  });

  /** A hidden table, which no cascade sees, holds on to a session. */
  async function block({ Session }: Clinic, subject: string, session: number): Promise<void> {
    const { connection } = database;
    const { ddl, writer } = connection.dialect;
    const heading = Session.query.proj().heading;
    const columns = ["subject", "session"];
    const reference = {
      columns,
      parentSchema: Session.schema,
      parentTable: Session.table,
      parentColumns: columns,
      onUpdate: "cascade" as const,
    };
    const spec = { schema: Session.schema, table: "~holder", heading, foreignKeys: [reference], indexes: [] };
    for (const statement of ddl.createTable(spec)) await connection.run(statement);
    await connection.run(
      writer.insert({
        schema: Session.schema,
        table: "~holder",
        columns,
        rows: [[subject, session]],
        onDuplicate: "error",
        key: columns,
      }),
    );
  }
});

describeDialects("dropping tables", (database) => {
  it("takes the tables that depend on it, children first, after a preview that takes none", async () => {
    const { Session, Sorting, names } = await makeClinic(database);
    const { catalogue } = database.connection.dialect;
    const preview = await Session.drop({ preview: true });
    assert.equal((await catalogue.tables(database.connection, names.clinic)).includes("session"), true);
    const { tables, isPreview } = await Session.drop();
    assert.equal(isPreview, false);
    assert.deepEqual(tables, preview.tables);
    assert.deepEqual(
      new Set(tables.map(({ table }) => table)),
      new Set([
        "session",
        "session__file",
        "pair",
        "__sorting",
        "__sorting__unit",
        "__metrics",
        "__metrics__unit",
      ]),
    );
    assert.equal(tables.at(-1)!.table, "session");
    const left = await catalogue.tables(database.connection, names.clinic);
    assert.deepEqual(left.filter((name) => !name.startsWith("~")).toSorted(), ["#rig", "subject"]);
    await assert.rejects(Sorting.fetch(), { name: "MissingTableError" });
  });

  it("refuses to drop a part without its master, before anything is dropped", async () => {
    const { Label, SortingUnit } = await makeClinic(database);
    await assert.rejects(Label.drop(), {
      name: "IntegrityError",
      message: /Nothing was dropped: the part \S+ would go, but its master \S+__(sorting|metrics) would stay/,
    });
    await assert.rejects(SortingUnit.drop(), IntegrityError);
    assert.equal(await SortingUnit.count(), rows.SortingUnit!.length);
    await Label.drop({ partIntegrity: "ignore" });
    await assert.rejects(SortingUnit.fetch(), { name: "MissingTableError" });
  });

  it("does not run inside a transaction", async () => {
    const { Subject } = await makeClinic(database);
    await assert.rejects(
      database.connection.transaction(() => Subject.drop()),
      /cannot be dropped inside a transaction/,
    );
    assert.equal(await Subject.count(), 3);
  });
});

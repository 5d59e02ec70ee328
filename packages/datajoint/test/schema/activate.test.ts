import assert from "node:assert/strict";
import { it } from "node:test";
import { DataJointError, DefinitionError } from "../../src/errors.ts";
import { Schema } from "../../src/schema/schema.ts";
import { describeDialects } from "../support/dialects.ts";

function makeLab() {
  const schema = new Schema();
  class Rig extends schema.lookup(
    `
    # set-ups
    rig : varchar(8)          # its "name"
    ---
    place='' : varchar(32)    # where: room
  `,
    {},
    {
      contents: [
        { rig: "a", place: "cellar" },
        { rig: "b", place: "roof" },
      ],
    },
  ) {}
  class Session extends schema.manual(
    `
    subject : varchar(8)
    session : int unsigned
    ---
    -> [nullable] Rig
    uuid : uuid
    started : datetime(3)
    grams=null : decimal(6, 2)
    data=null : longblob
    is_good=1 : bool
  `,
    { Rig },
  ) {}
  class SessionFile extends Session.part("File", "-> master\nfile : varchar(16)") {}
  class Rate extends schema.computed("-> Session\n---\nrate : float", { Session }) {}
  return { schema, Rig, Session, SessionFile, Rate };
}

const row = {
  subject: "m1",
  session: 1,
  rig: "a",
  uuid: "5d835de1-e1af-1871-d81f-d12a9702ff5f",
  started: "2026-01-05 10:11:12.250",
  grams: "18.50",
  data: { spikes: new Float64Array([1, 2.5]) },
  is_good: 0 as const,
};

describeDialects("activating a schema", (database) => {
  for (const generation of ["legacy", "current"] as const) {
    it(`declares its tables, which are the same when it is activated again (${generation})`, async () => {
      const name = database.schemaName("lab");
      const { schema, ...tables } = makeLab();
      await schema.activate(database.connection, name, tables, { generation });
      assert.deepEqual([schema.generation, schema.differences], [generation, []]);
      const { Session, SessionFile, Rate, Rig } = tables;
      await Session.insert([row]);
      await SessionFile.insert([{ subject: "m1", session: 1, file: "x" }]);
      const kinds = Session.heading.attributes.map(({ name: own, kind, inKey }) => [own, kind, inKey]);
      assert.deepEqual(kinds, [
        ["subject", "string", true],
        ["session", "integer", true],
        ["rig", "string", false],
        ["uuid", "uuid", false],
        ["started", "temporal", false],
        ["grams", "decimal", false],
        ["data", "blob", false],
        ["is_good", "bool", false],
      ]);
      assert.deepEqual(
        [Rig.table, Session.table, SessionFile.table, Rate.table],
        ["#rig", "session", "session__file", "__rate"],
      );
      assert.deepEqual([SessionFile.className, SessionFile.bound.master], ["Session.File", "session"]);

      const again = makeLab();
      const { schema: other, ...others } = again;
      // what is there decides, whatever is asked for
      await other.activate(await database.open(), name, others, {
        generation: generation === "legacy" ? "current" : "legacy",
      });
      assert.deepEqual([other.generation, other.differences], [generation, []]);
      assert.deepEqual(await again.Session.fetch1(), row);
      assert.deepEqual(await again.SessionFile.fetch(), [{ subject: "m1", session: 1, file: "x" }]);
      assert.equal(again.Rig.heading.comment, "set-ups");
      assert.equal(again.Rig.heading.get("place")!.comment, "where: room");
    });
  }

  it("adds contents that are missing, and leaves rows that are there as they are", async () => {
    const name = database.schemaName("lab");
    const { schema, ...tables } = makeLab();
    await schema.activate(database.connection, name, tables);
    await tables.Rig.update1({ rig: "a", place: "moved" });
    await tables.Rig.insert([{ rig: "c", place: "own" }]);
    const again = makeLab();
    const { schema: other, ...others } = again;
    await other.activate(database.connection, name, others);
    assert.deepEqual(await again.Rig.fetch({ orderBy: "KEY" }), [
      { rig: "a", place: "moved" },
      { rig: "b", place: "roof" },
      { rig: "c", place: "own" },
    ]);
  });

  it("binds a table that is wider than its definition as it is, and says how it differs", async () => {
    const name = database.schemaName("lab");
    const there = new Schema();
    class Mouse extends there.manual(`
      mouse : varchar(32)
      ---
      session_id : int
      grams : double
      note='' : varchar(100)
    `) {}
    await there.activate(database.connection, name, { Mouse });
    await Mouse.insert([{ mouse: "a name longer than eight", session_id: 5, grams: 1.5 }]);
    const ours = new Schema();
    class Narrow extends ours.manual("mouse : varchar(8)\nday : date\n---\ngrams : double", {}) {}
    await ours.activate(database.connection, name, { Mouse: Narrow });
    assert.deepEqual(ours.differences, [
      "Mouse.mouse is varchar(32) in the database, varchar(8) in the definition.",
      "Mouse.day is not in the database, which has mouse, session_id, grams, note.",
    ]);
    const [found]: object[] = await Narrow.fetch();
    assert.deepEqual(found, { mouse: "a name longer than eight", session_id: 5, grams: 1.5, note: "" });
    const loose = Narrow.insert as unknown as (rows: object[]) => Promise<number>;
    await loose.call(Narrow, [{ mouse: "another long name", session_id: 6, grams: 2 }]);
    assert.equal(await Mouse.count(), 2);
  });

  it("makes nothing with create: false", async () => {
    const { schema, ...tables } = makeLab();
    const name = database.schemaName("none");
    await assert.rejects(schema.activate(database.connection, name, tables, { create: false }), {
      name: "MissingTableError",
      message: /is not in .*create: true/,
    });
    assert.equal(
      (await database.connection.dialect.catalogue.schemas(database.connection)).includes(name),
      false,
    );
    const { Rig, ...rest } = tables;
    await schema.activate(database.connection, name, { Rig });
    await schema.activate(database.connection, name, { Rig, ...rest }, { create: false });
    assert.equal(schema.differences.length, 3);
    assert.match(schema.differences[0]!, /session \(Session\) is not in the database/);
    assert.throws(() => rest.Rate.bound, {
      name: "DataJointError",
      message: /Rate is used before its schema is activated/,
    });
  });

  it("names what is wrong: a parent that was not given, a part without its master, a bad definition", async () => {
    const schema = new Schema();
    // as in a program that tsc did not see
    const manual = (text: string, parents = {}) => schema.manual(text as never, parents);
    const activate = (tables: object) =>
      schema.activate(database.connection, database.schemaName("bad"), tables as Record<string, unknown>);
    await assert.rejects(activate({ A: manual("-> Gone\na : int") }), {
      message: /The definition of A refers to 'Gone', which is not among its parents/,
    });
    const Master = manual("a : int");
    await assert.rejects(activate({ Own: Master.part("Own", "-> master\nb : int" as never) }), {
      message: /Part 'Own' is activated without its master/,
    });
    await assert.rejects(activate({ B: manual("a : int\n---\nb : nonsense") }), DefinitionError);
    await assert.rejects(activate({ lower: manual("a : int") }), DataJointError);
    assert.throws(
      () => Master.part("P", "-> master\nb:int" as never).part("Q", "-> master\nc:int" as never),
      {
        message: /cannot be a part of a part/,
      },
    );
  });

  it("does without the order of its tables, and without tables of other schemas", async () => {
    const { schema, Rate, SessionFile, Session, Rig } = makeLab();
    const other = new Schema();
    class Elsewhere extends other.manual("-> Session", { Session }) {}
    const name = database.schemaName("lab");
    await schema.activate(database.connection, name, {
      Rate,
      SessionFile,
      Session,
      Rig,
      Elsewhere,
      nothing: 3,
    });
    const tables = await database.connection.dialect.catalogue.tables(database.connection, name);
    assert.deepEqual(tables.filter((table) => !table.startsWith("~")).toSorted(), [
      "#rig",
      "__rate",
      "session",
      "session__file",
    ]);
    await other.activate(database.connection, database.schemaName("other"), { Elsewhere });
    await Session.insert([row]);
    await Elsewhere.insert([{ subject: "m1", session: 1 }]);
    await assert.rejects(Elsewhere.insert([{ subject: "m2", session: 1 }]), { name: "IntegrityError" });
  });

  it("may be done by several processes at once", async () => {
    const name = database.schemaName("lab");
    const connections = [database.connection, await database.open(), await database.open()];
    const labs = connections.map(() => makeLab());
    await Promise.all(labs.map(({ schema, ...tables }, i) => schema.activate(connections[i]!, name, tables)));
    for (const { Rig, Session, schema } of labs) {
      assert.deepEqual(schema.differences, []);
      assert.equal(await Rig.count(), 2);
      assert.deepEqual(Session.heading.names, labs[0]!.Session.heading.names);
    }
  });
});

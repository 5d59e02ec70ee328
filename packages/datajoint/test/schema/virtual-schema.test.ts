import assert from "node:assert/strict";
import { it } from "node:test";
import { Schema } from "../../src/schema/schema.ts";
import { virtualSchema } from "../../src/schema/virtual-module.ts";
import { deleteFrom } from "../../src/table/delete.ts";
import { makeClinic, rows } from "../support/clinic.ts";
import { describeDialects } from "../support/dialects.ts";

describeDialects("a virtual schema", (database) => {
  it("has a class for every table, masters before their parts, and none for hidden ones", async () => {
    const { Session, names } = await makeClinic(database);
    const { connection } = database;
    const { ddl } = connection.dialect;
    const { heading } = Session.query.proj();
    const hidden = { schema: names.clinic, heading, foreignKeys: [], indexes: [] };
    for (const table of ["~log", "~~sorting"])
      for (const statement of ddl.createTable({ ...hidden, table })) await connection.run(statement);
    const clinic = await virtualSchema(connection, names.clinic);
    assert.deepEqual(Object.keys(clinic), ["Rig", "Pair", "Session", "Session.File", "Subject"]);
    const sorting = await virtualSchema(connection, names.sorting);
    assert.deepEqual(Object.keys(sorting), ["Label", "Metrics", "Metrics.Unit", "Sorting", "Sorting.Unit"]);
    const { bound } = sorting["Sorting.Unit"]!;
    assert.deepEqual(
      [bound.className, bound.table, bound.tier, bound.master],
      ["Sorting.Unit", "__sorting__unit", "part", "__sorting"],
    );
    assert.deepEqual(clinic.Session!.heading.names, ["subject", "session", "rig"]);
  });

  it("is queried, joined with classes of code, inserted into and deleted from", async () => {
    const { Subject, names } = await makeClinic(database);
    const clinic = await virtualSchema(database.connection, names.clinic);
    const sorting = await virtualSchema(database.connection, names.sorting);
    assert.deepEqual(await clinic.Session!.fetch({ orderBy: "KEY" }), rows.Session);
    const joined = await sorting["Sorting.Unit"]!.join(Subject).restrict({ label: "good" }).fetch();
    assert.equal(joined.length, 2);
    await clinic.Subject!.insert([{ subject: "new" }]);
    await assert.rejects(
      sorting.Sorting!.insert([{ subject: "m1", session: 2, seconds: 1 }]),
      /made by populate/,
    );
    assert.equal((await deleteFrom(clinic.Session!.restrict({ subject: "m2" }))).count, 2);
    assert.equal(await sorting.Sorting!.count(), 2);
  });

  it("gives parents to tables that are declared in code", async () => {
    const { names } = await makeClinic(database);
    const { Session } = await virtualSchema(database.connection, names.clinic);
    const own = new Schema();
    const text: string = "-> Session\n---\nscore : int";
    class Score extends own.manual(text, { Session: Session! }) {}
    await own.activate(database.connection, database.schemaName("scores"), { Score });
    assert.deepEqual(Score.heading.names, ["subject", "session", "score"]);
    await Score.insert([{ subject: "m1", session: 1, score: 3 }]);
    await assert.rejects(Score.insert([{ subject: "m1", session: 9, score: 3 }]), { name: "IntegrityError" });
  });

  it("says what is missing, and which names are no DataJoint names", async () => {
    const { connection } = database;
    await assert.rejects(virtualSchema(connection, "no_such_schema"), {
      name: "MissingTableError",
      message: /Schema 'no_such_schema' is not in /,
    });
    const { Session } = await makeClinic(database);
    const schema = await database.createSchema("odd");
    const { heading } = Session.query.proj();
    const { ddl } = connection.dialect;
    for (const statement of ddl.createTable({
      schema,
      table: "gone__part",
      heading,
      foreignKeys: [],
      indexes: [],
    }))
      await connection.run(statement);
    await assert.rejects(virtualSchema(connection, schema), {
      name: "DataJointError",
      message: /gone__part' does not follow DataJoint's naming: .* a part of 'gone', which is not there/,
    });
    for (const statement of ddl.dropTable(schema, "gone__part")) await connection.run(statement);
    for (const table of ["a_b", "__a_b"])
      for (const statement of ddl.createTable({ schema, table, heading, foreignKeys: [], indexes: [] }))
        await connection.run(statement);
    await assert.rejects(
      virtualSchema(connection, schema),
      /'__a_b' and 'a_b' of '\w+' would both be the class 'AB'/,
    );
  });
});

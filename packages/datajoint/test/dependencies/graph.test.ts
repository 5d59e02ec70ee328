import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DependencyGraph, loadGraph } from "../../src/dependencies/graph.ts";
import type { ForeignKey } from "../../src/sql/dialect.ts";
import { makeClinic } from "../support/clinic.ts";
import { describeDialects } from "../support/dialects.ts";

/** `child -> parent` by table names of one schema. */
function edges(...pairs: string[]): ForeignKey[] {
  return pairs.map((pair) => {
    const [table = "", parentTable = ""] = pair.split(" -> ");
    return { schema: "s", table, columns: ["a"], parentSchema: "s", parentTable, parentColumns: ["a"] };
  });
}

const names = (tables: readonly { readonly table: string }[]) => tables.map(({ table }) => table);

describe("a graph of foreign keys", () => {
  it("lists parents before children, whichever way leads to them", () => {
    const graph = new DependencyGraph(edges("d -> b", "b -> a", "c -> a", "d -> c", "c -> b", "x -> y"));
    const found = names(graph.descendants([{ schema: "s", table: "a" }]));
    assert.deepEqual(found.toSorted(), ["a", "b", "c", "d"]);
    for (const { table, parentTable } of graph.edges)
      if (found.includes(table))
        assert.ok(found.indexOf(parentTable) < found.indexOf(table), `${table} too early`);
  });

  it("tells tables of one name in two schemas apart", () => {
    const other = { ...edges("b -> a")[0]!, schema: "t" };
    const graph = new DependencyGraph([other]);
    assert.deepEqual(graph.descendants([{ schema: "s", table: "b" }]), [{ schema: "s", table: "b" }]);
    assert.deepEqual(graph.descendants([{ schema: "s", table: "a" }]), [
      { schema: "s", table: "a" },
      { schema: "t", table: "b" },
    ]);
  });

  it("refuses circles, naming them", () => {
    const circle = new DependencyGraph(edges("b -> a", "c -> b", "a -> c"));
    assert.throws(() => circle.descendants([{ schema: "s", table: "a" }]), {
      name: "DataJointError",
      message: /in a circle: s\.a <- s\.b <- s\.c <- s\.a\./,
    });
    const self = new DependencyGraph(edges("a -> a"));
    assert.throws(() => self.descendants([{ schema: "s", table: "a" }]), /in a circle: s\.a <- s\.a\./);
  });
});

describeDialects("the graph of a database", (database) => {
  it("reaches across schemas, keeps columns in order, and leaves hidden tables out", async () => {
    const { connection } = database;
    const { Session, Pair, names: schemas } = await makeClinic(database);
    const { ddl } = connection.dialect;
    const hidden = {
      schema: Session.schema,
      table: "~note",
      heading: Session.query.proj().heading,
      foreignKeys: [
        {
          columns: ["subject", "session"],
          parentSchema: Session.schema,
          parentTable: Session.table,
          parentColumns: ["subject", "session"],
          onUpdate: "cascade" as const,
        },
      ],
      indexes: [],
    };
    for (const statement of ddl.createTable(hidden)) await connection.run(statement);
    const graph = await loadGraph(connection, [schemas.clinic]);
    assert.deepEqual(
      new Set(graph.descendants([Session]).map(({ schema, table }) => `${schema}.${table}`)),
      new Set([
        `${schemas.clinic}.session`,
        `${schemas.clinic}.session__file`,
        `${schemas.clinic}.pair`,
        `${schemas.sorting}.__sorting`,
        `${schemas.sorting}.__sorting__unit`,
        `${schemas.sorting}.__metrics`,
        `${schemas.sorting}.__metrics__unit`,
      ]),
    );
    const pairs = graph.above(Pair).map(({ columns, parentColumns }) => ({ columns, parentColumns }));
    assert.deepEqual(
      pairs.toSorted((a, b) => (a.columns[1]! < b.columns[1]! ? -1 : 1)),
      [
        { columns: ["subject", "first"], parentColumns: ["subject", "session"] },
        { columns: ["subject", "second"], parentColumns: ["subject", "session"] },
      ],
    );
  });
});

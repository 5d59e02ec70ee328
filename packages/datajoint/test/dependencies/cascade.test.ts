/** What a child's restriction looks like; which rows it names is tested on databases, in test/table/delete.test.ts. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Heading, type HeadingAttribute } from "../../src/definition/heading.ts";
import { type Bases, cascade, isSelfContained, type RowSet, rowsOf } from "../../src/dependencies/cascade.ts";
import { DependencyGraph, refName } from "../../src/dependencies/graph.ts";
import { parseCondition } from "../../src/query/condition.ts";
import type { ConditionNode, TableNode } from "../../src/query/nodes.ts";
import { attribute, key, optional } from "../support/tables.ts";

function table(name: string, attributes: readonly HeadingAttribute[]): TableNode {
  return { kind: "table", schema: "s", table: name, heading: new Heading(attributes) };
}

const parent = table("parent", [key("a", "int"), key("b", "int"), attribute("note", "varchar(8)")]);
const same = table("same", [key("a", "int"), key("b", "int"), key("c", "int")]);
const renamed = table("renamed", [key("a", "int"), key("x", "int")]);
const nullable = table("nullable", [key("c", "int"), optional("a", "int"), optional("b", "int")]);
const bases: Bases = new Map([parent, same, renamed, nullable].map((base) => [refName(base), base]));
const reference = (child: TableNode, columns: readonly string[]) => ({
  schema: "s",
  table: child.table,
  columns,
  parentSchema: "s",
  parentTable: "parent",
  parentColumns: ["a", "b"],
});
const graph = new DependencyGraph([
  reference(same, ["a", "b"]),
  reference(renamed, ["a", "x"]),
  reference(nullable, ["a", "b"]),
]);

function conditionsOf(child: TableNode, given: Parameters<typeof parseCondition>[0] | undefined): RowSet {
  const conditions = given === undefined ? [] : [parseCondition(given, parent.heading)];
  const root = { base: parent, isWhole: given === undefined, conditions };
  return cascade(graph, [root], bases).get(refName(child))!;
}

const kinds = (set: RowSet) => set.conditions.map(({ kind }) => kind);

describe("a restriction handed down a foreign key", () => {
  it("stays as it is when the child has all its attributes", () => {
    for (const condition of [{ a: 1 }, { a: 1, b: 2 }, "a > 1 and b < 3", [{ a: 1 }, { b: 2 }]]) {
      const [root] = [parseCondition(condition, parent.heading)];
      assert.deepEqual(conditionsOf(same, condition).conditions, [root]);
    }
  });

  it("becomes the parent's rows when it speaks of what the child lacks, renames or may not have", () => {
    assert.deepEqual(kinds(conditionsOf(same, { note: "x" })), ["in"]);
    assert.deepEqual(kinds(conditionsOf(same, { a: 1, note: "x" })), ["in"]);
    assert.deepEqual(kinds(conditionsOf(same, "a in (select a from `other`)")), ["in"]);
    assert.deepEqual(kinds(conditionsOf(renamed, { b: 1 })), ["in"]);
    assert.deepEqual(kinds(conditionsOf(nullable, { a: 1 })), ["in"]);
    const [renaming] = conditionsOf(renamed, { b: 1 }).conditions;
    assert.ok(renaming?.kind === "in" && renaming.query.kind === "project");
    assert.deepEqual(
      [...renaming.query.columns],
      [
        ["a", { kind: "attribute", name: "a" }],
        ["x", { kind: "attribute", name: "b" }],
      ],
    );
    // an attribute of the same name on both sides of a renaming reference is the same value
    assert.deepEqual(kinds(conditionsOf(renamed, { a: 1 })), ["equals"]);
  });

  it("of a whole table is the whole child, or its rows that refer at all", () => {
    assert.equal(conditionsOf(same, undefined).isWhole, true);
    assert.equal(rowsOf(conditionsOf(same, undefined)), same);
    const { isWhole, conditions } = conditionsOf(nullable, undefined);
    assert.deepEqual([isWhole, conditions.map(({ kind }) => kind)], [false, ["and"]]);
  });

  it("comes only once by several ways", () => {
    const child = table("child", [key("a", "int"), key("b", "int")]);
    const to = (parentTable: string) => ({ ...reference(child, ["a", "b"]), parentTable });
    const wide = new DependencyGraph([...graph.edges, to("parent"), to("same")]);
    const all = new Map([...bases, [refName(child), child]]);
    const conditions: ConditionNode[] = [parseCondition({ a: 1 }, parent.heading)];
    const found = cascade(wide, [{ base: parent, isWhole: false, conditions }], all);
    assert.deepEqual(found.get(refName(child))!.conditions, conditions);
  });
});

describe("a condition", () => {
  it("is self-contained when it looks at no other rows", () => {
    const is = (given: Parameters<typeof parseCondition>[0]) =>
      isSelfContained(parseCondition(given, parent.heading));
    assert.deepEqual(
      [is({ a: 1 }), is("a > 1"), is([{ a: 1 }, "b < 2"]), is(true)],
      [true, true, true, true],
    );
    class Rows {
      readonly node = same;
    }
    assert.deepEqual(
      [is(new Rows()), is("a in (SELECT a FROM `t`)"), is([{ a: 1 }, new Rows()])],
      [false, false, false],
    );
  });
});

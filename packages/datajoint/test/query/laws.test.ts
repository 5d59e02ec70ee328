import assert from "node:assert/strict";
import { before, it } from "node:test";
import fc from "fast-check";
import { allOf, not } from "../../src/query/condition.ts";
import type { Query, RowCondition } from "../../src/query/query.ts";
import { universal } from "../../src/query/universal-set.ts";
import { describeDialects } from "../support/dialects.ts";
import { type Lab, makeLab, type sessions, units } from "../support/lab.ts";

type Unit = (typeof units)[number];
type Session = (typeof sessions)[number];

/** A condition on units, and what it means for a row of an array. */
interface Case {
  readonly condition: RowCondition<any>;
  readonly holds: (unit: Unit) => boolean;
}

const qualities = ["good", "mua", "x'; DROP TABLE unit; --", null] as const;

const leaf: fc.Arbitrary<(lab: Lab) => Case> = fc.oneof(
  fc
    .integer({ min: 0, max: 4 })
    .map((unit) => () => ({ condition: { unit }, holds: (row: Unit) => row.unit === unit })),
  fc
    .record({ subject_id: fc.integer({ min: 1, max: 3 }), quality: fc.constantFrom(...qualities) })
    .map((wanted) => () => ({
      condition: wanted,
      holds: (row: Unit) => row.subject_id === wanted.subject_id && row.quality === wanted.quality,
    })),
  fc
    .constantFrom(0.5, 2, 5.5, 8)
    .map((rate) => () => ({ condition: `rate > ${rate}`, holds: (row: Unit) => row.rate > rate })),
  fc.constantFrom("good", "mua").map((quality) => () => ({
    condition: `quality <> '${quality}'`,
    holds: (row: Unit) => row.quality !== null && row.quality !== quality,
  })),
  fc.boolean().map((value) => () => ({ condition: value, holds: () => value })),
  fc.constantFrom("2024-01-01", "2024-01-02").map((day) => (lab: Lab) => ({
    condition: lab.session.query.restrict({ session_date: day }),
    holds: (row: Unit) => row.session_date === day,
  })),
  fc.constantFrom(1, 3).map((limit) => (lab: Lab) => ({
    condition: lab.unit.query.top({ limit, orderBy: "rate desc" }).proj(),
    holds: (row: Unit) => units.filter((other) => other.rate > row.rate).length < limit,
  })),
  fc.constant((lab: Lab) => ({
    condition: universal("quality").of(lab.unit.query.restrict({ subject_id: 1 })),
    // a NULL matches nothing, itself included
    holds: (row: Unit) =>
      row.quality !== null && units.some((other) => other.subject_id === 1 && other.quality === row.quality),
  })),
);

type Make = (lab: Lab) => Case;

const condition: fc.Arbitrary<Make> = fc.letrec<{ node: Make }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    leaf,
    tie("node").map(
      (one): Make =>
        (lab) => {
          const { condition, holds } = one(lab);
          return { condition: not(condition as never), holds: (row) => !holds(row) };
        },
    ),
    fc.array(tie("node"), { maxLength: 3 }).map(
      (list): Make =>
        (lab) => {
          const cases = list.map((one) => one(lab));
          return {
            condition: cases.map((one) => one.condition),
            holds: (row) => cases.some((one) => one.holds(row)),
          };
        },
    ),
    fc.array(tie("node"), { maxLength: 3 }).map(
      (list): Make =>
        (lab) => {
          const cases = list.map((one) => one(lab));
          return {
            condition: allOf(...cases.map((one) => one.condition as never)),
            holds: (row) => cases.every((one) => one.holds(row)),
          };
        },
    ),
  ),
})).node;

/** Ways to write all units, each with the SQL of another shape. */
const shapes: readonly ((lab: Lab) => Query)[] = [
  (lab) => lab.unit.query,
  (lab) => lab.unit.query.proj("...", { extra: "rate * 2" }).proj("...", "-extra"),
  (lab) => lab.unit.query.join(lab.session.query.proj()),
  (lab) => lab.unit.query.top(),
  (lab) => lab.unit.query.proj("rate").join(lab.unit.query.proj("quality")),
  (lab) => lab.unit.query.proj("rate").union(lab.unit.query.proj("quality")),
  (lab) => lab.unit.query.proj("...", { number: "unit" }).proj("...", { unit: "number" }),
  (lab) => lab.unit.query.aggr(lab.unit.query.proj(), { n: "count(*)" }, { keep: ["..."] }).proj("...", "-n"),
];

describeDialects("laws of the algebra", (database) => {
  let lab: Lab;
  before(async () => {
    lab = await makeLab(database);
  });
  const rowsOf = (query: Query): Promise<object[]> => query.proj("rate", "quality").fetch({ orderBy: "KEY" });

  it("A & c is what a filter of the rows gives, A - c the others, in every shape of A", async () => {
    await fc.assert(
      fc.asyncProperty(condition, fc.constantFrom(...shapes), async (make, shape) => {
        const { condition: c, holds } = make(lab);
        const a = shape(lab);
        assert.deepEqual(await rowsOf(a.restrict(c)), units.filter(holds));
        assert.deepEqual(
          await rowsOf(a.subtract(c)),
          units.filter((row) => !holds(row)),
        );
        assert.equal(await a.restrict(c).count(), units.filter(holds).length);
        assert.equal(await a.restrict(c).exists(), units.some(holds));
      }),
      { numRuns: 60, seed: 11 },
    );
  });

  it("restrictions commute, and (A & c) + (A - c) is A", async () => {
    await fc.assert(
      fc.asyncProperty(condition, condition, fc.constantFrom(...shapes), async (first, second, shape) => {
        const [c, d] = [first(lab), second(lab)];
        const a = shape(lab);
        const expected = units.filter((row) => c.holds(row) && !d.holds(row));
        assert.deepEqual(await rowsOf(a.restrict(c.condition).subtract(d.condition)), expected);
        assert.deepEqual(await rowsOf(a.subtract(d.condition).restrict(c.condition)), expected);
        const both = a.restrict(c.condition).proj().union(a.subtract(c.condition).proj());
        assert.deepEqual(await both.fetch({ orderBy: "KEY" }), await lab.unit.query.keys({ orderBy: "KEY" }));
      }),
      { numRuns: 30, seed: 12 },
    );
  });

  it("a join restricted is the join of what is restricted, and commutes", async () => {
    await fc.assert(
      fc.asyncProperty(condition, fc.constantFrom(...shapes), async (make, shape) => {
        const { condition: c, holds } = make(lab);
        const a = shape(lab).restrict(c);
        const notes = lab.session.query.proj("note");
        const sort = (rows: Unit[]) =>
          rows.map(({ subject_id, session_date, unit }) => ({ subject_id, session_date, unit }));
        const left = await a.join(notes).fetch({ orderBy: "KEY" });
        const right = await notes.join(a).fetch({ orderBy: "KEY" });
        assert.deepEqual(sort(left as Unit[]), sort(units.filter(holds)));
        assert.deepEqual(
          (right as (Unit & Session)[]).map(({ unit, rate, note }) => ({ unit, rate, note })),
          (left as (Unit & Session)[]).map(({ unit, rate, note }) => ({ unit, rate, note })),
        );
      }),
      { numRuns: 30, seed: 13 },
    );
  });

  it("an aggregation counts what a filter counts, kept rows with 0", async () => {
    await fc.assert(
      fc.asyncProperty(condition, fc.constantFrom(...shapes), async (make, shape) => {
        const { condition: c, holds } = make(lab);
        const group = shape(lab).restrict(c);
        const counted = await lab.subject.query
          .aggr(group, { n: "count(unit)" }, { keepAllRows: true })
          .column("n", { orderBy: "KEY" });
        assert.deepEqual(
          counted,
          [1, 2, 3].map((id) => units.filter((row) => row.subject_id === id && holds(row)).length),
        );
      }),
      { numRuns: 30, seed: 14 },
    );
  });
});

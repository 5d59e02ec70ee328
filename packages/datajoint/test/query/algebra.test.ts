import assert from "node:assert/strict";
import { before, it } from "node:test";
import { DataJointError, QuerySyntaxError, UnknownAttributeError, ValueError } from "../../src/errors.ts";
import { allOf, not } from "../../src/query/condition.ts";
import type { Query } from "../../src/query/query.ts";
import { Top } from "../../src/query/top.ts";
import { universal } from "../../src/query/universal-set.ts";
import { describeDialects } from "../support/dialects.ts";
import { drugs, type Lab, makeLab, sessions, subjects, units } from "../support/lab.ts";

/** Rows by key, whatever the order of their attributes. */
async function expectRows(query: Query, expected: readonly object[]): Promise<void> {
  const rows = query.primaryKey.length === 0 ? await query.fetch() : await query.fetch({ orderBy: "KEY" });
  assert.deepEqual(rows, expected);
  assert.equal(await query.count(), expected.length, "count()");
  assert.equal(await query.exists(), expected.length > 0, "exists()");
}

describeDialects("the query algebra", (database) => {
  let lab: Lab;
  before(async () => {
    lab = await makeLab(database);
  });
  const key = (subject_id: number, session_date: string) => ({ subject_id, session_date });

  it("fetches a table as it was inserted", async () => {
    await expectRows(lab.subject.query, subjects);
    await expectRows(lab.session.query, sessions);
    await expectRows(lab.unit.query, units);
    await expectRows(lab.drug.query, drugs);
  });

  it("restricts by text, with literals in either quote", async () => {
    await expectRows(lab.unit.query.restrict("rate > 5 and quality = 'good'"), [units[0]!, units[4]!]);
    await expectRows(lab.unit.query.restrict('quality = "mua"'), [units[2]!]);
    await expectRows(lab.session.query.restrict(`note = 'said "no"'`), [sessions[2]!]);
    await expectRows(lab.session.query.restrict("note = 'it''s empty'"), [sessions[3]!]);
    await expectRows(lab.session.query.restrict("session_date between '2024-01-02' and '2024-12-31'"), [
      sessions[1]!,
      sessions[3]!,
    ]);
    await expectRows(lab.subject.query.restrict("species like 'm%'"), subjects.slice(0, 2));
    await expectRows(lab.subject.query.restrict("weight is null"), [subjects[1]!]);
    await expectRows(lab.subject.query.restrict("subject_id in (1, 3)"), [subjects[0]!, subjects[2]!]);
  });

  it("restricts by a mapping, null being NULL", async () => {
    await expectRows(lab.unit.query.restrict({ subject_id: 1, unit: 1 }), [units[0]!, units[2]!]);
    await expectRows(lab.unit.query.restrict({ quality: null }), [units[1]!]);
    await expectRows(lab.session.query.restrict({ hours: "1.5" }), [sessions[0]!]);
    await expectRows(lab.session.query.restrict({ hours: 0.25 }), [sessions[2]!]);
    await expectRows(lab.session.query.restrict({ session_date: "2024-2-1" }), [sessions[3]!]);
    await expectRows(lab.subject.query.restrict({}), subjects);
  });

  it("subtracts what restrict keeps, of several attributes and of NULL too", async () => {
    await expectRows(lab.unit.query.subtract({ subject_id: 1, unit: 1 }), [units[1]!, units[3]!, units[4]!]);
    await expectRows(lab.unit.query.subtract({ quality: "good" }), [units[1]!, units[2]!]);
    await expectRows(lab.unit.query.subtract("quality = 'good'"), [units[1]!, units[2]!]);
    await expectRows(lab.unit.query.subtract([]), units);
    await expectRows(lab.unit.query.subtract(true), []);
  });

  it("takes lists as any, allOf as all, not as the rest, booleans as everything and nothing", async () => {
    await expectRows(lab.unit.query.restrict([{ unit: 3 }, "rate < 1"]), [units[1]!, units[4]!]);
    await expectRows(lab.unit.query.restrict(allOf({ quality: "good" }, "rate > 3")), [units[0]!, units[4]!]);
    await expectRows(lab.unit.query.restrict(not({ quality: "good" })), [units[1]!, units[2]!]);
    await expectRows(lab.unit.query.restrict(not(allOf(not("rate < 8")))), [
      units[0]!,
      units[1]!,
      units[2]!,
      units[3]!,
    ]);
    await expectRows(lab.unit.query.restrict([]), []);
    await expectRows(lab.unit.query.restrict([{}, "rate < 1"]), units);
    await expectRows(lab.unit.query.restrict(false), []);
    await expectRows(lab.unit.query.restrict(universal("x")), units);
  });

  it("takes long lists of keys, their attributes in any order, a decimal and a NULL among them", async () => {
    const all = await lab.unit.query.keys({ orderBy: "KEY" });
    const turned = all.map((one, i) =>
      i % 2 === 0 ? one : { unit: one.unit, session_date: one.session_date, subject_id: one.subject_id },
    );
    await expectRows(lab.unit.query.restrict(turned), units);
    await expectRows(lab.unit.query.subtract(turned.slice(1)), [units[0]!]);
    await expectRows(lab.session.query.subtract(["1.5", 2, 3, 4].map((hours) => ({ hours }))), [
      sessions[2]!,
      sessions[3]!,
    ]);
    await expectRows(lab.session.query.restrict([1.5, "2.00", 3, null].map((hours) => ({ hours }))), [
      sessions[0]!,
      sessions[1]!,
      sessions[3]!,
    ]);
    await expectRows(lab.subject.query.restrict([21.5, 1, 2, 3].map((weight) => ({ weight }))), [
      subjects[0]!,
    ]);
    await expectRows(
      lab.drug.query.restrict(["KETAMINE", "x", "y", "z"].map((drug) => ({ drug, dose: 30 }))),
      [drugs[1]!],
    );
  });

  it("restricts by a query, and by one with nothing in common", async () => {
    await expectRows(lab.session.query.restrict(lab.unit.query.restrict("rate > 6")), [
      sessions[1]!,
      sessions[2]!,
    ]);
    await expectRows(lab.session.query.subtract(lab.unit.query), [sessions[3]!]);
    await expectRows(lab.session.query.restrict(lab.unit), [sessions[0]!, sessions[1]!, sessions[2]!]);
    await expectRows(lab.drug.query.restrict(lab.subject.query), drugs);
    await expectRows(lab.drug.query.restrict(lab.subject.query.restrict("weight > 1000")), []);
    await expectRows(lab.drug.query.subtract(lab.subject.query.restrict("weight > 1000")), drugs);
  });

  it("restricts by a query with a limit, and by the classes Top", async () => {
    await expectRows(lab.session.query.restrict(lab.unit.query.top({ limit: 1, orderBy: "rate desc" })), [
      sessions[2]!,
    ]);
    await expectRows(lab.session.query.subtract(lab.unit.query.top({ limit: 1, orderBy: "rate desc" })), [
      sessions[0]!,
      sessions[1]!,
      sessions[3]!,
    ]);
    assert.deepEqual(await lab.unit.query.restrict(new Top({ limit: 2, orderBy: "rate desc" })).fetch(), [
      units[4],
      units[2],
    ]);
    await expectRows(lab.unit.query.subtract(new Top({ limit: 2, orderBy: "rate desc" })), [
      units[0]!,
      units[1]!,
      units[3]!,
    ]);
  });

  it("keeps unmatched rows in an anti-join whose matching attribute can be NULL", async () => {
    // qualities of units as keys, among them NULL
    const qualities = universal("quality").of(lab.unit.query);
    const named = lab.drug.query.proj({ quality: "drug" });
    await expectRows(named.subtract(qualities), [
      { quality: "gabazine" },
      { quality: "ketamine" },
      { quality: "saline" },
    ]);
  });

  it("projects: key alone, names, all, all but one", async () => {
    await expectRows(
      lab.session.query.proj(),
      sessions.map(({ subject_id, session_date }) => ({ subject_id, session_date })),
    );
    await expectRows(
      lab.subject.query.proj("sex"),
      subjects.map(({ subject_id, sex }) => ({ subject_id, sex })),
    );
    await expectRows(lab.subject.query.proj("..."), subjects);
    await expectRows(
      lab.subject.query.proj("...", "-species"),
      subjects.map(({ species: _, ...rest }) => rest),
    );
  });

  it("renames, copies and computes", async () => {
    await expectRows(lab.drug.query.proj({ name: "drug", milligrams: "dose" }), [
      { name: "gabazine", milligrams: 10 },
      { name: "ketamine", milligrams: 30 },
      { name: "saline", milligrams: 0 },
    ]);
    const copied = lab.drug.query.proj({ again: "(drug)" });
    assert.deepEqual(copied.primaryKey, ["drug", "again"]);
    await expectRows(copied.restrict({ again: "saline" }), [{ drug: "saline", again: "saline" }]);
    const computed = lab.drug.query.proj("dose", { twice: "dose * 2", label: "'x'" });
    await expectRows(computed.restrict("twice > 50"), [
      { drug: "ketamine", dose: 30, twice: 60, label: "x" },
    ]);
    await expectRows(computed.proj({ four: "twice * 2" }).restrict({ drug: "gabazine" }), [
      { drug: "gabazine", four: 40 },
    ]);
  });

  it("swaps two names in one projection", async () => {
    const swapped = lab.unit.query
      .restrict({ unit: 3 })
      .proj("rate", { unit: "subject_id", subject_id: "unit" });
    await expectRows(swapped, [{ unit: 2, session_date: "2024-01-01", subject_id: 3, rate: 9.25 }]);
    await expectRows(swapped.restrict({ unit: 2 }), [
      { unit: 2, session_date: "2024-01-01", subject_id: 3, rate: 9.25 },
    ]);
  });

  it("joins on all shared names", async () => {
    const joined = lab.unit.query.join(lab.session.query.proj("note"));
    await expectRows(
      joined,
      units.map((unit) => ({
        ...unit,
        note: sessions.find((s) => s.subject_id === unit.subject_id && s.session_date === unit.session_date)!
          .note,
      })),
    );
    assert.deepEqual(joined.primaryKey, ["subject_id", "session_date", "unit"]);
    await expectRows(lab.subject.query.proj().join(lab.drug.query.proj()).restrict({ subject_id: 2 }), [
      { subject_id: 2, drug: "gabazine" },
      { subject_id: 2, drug: "ketamine" },
      { subject_id: 2, drug: "saline" },
    ]);
  });

  it("joins renamed, computed, restricted and limited operands, and chains on both sides", async () => {
    const renamed = lab.subject.query.proj({ owner: "subject_id", kind: "species" });
    assert.equal(await renamed.join(lab.drug.query).count(), 9);
    const busy = lab.session.query.aggr(lab.unit.query, { n: "count(unit)" });
    await expectRows(busy.join(lab.treatment.query).restrict("n > 1"), [
      { subject_id: 1, session_date: "2024-01-01", drug: "saline", n: 2 },
      { subject_id: 2, session_date: "2024-01-01", drug: "ketamine", n: 2 },
    ]);
    const two = lab.unit.query.top({ limit: 2, orderBy: "rate desc" });
    await expectRows(two.proj().join(lab.session.query.proj("hours")), [
      { ...key(1, "2024-01-02"), unit: 1, hours: "2.00" },
      { ...key(2, "2024-01-01"), unit: 3, hours: "0.25" },
    ]);
    const right = lab.drug.query.join(lab.treatment.query);
    const left = lab.unit.query.join(lab.subject.query.proj("sex"));
    await expectRows(left.join(right).restrict("rate > 8").proj("dose", "sex"), [
      { subject_id: 2, session_date: "2024-01-01", unit: 3, drug: "ketamine", dose: 30, sex: "F" },
    ]);
  });

  it("joins left, with null for what has no match", async () => {
    const left = lab.treatment.query.join(lab.drug.query.restrict("dose > 0"), { left: true });
    await expectRows(left, [
      { ...key(1, "2024-01-01"), drug: "saline", dose: null },
      { ...key(1, "2024-01-02"), drug: "ketamine", dose: 30 },
      { ...key(2, "2024-01-01"), drug: "ketamine", dose: 30 },
    ]);
    await expectRows(left.restrict("dose is null"), [
      { ...key(1, "2024-01-01"), drug: "saline", dose: null },
    ]);
    assert.throws(() => lab.drug.query.join(lab.treatment.query, { left: true }), DataJointError);
  });

  it("refuses to join or restrict by a shared secondary attribute", () => {
    assert.throws(
      () => lab.unit.query.join(lab.drug.query.proj({ rate: "dose" })),
      /dependent attribute 'rate'/,
    );
    assert.throws(() => lab.unit.query.restrict(lab.drug.query.proj({ rate: "dose" })), DataJointError);
  });

  it("aggregates matching rows, drops or keeps those without", async () => {
    await expectRows(lab.session.query.aggr(lab.unit.query, { n: "count(*)", most: "max(rate)" }), [
      { ...key(1, "2024-01-01"), n: 2, most: 5.5 },
      { ...key(1, "2024-01-02"), n: 1, most: 7 },
      { ...key(2, "2024-01-01"), n: 2, most: 9.25 },
    ]);
    const good = lab.unit.query.restrict({ quality: "good" });
    await expectRows(
      lab.session.query.aggr(good, { n: "count(unit)" }, { keepAllRows: true, keep: ["note"] }),
      [
        { ...key(1, "2024-01-01"), note: "first", n: 1 },
        { ...key(1, "2024-01-02"), note: "", n: 0 },
        { ...key(2, "2024-01-01"), note: 'said "no"', n: 2 },
        { ...key(2, "2024-02-01"), note: "it's empty", n: 0 },
      ],
    );
    await expectRows(
      lab.subject.query.aggr(
        lab.session.query,
        { total: "sum(hours)", mean: "avg(hours)" },
        { keep: ["..."] },
      ),
      [
        { ...subjects[0]!, total: 3.5, mean: 1.75 },
        { ...subjects[1]!, total: 0.25, mean: 0.25 },
      ],
    );
  });

  it("aggregates under the name of the attribute it aggregates, and over an empty side", async () => {
    await expectRows(lab.subject.query.aggr(lab.unit.query, { rate: "min(rate)" }), [
      { subject_id: 1, rate: 0.5 },
      { subject_id: 2, rate: 2 },
    ]);
    await expectRows(
      lab.subject.query.aggr(lab.unit.query.restrict(false), { n: "count(unit)" }, { keepAllRows: true }),
      [
        { subject_id: 1, n: 0 },
        { subject_id: 2, n: 0 },
        { subject_id: 3, n: 0 },
      ],
    );
    await expectRows(lab.subject.query.restrict(false).aggr(lab.unit.query, { n: "count(unit)" }), []);
  });

  it("restricts, aggregates and orders aggregations by what they computed", async () => {
    const counted = lab.session.query.aggr(lab.unit.query, { n: "count(*)" });
    await expectRows(counted.restrict("n = 1"), [{ ...key(1, "2024-01-02"), n: 1 }]);
    await expectRows(counted.restrict({ n: 2, subject_id: 1 }), [{ ...key(1, "2024-01-01"), n: 2 }]);
    await expectRows(lab.subject.query.aggr(counted, { total: "sum(n)" }), [
      { subject_id: 1, total: 3 },
      { subject_id: 2, total: 2 },
    ]);
    assert.deepEqual(await counted.column("n", { orderBy: ["n desc", "KEY"], limit: 2 }), [2, 2]);
  });

  it("gives distinct values of a universal set, and aggregates over them", async () => {
    await expectRows(universal("species").of(lab.subject), [{ species: "mouse" }, { species: "rat" }]);
    await expectRows(universal("species").aggr(lab.subject, { n: "count(*)" }), [
      { species: "mouse", n: 2 },
      { species: "rat", n: 1 },
    ]);
    await expectRows(universal().aggr(lab.unit, { n: "count(*)", mean: "avg(rate)" }), [
      { n: 5, mean: 4.85 },
    ]);
    await expectRows(universal().aggr(lab.unit.query.restrict("rate > 100"), { n: "count(*)" }), [{ n: 0 }]);
    await expectRows(
      universal("n").aggr(lab.session.query.aggr(lab.unit.query, { n: "count(*)" }), { times: "count(*)" }),
      [
        { n: 1, times: 1 },
        { n: 2, times: 2 },
      ],
    );
    assert.equal(await universal().of(lab.unit).count(), 1);
    assert.equal(await universal().of(lab.unit.query.restrict("rate > 100")).exists(), false);
    assert.throws(() => universal("nope").of(lab.unit), UnknownAttributeError);
  });

  it("unites keys, and pads secondary attributes with null", async () => {
    const early = lab.session.query.restrict("session_date < '2024-01-02'").proj();
    const second = lab.session.query.restrict({ subject_id: 2 }).proj();
    await expectRows(early.union(second), [key(1, "2024-01-01"), key(2, "2024-01-01"), key(2, "2024-02-01")]);
    const heavy = lab.subject.query.restrict("weight > 100").proj("weight");
    const mice = lab.subject.query.restrict({ species: "mouse" }).proj("species");
    await expectRows(heavy.union(mice), [
      { subject_id: 1, weight: null, species: "mouse" },
      { subject_id: 2, weight: null, species: "mouse" },
      { subject_id: 3, weight: 310.25, species: null },
    ]);
    await expectRows(heavy.union(mice).restrict("weight is null and subject_id > 1"), [
      { subject_id: 2, weight: null, species: "mouse" },
    ]);
    assert.deepEqual(await early.union(second).fetch({ limit: 1, offset: 1 }), [key(2, "2024-01-01")]);
    assert.throws(() => lab.subject.query.union(lab.drug), DataJointError);
    assert.throws(() => lab.subject.query.union(lab.subject), DataJointError);
  });

  it("keeps the limit of a top through further operators", async () => {
    const two = lab.unit.query.top({ limit: 2, orderBy: "rate desc" });
    assert.deepEqual(await two.fetch(), [units[4], units[2]]);
    assert.equal(await two.count(), 2);
    await expectRows(two.restrict({ subject_id: 1 }), [units[2]!]);
    await expectRows(two.top({ limit: 1, orderBy: "rate" }), [units[2]!]);
    assert.deepEqual(await lab.unit.query.top({ offset: 4 }).fetch(), [units[4]]);
    assert.equal(await lab.unit.query.top({ limit: 0 }).exists(), false);
    assert.equal(await lab.unit.query.top({ limit: 5, offset: 5 }).exists(), false);
    assert.throws(() => lab.unit.query.top({ limit: -1 }), ValueError);
    assert.throws(() => lab.unit.query.top({ limit: "1; drop table x" as never }), ValueError);
    assert.throws(() => lab.unit.query.top({ orderBy: "nope" }), UnknownAttributeError);
  });

  it("fetches one row, keys, columns, head and tail in the order asked for", async () => {
    assert.deepEqual(await lab.subject.query.restrict({ subject_id: 3 }).fetch1(), subjects[2]);
    assert.equal(await lab.subject.query.restrict({ subject_id: 3 }).fetch1("species"), "rat");
    assert.deepEqual(await lab.subject.query.restrict({ subject_id: 3 }).fetch1("weight", "sex"), {
      weight: 310.25,
      sex: "U",
    });
    await assert.rejects(lab.subject.query.fetch1(), /3 rows/);
    await assert.rejects(lab.subject.query.restrict(false).fetch1("sex"), /no row/);
    assert.deepEqual(await lab.subject.query.keys({ orderBy: "weight desc", limit: 2 }), [
      { subject_id: 3 },
      { subject_id: 1 },
    ]);
    assert.deepEqual(await lab.unit.query.column("quality", { orderBy: "rate" }), [
      null,
      "good",
      "good",
      "mua",
      "good",
    ]);
    assert.deepEqual(await lab.drug.query.top().columns("dose", "drug"), {
      dose: [10, 30, 0],
      drug: ["gabazine", "ketamine", "saline"],
    });
    assert.deepEqual(await lab.unit.query.head(2), units.slice(0, 2));
    assert.deepEqual(await lab.unit.query.tail(2), units.slice(3));
    await assert.rejects(lab.drug.query.column("nope"), UnknownAttributeError);
  });

  it("streams the same rows, and stops when the loop is left", async () => {
    const seen: unknown[] = [];
    for await (const row of lab.unit.query.stream({ orderBy: "KEY" })) seen.push(row);
    assert.deepEqual(seen, units);
    for await (const row of lab.unit.query.stream({ orderBy: "KEY" })) {
      assert.deepEqual(row, units[0]);
      break;
    }
    assert.equal(await lab.unit.query.count(), 5);
  });

  it("names what is unknown or cannot be read", () => {
    const { query } = lab.unit;
    assert.throws(() => query.restrict({ nope: 1 }), UnknownAttributeError);
    assert.equal(query.restrict({ nope: 1 }, { ignoreUnknown: true }).node, query.node);
    assert.throws(() => query.restrict("nope > 1"), UnknownAttributeError);
    assert.throws(() => query.restrict("rate > 1; drop table x"), QuerySyntaxError);
    assert.throws(() => query.restrict("rate > 1 -- x"), QuerySyntaxError);
    assert.throws(() => query.restrict("quality = 'x"), QuerySyntaxError);
    assert.throws(() => query.restrict(undefined as never), ValueError);
    assert.throws(() => query.restrict(5 as never), ValueError);
    assert.throws(() => query.restrict({ session_date: new Date() as never }), /JavaScript Date/);
    assert.throws(() => query.restrict({ quality: undefined as never }), ValueError);
    assert.throws(() => query.proj({ x: "nope" }), UnknownAttributeError);
    assert.throws(() => query.proj("nope"), UnknownAttributeError);
    assert.throws(() => query.proj("-unit"), DataJointError);
    assert.throws(() => query.proj({ rate: "quality" }, "rate"), DataJointError);
    assert.throws(() => lab.unit.query.aggr(lab.session.query, { n: "count(*)" }), DataJointError);
  });

  it("refuses bad SQL as QuerySyntaxError, with the server's words", async () => {
    await assert.rejects(lab.unit.query.restrict("rate > > 1").fetch(), QuerySyntaxError);
    await assert.rejects(lab.unit.query.restrict("(rate > 1").fetch(), QuerySyntaxError);
  });
});

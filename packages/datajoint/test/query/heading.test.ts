/**
 * @module
 * What a query's heading says decides how later operators are written: whether NULL may occur, what orders rows, what is left of the key.
 */
import assert from "node:assert/strict";
import { before, it } from "node:test";
import { universal } from "../../src/query/universal-set.ts";
import { describeDialects } from "../support/dialects.ts";
import { type Lab, makeLab } from "../support/lab.ts";

describeDialects("headings of queries", (database) => {
  let lab: Lab;
  before(async () => {
    lab = await makeLab(database);
  });

  it("know that a left join may give NULL, so that a difference keeps such rows", async () => {
    const joined = lab.treatment.query.join(lab.drug.query.restrict("dose > 0"), { left: true });
    const rest = joined.subtract(universal("dose").of(lab.drug.query.restrict("dose = 30")));
    assert.deepEqual(await rest.fetch(), [
      { subject_id: 1, session_date: "2024-01-01", drug: "saline", dose: null },
    ]);
  });

  it("know that a union may give NULL", async () => {
    const united = lab.drug.query
      .restrict("drug <> 'ketamine'")
      .union(universal("drug").of(lab.treatment.query));
    const rest = united.subtract(universal("dose").of(lab.drug.query.restrict("dose = 10")));
    assert.deepEqual(await rest.fetch({ orderBy: "KEY" }), [
      { drug: "ketamine", dose: null },
      { drug: "saline", dose: 0 },
    ]);
  });

  it("end every order with the key", () => {
    const { node } = lab.session.query.top({ orderBy: "note desc", limit: 1 });
    assert.ok(node.kind === "top");
    assert.deepEqual(node.order, [
      { name: "note", isDescending: true },
      { name: "subject_id", isDescending: false },
      { name: "session_date", isDescending: false },
    ]);
  });

  it("order a column by what is computed and not fetched", async () => {
    const query = lab.subject.query.proj({ back: "-subject_id" });
    assert.deepEqual(await query.column("subject_id", { orderBy: "back", limit: 2 }), [3, 2]);
  });

  it("take thousands of conditions", async () => {
    const conditions = Array.from({ length: 3000 }, (_, i) => `subject_id = ${i + 2}`);
    assert.deepEqual(
      await lab.subject.query.restrict(conditions).column("subject_id", { orderBy: "KEY" }),
      [2, 3],
    );
    assert.deepEqual(await lab.subject.query.subtract(conditions).column("subject_id"), [1]);
  });
});

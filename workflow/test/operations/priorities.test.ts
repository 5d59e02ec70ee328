/** In which order a step takes its keys. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  clearPriorities,
  type PriorityRule,
  portionsOf,
  readPriorities,
  setPriority,
} from "../../src/operations/priorities.ts";
import { type OperationLab, openOperationLab } from "./support/operation-lab.ts";

let lab: OperationLab;
before(async () => {
  lab = await openOperationLab();
});
after(() => lab.close());

const rule = (values: PriorityRule["rule"], priority: number, process = ""): PriorityRule => ({
  process,
  rule: values,
  priority,
  setAt: "",
  setBy: "",
});

describe("portionsOf", () => {
  it("without rules is everything at once", () => {
    assert.deepEqual(portionsOf([], "ephys.LFP", ["subject"]), [{ only: [], not: [] }]);
  });

  it("takes the soonest first, then all but what is held up, then that", () => {
    const rules = [
      rule({ subject: "a" }, 0),
      rule({ subject: "b", session_id: 2 }, 1),
      rule({ subject: "z" }, 10),
    ];
    assert.deepEqual(portionsOf(rules, "ephys.LFP", ["subject", "session_id"]), [
      { only: [{ subject: "a" }], not: [] },
      { only: [{ subject: "b", session_id: 2 }], not: [] },
      { only: [], not: [{ subject: "z" }] },
      { only: [{ subject: "z" }], not: [] },
    ]);
  });

  it("leaves out rules of other steps, and of attributes that the keys do not have", () => {
    const rules = [rule({ subject: "a" }, 0, "ephys.LFP"), rule({ paramset_idx: 1 }, 0)];
    assert.deepEqual(portionsOf(rules, "ephys.Clustering", ["subject"]), [{ only: [], not: [] }]);
  });
});

describe("rules", () => {
  it("are one for the same keys, whatever the order of their attributes, and 5 takes them away", async () => {
    await setPriority("", { subject: "m1", session_id: 3 }, 2);
    await setPriority("", { session_id: 3, subject: "m1" }, 0);
    await setPriority("ephys.LFP", { subject: "m1" }, 10);
    assert.deepEqual(
      (await readPriorities()).map(({ process, rule: values, priority }) => [process, values, priority]),
      [
        ["", { session_id: 3, subject: "m1" }, 0],
        ["ephys.LFP", { subject: "m1" }, 10],
      ],
    );
    await setPriority("", { subject: "m1", session_id: 3 }, 5);
    assert.equal((await readPriorities()).length, 1);
    assert.equal(await clearPriorities(), 1);
    assert.deepEqual(await readPriorities(), []);
  });
});

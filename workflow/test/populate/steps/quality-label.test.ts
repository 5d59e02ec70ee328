import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { knownLabel, qualityLabel } from "../../../src/populate/steps/quality-label.ts";

describe("qualityLabel", () => {
  it("calls a unit good that is clean and clear, others mua", () => {
    assert.equal(qualityLabel({ snr: 8, contamination_rate: 0.05 }), "good");
    assert.equal(qualityLabel({ snr: 8, contamination_rate: 0.4 }), "mua");
    assert.equal(qualityLabel({ snr: 2, contamination_rate: 0 }), "mua");
    assert.equal(qualityLabel({ snr: null, contamination_rate: 0.1 }), "good");
    assert.equal(qualityLabel({ snr: 8, contamination_rate: null }), "mua");
  });
});

describe("knownLabel", () => {
  const known = ["good", "ok", "mua", "noise", "n.a."];

  it("takes the words of Phy and Kilosort in any case", () => {
    for (const label of ["good", "Good", " MUA ", "noise"])
      assert.equal(knownLabel(label, known), label.trim().toLowerCase());
  });

  it("maps what the table does not know to n.a., as the foreign key would refuse it", () => {
    for (const label of ["unsorted", "", "SUA?"]) assert.equal(knownLabel(label, known), "n.a.");
  });
});

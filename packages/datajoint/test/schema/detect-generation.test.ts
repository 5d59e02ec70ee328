import assert from "node:assert/strict";
import { it } from "node:test";
import { Heading } from "../../src/definition/heading.ts";
import { detectGeneration } from "../../src/schema/detect-generation.ts";
import { describeDialects } from "../support/dialects.ts";
import { attribute, key } from "../support/tables.ts";

/** contract: datajoint.md 0.1, consequence 2 */
describeDialects("the generation of a schema", (database) => {
  const told = (tables: readonly string[], attributes: Parameters<typeof attribute>[] = []) =>
    detectGeneration(
      database.connection,
      new Set(["t", ...tables]),
      new Map([["t", new Heading([key("a", "int"), ...attributes.map((one) => attribute(...one))])]]),
    );

  it("is told by hidden tables", () => {
    assert.equal(told([]), undefined);
    assert.equal(told(["~log"]), undefined);
    assert.equal(told(["~external_raw"]), "legacy");
    assert.equal(told(["~jobs"]), "legacy");
    assert.equal(told(["~lineage"]), "current");
    // somebody with 2.x may have looked at a legacy schema
    assert.equal(told(["~lineage", "~jobs"]), "legacy");
    assert.equal(told(["~lineage", "~external_raw"]), "legacy");
  });

  it("is told by labels first", () => {
    assert.equal(told([], [["b", "longblob"]]), "legacy");
    assert.equal(told(["~lineage"], [["b", "longblob"]]), "legacy");
    assert.equal(told([], [["b", "attach"]]), "legacy");
    assert.equal(told([], [["b", "uuid"]]), undefined);
    assert.equal(told(["~jobs"], [["b", "longblob", { annotation: "<blob>" }]]), "current");
    assert.equal(told(["~jobs"], [["b", "int", { annotation: "int32" }]]), "current");
  });
});

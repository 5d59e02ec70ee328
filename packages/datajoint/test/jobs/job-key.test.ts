/**
 * @module
 * Keys through the dict that `~jobs` holds: what comes back is what the server writes, so that it is the same key to all that compare text.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import { pack } from "../../src/blob/encode.ts";
import type { HeadingAttribute } from "../../src/definition/heading.ts";
import { DataJointError } from "../../src/errors.ts";
import { boundValue, keyOfPython, keyText, pythonKey } from "../../src/jobs/job-key.ts";
import { keyHash } from "../../src/jobs/key-hash.ts";
import { attribute } from "../populate/support/fixture.ts";

function part(name: string, type: string, kind: HeadingAttribute["kind"]): HeadingAttribute {
  return attribute(name, { inKey: true, type, kind });
}

it("a key comes back from its dict as it went in", () => {
  const attributes = [
    part("number", "bigint unsigned", "integer"),
    part("text", "varchar(16)", "string"),
    part("day", "date", "temporal"),
    part("moment", "datetime", "temporal"),
    part("milli", "datetime(3)", "temporal"),
    part("micro", "timestamp(6)", "temporal"),
    part("clock", "time", "temporal"),
    part("amount", "decimal(8,3)", "decimal"),
    part("rate", "double", "float"),
    part("mark", "binary(16)", "uuid"),
    part("nothing", "int", "integer"),
  ];
  const key = {
    number: 2n ** 63n - 1n,
    text: "é'\"",
    day: "2024-02-29",
    moment: "2024-02-29 05:06:07",
    milli: "2024-02-29 05:06:07.089",
    micro: "2024-02-29 05:06:07.000001",
    clock: "-01:02:03",
    amount: "1.500",
    rate: 0.1,
    mark: "0a0b0c0d-1111-2222-3333-444444444444",
    nothing: null,
  };
  const back = keyOfPython(pack(pythonKey(key, attributes)), attributes);
  assert.deepEqual(back, key);
  assert.equal(keyText(back, attributes), keyText(key, attributes));
  assert.equal(keyHash(back, attributes), keyHash(key, attributes));
});

it("a key that lacks an attribute, or has no SQL value in one, is refused", () => {
  const id = part("id", "int", "integer");
  assert.throws(
    () => boundValue({ other: 1 }, id),
    (error) => error instanceof DataJointError && /no attribute "id"; it has other/.test(error.message),
  );
  assert.throws(() => boundValue({ id: {} }, id), /"id" is \[object Object\], which is no value of a key/);
});

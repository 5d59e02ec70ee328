/** What users import. A name that goes or comes changes this list on purpose, and the CHANGELOG says so. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as api from "../src/index.ts";

const root = join(import.meta.dirname, "../../..");

const names = `
  AccessError BlobError Complex Connection DataJointError DateTime Decimal DefinitionError DependencyGraph DuplicateError Float Heading
  IntegrityError LeaseLostError Leases LostConnectionError MatCell MatSparse MatStruct MissingAttributeError MissingExternalFile
  MissingTableError NdArray PythonWatch Query QueryError QuerySyntaxError RawSession RefusedError RetryTransactionError Schema SettingsError StructuredArray Top
  Tuple U UniversalSet UnknownAttributeError Uuid ValueError allOf connect declareCopy defaultTiming deleteFrom findQueue freeJobs ignoreJobs isHeld keyHash
  loadGraph not openConnections pack packAsync populate progress queueStatus readJobs readTableName releaseDeadPython retry universal unpack unpackAsync uuidText withErrors
  virtualSchema
`;

test("the package has the names that it promises, and no others", () => {
  assert.deepEqual(Object.keys(api).toSorted(), names.trim().split(/\s+/).toSorted());
});

test("every error is a DataJointError of its own name", () => {
  const errors = Object.entries(api).filter(
    ([, value]) => (value as { prototype?: object }).prototype instanceof Error,
  );
  assert.ok(errors.length > 15);
  for (const [name, type] of errors) {
    const error = new (type as new (message: string, ...rest: string[]) => Error)("a message", "x");
    assert.equal(error.name, name);
    assert.ok(error instanceof api.DataJointError);
  }
});

test("the README's pipeline is the example, and prints what it should", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const path = join(root, "examples/first-pipeline/first-pipeline.ts");
  assert.equal(/```ts\n(.*?)```/s.exec(readme)?.[1], readFileSync(path, "utf8"));
  const folder = mkdtempSync(join(tmpdir(), "tenon-example-"));
  try {
    const run = () =>
      execFileSync(process.execPath, [path, join(folder, "mice.sqlite")], { encoding: "utf8" });
    const first = run();
    // 21.75 - 18.25 grams; what the README says that it prints
    assert.equal(first.trim(), "[ { mouse_id: 1, sex: 'F', gain: 3.5 } ]");
    assert.ok(readme.includes(`It prints \`${first.trim()}\`.`));
    assert.equal(run(), first, "a second run finds everything done");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/**
 * @module
 * A worker of datajoint-python 0.14 beside ours on one `~jobs`: it passes over what we hold and what failed, reads our rows as its own
 * (message, stack, key), and we read its.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { MysqlSettings } from "../../src/connection/connection.ts";
import { freeJobs, readJobs } from "../../src/jobs/inspect.ts";
import { populate } from "../../src/populate/populate.ts";
import { findQueue } from "../../src/populate/table-queue.ts";
import { Schema } from "../../src/schema/schema.ts";
import { describeDialects, type TestDatabase } from "../support/dialects.ts";

/** What support/python-worker.py prints. */
interface Seen {
  readonly version: string;
  readonly found: readonly {
    readonly key: Readonly<Record<string, readonly [string, string]>>;
    readonly isInSource: boolean;
    readonly status: string;
    readonly message: string;
    readonly stack: string | null;
  }[];
  readonly successCount: number;
  readonly errors: readonly string[];
  readonly done: readonly number[];
}

const python = process.env.TENON_PYTHON_DATAJOINT;
const script = fileURLToPath(new URL("./support/python-worker.py", import.meta.url));

async function runPython(database: TestDatabase, schema: string): Promise<Seen> {
  const { host, port, user, password } = database.settings as MysqlSettings;
  const env = { DJ_HOST: host, DJ_PORT: String(port ?? 3306), DJ_USER: user, DJ_PASS: password ?? "" };
  const { stdout } = await promisify(execFile)(python!, [script, schema], {
    env: { ...process.env, ...env },
  });
  return JSON.parse(stdout) as Seen;
}

describeDialects(
  "a Python worker on the same jobs",
  (database) => {
    it("keeps off our keys, reads our rows, and leaves rows that we read", {
      skip:
        python === undefined && "no Python client: TENON_PYTHON_DATAJOINT is not set (scripts/python-env.sh)",
    }, async () => {
      const schema = new Schema();
      class Given extends schema.manual(`
  id     : int
  code   : varchar(16)
  day    : date
  moment : datetime
  amount : decimal(8,3)
  rate   : double
  mark   : uuid
`) {}
      class Doubled extends schema.computed(
        `
  -> Given
  ---
  worker : varchar(16)
`,
        { Given },
      ) {}
      const name = await database.createSchema("python");
      await schema.activate(database.connection, name, { Given, Doubled }, { generation: "legacy" });
      await Given.insert(
        [1, 2, 3, 4, 5].map((id) => ({
          id,
          code: `c'${id} é`,
          day: "2024-02-29",
          moment: "2024-02-29 05:06:07",
          amount: "1.500",
          rate: id / 10,
          mark: `0000000${id}-1111-2222-3333-444444444444`,
        })),
      );
      let seen: Seen | undefined;
      Doubled.makes({
        fetch: () => 0,
        compute: async ({ id }) => {
          if (id === 2) throw new RangeError("two is too many");
          // while we hold 1, after 2 has failed
          if (id === 1) seen = await runPython(database, name);
        },
        insert: (key) => Doubled.insert([{ ...key, worker: "tenon" }]),
      });
      await populate(Doubled, { reserve: true, suppressErrors: true, restrictions: ["id=2"] });
      await populate(Doubled, { reserve: true, restrictions: ["id=1"] });
      assert.match(seen!.version, /^0\.14/);
      assert.deepEqual(
        seen!.found.map(({ status, key, isInSource, message }) => ({
          status,
          id: key.id![1],
          isInSource,
          message,
        })),
        [
          { status: "reserved", id: "1", isInSource: true, message: "" },
          { status: "error", id: "2", isInSource: true, message: "RangeError: two is too many" },
        ],
      );
      assert.deepEqual(seen!.found[0]!.key, {
        id: ["int", "1"],
        code: ["str", "c'1 é"],
        day: ["date", "2024-02-29"],
        moment: ["datetime", "2024-02-29 05:06:07"],
        amount: ["Decimal", "1.500"],
        rate: ["float", "0.1"],
        mark: ["UUID", "00000001-1111-2222-3333-444444444444"],
      });
      assert.match(seen!.found[1]!.stack!, /^RangeError: two is too many\n {4}at /);
      assert.equal(seen!.found[0]!.stack, null);
      assert.deepEqual([seen!.successCount, seen!.done], [1, [3]]);
      assert.deepEqual(seen!.errors, ["ValueError: four is four"]);

      const queue = (await findQueue(Doubled))!;
      const jobs = await readJobs(queue);
      assert.deepEqual(
        jobs
          .map(({ key, status, message, isLate }) => ({ id: key.id, status, message, isLate }))
          .sort((a, b) => Number(a.id) - Number(b.id)),
        [
          { id: 2, status: "error", message: "RangeError: two is too many", isLate: false },
          { id: 4, status: "error", message: "ValueError: four is four", isLate: false },
          // of a worker that is gone: its row is no lease, so it is not late and nobody takes it over
          { id: 5, status: "reserved", message: "", isLate: false },
        ],
      );
      const four = jobs.find(({ key }) => key.id === 4)!;
      assert.match(four.stack, /Traceback[\s\S]*ValueError: four is four/);
      assert.deepEqual({ ...four.key }, (await Given.restrict("id=4").keys())[0]);

      assert.equal(await freeJobs(queue, "error", [four.key]), 1);
      Doubled.makes({
        fetch: () => 0,
        compute: () => 0,
        insert: (key) => Doubled.insert([{ ...key, worker: "tenon" }]),
      });
      assert.equal((await populate(Doubled, { reserve: true })).successCount, 1);
      assert.deepEqual(
        (await Doubled.fetch({ orderBy: ["id"] })).map(({ id, worker }) => [id, worker]),
        [
          [1, "tenon"],
          [3, "python"],
          [4, "tenon"],
        ],
      );
    });
  },
  { skip: { sqlite: "datajoint-python 0.14 has no SQLite" } },
);

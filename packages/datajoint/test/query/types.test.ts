import assert from "node:assert/strict";
import { it } from "node:test";
import type { Query } from "../../src/query/query.ts";
import { describeDialects } from "../support/dialects.ts";
import { makeLab } from "../support/lab.ts";

interface SessionKey {
  subject_id: number;
  session_date: string;
}
type SessionRow = SessionKey & { hours: string | null; note: string };
type UnitKey = SessionKey & { unit: number };
type UnitRow = UnitKey & { rate: number; quality: string | null };

/** Compiles only if both types are the same. */
function same<T>(
  value: T,
): <U>(other: U & ([T] extends [U] ? ([U] extends [T] ? unknown : never) : never)) => void {
  return () => void value;
}

describeDialects(
  "types of queries",
  (database) => {
    it("follow through the operators, and refuse what is not there", async () => {
      const lab = await makeLab(database);
      const session = lab.session.query as Query<SessionRow, SessionKey>;
      const unit = lab.unit.query as Query<UnitRow, UnitKey>;
      const one = await unit.restrict({ unit: 3, quality: "good" }).fetch1();
      same<UnitRow>(one)(one);
      const joined = await unit.join(session).proj("rate", "note").fetch({ orderBy: "KEY" });
      const note: string = joined[0]!.note;
      const rates: number[] = await unit.join(session).column("rate");
      const left = await unit.proj("rate").join(session, { left: true }).fetch({ limit: 1, orderBy: "KEY" });
      const maybe: string | null = left[0]!.note;
      const { unit: number, rate } = await unit.restrict({ unit: 3 }).fetch1("unit", "rate");
      const counted = await session
        .aggr(unit, { n: "count(*)" })
        .restrict({ subject_id: 1, session_date: "2024-01-01" })
        .fetch1();
      assert.deepEqual(
        [note, rates.length, maybe, number, rate, counted.n],
        ["first", 5, "first", 3, 9.25, 2],
      );
      for await (const row of unit.stream()) {
        const value: number = row.rate;
        assert.equal(typeof value, "number");
      }
      // any row type still works
      const loose: Query = lab.unit.query;
      assert.equal((await loose.restrict({ unit: 3 }).fetch1()).rate, 9.25);
      // @ts-expect-error there is no such attribute
      assert.throws(() => unit.restrict({ units: 3 }));
      // @ts-expect-error a number is compared with a number
      assert.throws(() => unit.restrict({ unit: "three" }));
      // @ts-expect-error there is no such attribute
      assert.throws(() => unit.proj("nope"));
      // @ts-expect-error the projection dropped it
      await assert.rejects(unit.proj("rate").column("quality"));
      // @ts-expect-error null where nothing matched
      const wrong: string = left[0]!.note;
      assert.equal(wrong, "first");
    });
  },
  {
    skip: { mariadb: "types are the same on every database", mysql: "types are the same on every database" },
  },
);

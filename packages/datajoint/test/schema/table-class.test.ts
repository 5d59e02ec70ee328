/** Half of these tests is done by tsc: a type that is wrong here does not compile. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { KeyOf, RowOf } from "../../src/definition/definition-types.ts";
import { populate } from "../../src/populate/populate.ts";
import { allOf, not } from "../../src/query/condition.ts";
import { Schema } from "../../src/schema/schema.ts";
import type { LooseTable } from "../../src/schema/table-class.ts";
import { queryMethods } from "../../src/table/table.ts";
import { describeDialects } from "../support/dialects.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function makeTables() {
  const schema = new Schema();
  class Mouse extends schema.manual("mouse : int\n---\nsex : enum('M', 'F')\nnote=null : varchar(8)") {}
  class Weighing extends schema.manual("-> Mouse\nday : date\n---\ngrams : double", { Mouse }) {}
  class Step extends schema.lookup("step : tinyint", {}, { contents: [{ step: 1 }, { step: 2 }] }) {}
  class Growth extends schema
    .computed("-> Mouse\n-> Step\n---\ngain : double\ncurve : longblob", { Mouse, Step })
    .typed<{ curve: Float64Array }>() {}
  class GrowthDay extends Growth.part("Day", "-> master\n-> Weighing\n---\nrank : int", { Weighing }) {}
  return { schema, Mouse, Weighing, Step, Growth, GrowthDay };
}

describeDialects("table classes", (database) => {
  async function activated() {
    const { schema, ...tables } = makeTables();
    await schema.activate(database.connection, database.schemaName("mice"), tables);
    await tables.Mouse.insert([
      { mouse: 1, sex: "F" },
      { mouse: 2, sex: "M", note: "x" },
    ]);
    await tables.Weighing.insert([
      { mouse: 1, day: "2026-01-05", grams: 18 },
      { mouse: 1, day: "2026-02-05", grams: 21.5 },
      { mouse: 2, day: "2026-01-05", grams: 20 },
    ]);
    return { schema, ...tables };
  }

  it("have every query method, with the rows of their definition", async () => {
    const { Mouse, Weighing } = await activated();
    for (const method of queryMethods) assert.equal(typeof Mouse[method], "function", method);
    const rows = await Mouse.restrict({ sex: "F" }).join(Weighing).fetch({ orderBy: "KEY" });
    const isTyped: Equal<
      (typeof rows)[number],
      RowOf<typeof Mouse> & { mouse: number; day: string; grams: number }
    > = true;
    assert.equal(isTyped, true);
    const grams: number[] = await Weighing.column("grams", { orderBy: "grams" });
    const sexes: ("M" | "F")[] = (await Mouse.proj("sex").fetch()).map(({ sex }) => sex);
    assert.deepEqual(
      [rows.map((row) => row.grams), grams, sexes.toSorted()],
      [
        [18, 21.5],
        [18, 20, 21.5],
        ["F", "M"],
      ],
    );
    const key: KeyOf<typeof Weighing> = (await Weighing.keys({ orderBy: "KEY" }))[0]!;
    assert.deepEqual(key, { mouse: 1, day: "2026-01-05" });
    assert.equal(await Mouse.subtract(Weighing.restrict("grams > 21")).count(), 1);
    let seen = 0;
    for await (const { grams: one } of Weighing.stream()) seen += one;
    assert.equal(seen, 59.5);
    // @ts-expect-error there is no such attribute
    assert.throws(() => Mouse.restrict({ mous: 1 }), /names 'mous'/);
    // @ts-expect-error a mouse is M or F
    await assert.rejects(Mouse.insert([{ mouse: 3, sex: "X" }]), /takes one of 'M', 'F'/);
    // @ts-expect-error the day is missing
    await assert.rejects(Weighing.insert([{ mouse: 1, grams: 3 }]), /lacks 'day'/);
    await Mouse.update1({ mouse: 1, note: "y" });
    await assert.rejects(Mouse.update1({ note: "y" }), /'mouse' of the primary key is missing/);
    assert.equal(await Mouse.restrict({ mouse: 1 }).fetch1("note"), "y");
  });

  it("are made in three parts whose types follow from one another", async () => {
    const { Mouse, Weighing, Step, Growth, GrowthDay } = await activated();
    const seen: object[] = [];
    Growth.makes({
      keySource: () => Mouse.proj().join(Step.restrict({ step: 1 })),
      fetch: async (key) => {
        const isKey: Equal<typeof key, { mouse: number; step: number }> = true;
        assert.equal(isKey, true);
        // the key has a step, which weighings lack
        const weighings = await Weighing.restrict(key).fetch({ orderBy: "KEY" });
        return { weighings, mouse: await Mouse.restrict(key).fetch1("mouse") };
      },
      compute: (_key, { weighings, mouse }, { attempt }) => {
        seen.push({ mouse, token: attempt.token > 0n });
        const grams: number[] = weighings.map((row) => row.grams);
        return {
          gain: grams.at(-1)! - grams[0]!,
          curve: Float64Array.from(grams),
          days: weighings.map((row) => row.day),
        };
      },
      insert: async (key, { gain, curve, days }) => {
        await Growth.insert([{ ...key, gain, curve }]);
        await GrowthDay.insert(days.map((day, rank) => ({ ...key, day, rank })));
      },
    });
    const { successCount } = await populate(Growth);
    assert.equal(successCount, 2);
    assert.deepEqual(seen, [
      { mouse: 1, token: true },
      { mouse: 2, token: true },
    ]);
    const rows = await Growth.fetch({ orderBy: "KEY" });
    const curve: Float64Array = rows[0]!.curve;
    assert.deepEqual(
      [rows.map(({ gain }) => gain), [...curve]],
      [
        [3.5, 0],
        [18, 21.5],
      ],
    );
    assert.equal(await GrowthDay.count(), 3);
    // @ts-expect-error of a blob only what typed() says goes in
    Growth.insert satisfies (rows: { mouse: number; step: number; gain: number; curve: string }[]) => unknown;
    await assert.rejects(Growth.insert([{ mouse: 1, step: 2, gain: 1, curve }]), {
      name: "RefusedError",
      message: /made by populate/,
    });
    await assert.rejects(
      GrowthDay.insert([{ mouse: 1, step: 1, day: "2026-01-05", rank: 9 }]),
      /made by populate/,
    );
    await Growth.insert([{ mouse: 1, step: 2, gain: 1, curve }], { allowDirectInsert: true });
    assert.throws(
      () => Mouse.makes({ fetch: () => 1, compute: () => 2, insert: () => 3 }),
      /Mouse is manual/,
    );
  });

  it("take a whole key for what it says of them, and a mapping at its word", async () => {
    const { Mouse, Weighing } = await activated();
    const [key] = await Weighing.keys({ orderBy: "KEY" });
    assert.equal((await Mouse.restrict(key!).fetch1()).mouse, 1);
    assert.equal(await Mouse.restrict([key!]).count(), 1);
    assert.throws(() => Mouse.restrict({ ...key! }), {
      name: "UnknownAttributeError",
      message: /names 'day'/,
    });
    assert.equal((await Mouse.restrict({ ...key! }, { ignoreUnknown: true }).fetch1()).mouse, 1);
  });

  it("whose text is known only at run time have rows of anything", async () => {
    const schema = new Schema();
    const text: string = ["a : int", "---", "b : varchar(4)"].join("\n");
    class Loose extends schema.manual(text) {}
    await schema.activate(database.connection, database.schemaName("loose"), { Loose });
    const table: LooseTable = Loose;
    await table.insert([{ a: 1, b: "x" }]);
    assert.equal((await table.fetch1()).b, "x");
  });

  it("are not combined with tables of another connection, whose rows are elsewhere", async () => {
    const { Mouse } = await activated();
    const there = makeTables();
    const { schema: _, ...tables } = there;
    await there.schema.activate(await database.open(), database.schemaName("mice"), tables);
    const attempts: (() => unknown)[] = [
      () => Mouse.proj().join(there.Weighing),
      () => Mouse.proj().union(there.Mouse.proj()),
      () => Mouse.aggr(there.Weighing, { n: "count(*)" }),
      () => Mouse.restrict(there.Weighing),
      () => Mouse.subtract(there.Weighing.restrict("grams > 1")),
      () => Mouse.restrict([{ mouse: 1 }, not(there.Weighing)]),
      () => Mouse.restrict(allOf("mouse = 1", there.Weighing)),
    ];
    for (const attempt of attempts) assert.throws(attempt, /another connection/, String(attempt));
    await assert.rejects(Mouse.insert(there.Mouse), /another connection/);
    assert.equal(await Mouse.restrict(Mouse.restrict({ sex: "F" }).proj()).count(), 1);
  });
});

import { connect, populate, Schema } from "@tenon/datajoint";

const schema = new Schema();
class Mouse extends schema.manual(`
  mouse_id : int
  ---
  sex : enum('M', 'F', 'U')
`) {}
class Weighing extends schema.manual(
  `
  -> Mouse
  day : date
  ---
  weight : float   # grams
`,
  { Mouse },
) {}
class Growth extends schema.computed(
  `
  -> Mouse
  ---
  gain : float     # grams from first to last weighing
`,
  { Mouse },
) {}
Growth.makes({
  fetch: (key) => Weighing.restrict(key).fetch({ orderBy: ["day"] }),
  compute: (_key, days) => (days.length < 2 ? 0 : days.at(-1)!.weight - days[0]!.weight),
  insert: (key, gain) => Growth.insert([{ ...key, gain }]),
});

const connection = await connect({ kind: "sqlite", path: process.argv[2] ?? "mice.sqlite" });
await schema.activate(connection, "lab_mice", { Mouse, Weighing, Growth });
await Mouse.insert([{ mouse_id: 1, sex: "F" }], { skipDuplicates: true });
await Weighing.insert(
  [
    { mouse_id: 1, day: "2026-01-05", weight: 18.25 },
    { mouse_id: 1, day: "2026-02-05", weight: 21.75 },
  ],
  { skipDuplicates: true },
);
await populate(Growth);
console.log(await Mouse.join(Growth).fetch());
await connection.close();

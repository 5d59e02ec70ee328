/**
 * @module
 * The tables of benchmarks/jobs-scale.ts, as their Python peer (jobs-scale-worker.py) defines them.
 */
import { Schema } from "@tenon/datajoint";

export function scaleTables() {
  const schema = new Schema();
  class Item extends schema.manual("item : int") {}
  class Task extends schema.computed(
    `
  -> Item
  ---
  worker : varchar(16)
`,
    { Item },
  ) {}
  return { schema, Item, Task };
}

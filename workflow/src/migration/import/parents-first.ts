/**
 * @module
 * The order in which tables of a dump can be made where a foreign key needs its parent: dumps have them by name.
 */
import type { DumpTable } from "../dump/dump-tables.ts";
import { nameOf } from "../verify/check.ts";

/** Tables so that each comes after those that it refers to. Tables that refer to each other in a ring stay as they are. */
export function parentsFirst(tables: readonly DumpTable[]): readonly DumpTable[] {
  const byName = new Map(
    tables.map((table) => [nameOf({ schema: table.schema!, table: table.table }), table]),
  );
  const ordered: DumpTable[] = [];
  const seen = new Set<string>();
  const visit = (name: string) => {
    const table = byName.get(name);
    if (table === undefined || seen.has(name)) return;
    seen.add(name);
    for (const { parentSchema, parentTable } of table.ddl?.foreignKeys ?? [])
      visit(nameOf({ schema: parentSchema ?? table.schema!, table: parentTable }));
    ordered.push(table);
  };
  for (const name of byName.keys()) visit(name);
  return ordered;
}

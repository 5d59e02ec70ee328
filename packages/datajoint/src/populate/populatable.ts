/**
 * @module
 * What populate needs to know of a table. Table classes satisfy it; tests make small objects.
 */
import type { Connection } from "../connection/connection.ts";
import type { Heading } from "../definition/heading.ts";
import type { HasNode } from "../query/condition.ts";
import type { Make } from "../table/make.ts";

export interface Populatable {
  readonly connection: Connection;
  readonly schema: string;
  /** As the database knows it: `__spike_sorting`. */
  readonly table: string;
  readonly heading: Heading;
  /** Decides which table of jobs is used on MySQL: `~jobs` (legacy) or `~~table`. SQLite always has `~~table`. */
  readonly generation: "legacy" | "current";
  /** What can be computed: one key per row. Its primary key is part of the table's. */
  keySource(): HasNode;
  readonly make: Make | undefined;
  /** For messages; the table's name in the database when absent. */
  readonly className?: string | undefined;
}

/** @module SQLite, as one dialect: one file holds all schemas, each as a prefix of its tables' names. */
import type { Dialect } from "../dialect.ts";
import { sqliteCatalogue } from "./catalogue.ts";
import { sqliteDdl } from "./ddl.ts";
import type { SqliteSettings } from "./driver.ts";
import { SqliteWriter } from "./writer.ts";

export const sqlite: Dialect<SqliteSettings> = {
  name: "sqlite",
  can: {
    defaultKeyword: false,
    sessionVariables: false,
    nativeJson: false,
    concurrentWriters: false,
    decimalDigits: 15,
  },
  writer: new SqliteWriter(),
  ddl: sqliteDdl,
  catalogue: sqliteCatalogue,
  connect: async (settings) => (await import("./driver.ts")).openSqlite(settings),
};

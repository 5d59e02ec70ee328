/**
 * @module
 * The databases there are. A new one is a folder beside these and a case here. A driver is loaded when a database is opened with it: mysql2
 * alone is 25 MB of memory.
 */
import type { Driver } from "../connection/driver.ts";
import { SettingsError } from "../errors.ts";
import type { Dialect } from "./dialect.ts";
import { mariadb, mysql } from "./mysql/dialect.ts";
import type { MysqlSettings } from "./mysql/settings.ts";
import { sqlite } from "./sqlite/dialect.ts";
import type { SqliteSettings } from "./sqlite/driver.ts";

export interface OpenDatabase {
  readonly dialect: Dialect;
  readonly driver: Driver;
  /** Where it leads, without secrets. */
  readonly name: string;
}

/** Every dialect; tests loop over it. */
export const dialects: readonly Dialect<never>[] = [sqlite, mysql, mariadb];

/** Opens the database that the settings describe; the server's own version decides between MySQL and MariaDB. */
export async function openDatabase(settings: MysqlSettings | SqliteSettings): Promise<OpenDatabase> {
  switch (settings.kind) {
    case "sqlite": {
      const { openSqlite } = await import("./sqlite/driver.ts");
      const driver = await openSqlite(settings);
      return { dialect: sqlite as Dialect, driver, name: `sqlite:${settings.path}` };
    }
    case "mysql": {
      const { openMysql } = await import("./mysql/driver.ts");
      const driver = await openMysql(settings);
      const name = `mysql://${settings.user}@${settings.host}:${settings.port ?? 3306}`;
      return { dialect: (driver.isMariadb ? mariadb : mysql) as Dialect, driver, name };
    }
    default: {
      const unknown: never = settings;
      const kind = (unknown as { kind?: unknown }).kind;
      throw new SettingsError(
        `The kind of database is 'sqlite' or 'mysql' (also for MariaDB), not '${kind}'.`,
        "kind",
      );
    }
  }
}

/** @module MySQL and MariaDB: one driver and one catalogue, two writers for the little in which their SQL differs. */
import type { Dialect } from "../dialect.ts";
import { mysqlCatalogue } from "./catalogue.ts";
import { mysqlDdl } from "./ddl.ts";
import type { MysqlSettings } from "./settings.ts";
import { MariadbWriter, MysqlWriter } from "./writer.ts";

export const mysql: Dialect<MysqlSettings> = {
  name: "mysql",
  can: {
    defaultKeyword: true,
    sessionVariables: true,
    nativeJson: true,
    concurrentWriters: true,
    decimalDigits: 65,
  },
  writer: new MysqlWriter(),
  ddl: mysqlDdl,
  catalogue: mysqlCatalogue,
  connect: async (settings) => (await import("./driver.ts")).openMysql(settings),
};

export const mariadb: Dialect<MysqlSettings> = {
  ...mysql,
  name: "mariadb",
  can: { ...mysql.can, nativeJson: false },
  writer: new MariadbWriter(),
};

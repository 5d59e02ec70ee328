/**
 * @module
 * Runs a suite on every database that is there: SQLite in a temporary folder always, MariaDB and MySQL when `TENON_TEST_MARIADB` and
 * `TENON_TEST_MYSQL` (`mysql://user:password@host:port`) say where. A skip prints its reason.
 *
 * Each suite has a connection of its own and makes schemas with unique names, which are dropped when it ends. Connections that a test
 * left open fail the suite.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  type Connection,
  type ConnectionSettings,
  connect,
  openConnections,
} from "../../src/connection/connection.ts";

export type DatabaseName = "sqlite" | "mariadb" | "mysql";

export const databaseNames: readonly DatabaseName[] = ["sqlite", "mariadb", "mysql"];

const urlVariables = { mariadb: "TENON_TEST_MARIADB", mysql: "TENON_TEST_MYSQL" } as const;

export class TestDatabase {
  readonly name: DatabaseName;
  /** How to connect; for child processes and second connections. Valid inside tests and hooks. */
  settings!: ConnectionSettings;
  /** Open from before the first test to after the last. */
  connection!: Connection;
  #folder: string | undefined;
  #schemas: string[] = [];
  #opened: Connection[] = [];

  constructor(name: DatabaseName) {
    this.name = name;
  }

  get isSqlite(): boolean {
    return this.name === "sqlite";
  }

  /** A schema name that nothing else uses; what is created under it is dropped after the suite. */
  schemaName(base = "s"): string {
    const name = `${process.env.TENON_TEST_PREFIX ?? "t"}_${process.pid}_${(counter++).toString(36)}_${base}`;
    this.#schemas.push(name);
    return name;
  }

  /** Creates an empty schema with a unique name. */
  async createSchema(base = "s"): Promise<string> {
    const name = this.schemaName(base);
    for (const statement of this.connection.dialect.ddl.createSchema(name))
      await this.connection.run(statement);
    return name;
  }

  /** A second connection to the same database; closed after the suite at the latest. */
  async open(changes: Partial<ConnectionSettings> = {}): Promise<Connection> {
    const connection = await connect({ ...this.settings, ...changes } as ConnectionSettings);
    this.#opened.push(connection);
    return connection;
  }

  async start(): Promise<void> {
    if (this.name === "sqlite") {
      this.#folder = mkdtempSync(join(tmpdir(), "tenon-test-"));
      this.settings = { kind: "sqlite", path: join(this.#folder, "test.sqlite") };
    } else {
      const settings = settingsFromUrl(process.env[urlVariables[this.name]]!);
      // schemas have the server's character set, which a bare MariaDB leaves at latin1
      this.settings = { ...settings, variables: { character_set_server: "utf8mb4" } } as ConnectionSettings;
    }
    this.connection = await connect(this.settings);
  }

  async stop(): Promise<void> {
    const left = openConnections().filter(
      (other) => other !== this.connection && !this.#opened.includes(other),
    );
    try {
      for (const schema of this.#schemas.reverse()) {
        if (this.isSqlite) break;
        await this.connection.run({ text: `DROP DATABASE IF EXISTS \`${schema}\``, parameters: [] });
      }
    } finally {
      for (const connection of [...this.#opened, this.connection, ...left]) await connection.close();
      if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    }
    assert.deepEqual(
      left.map((connection) => connection.name),
      [],
      "connections left open by a test",
    );
  }
}

let counter = Date.now() % 46_656;

export function settingsFromUrl(text: string): ConnectionSettings {
  const url = new URL(text);
  return {
    kind: "mysql",
    host: url.hostname,
    port: url.port === "" ? 3306 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
}

export interface SuiteOptions {
  /** Databases that the suite does not run on, with the reason. */
  readonly skip?: Partial<Record<DatabaseName, string>>;
}

/** Declares one `describe` per database. `suite` is called at once and declares tests; the database is usable inside them. */
export function describeDialects(
  title: string,
  suite: (database: TestDatabase) => void,
  options: SuiteOptions = {},
): void {
  for (const name of databaseNames) {
    const reason = options.skip?.[name] ?? missing(name);
    if (reason !== undefined) {
      it(`${title} (${name})`, { skip: reason }, () => {});
      continue;
    }
    const database = new TestDatabase(name);
    describe(`${title} (${name})`, () => {
      before(() => database.start());
      suite(database);
      after(() => database.stop());
    });
  }
}

function missing(name: DatabaseName): string | undefined {
  if (name === "sqlite") return undefined;
  const variable = urlVariables[name];
  return process.env[variable] ? undefined : `no server: ${variable} is not set`;
}

/**
 * @module
 * One session that takes statements as bytes, for loading dumps: what a dump holds is in its own character set and goes to the server as it is.
 *
 * What a newcomer would get wrong: nothing is set on the session but what its user sets; foreign keys, modes and character sets are the
 * loader's to say, and statements are not repeated or judged here.
 */
import type { Connection as Mysql2Connection } from "mysql2/promise";
import type { SqlRow } from "../../connection/driver.ts";
import { callbackConnection } from "./callback-connection.ts";
import { checkSettings, type MysqlSettings, mysql2Options } from "./settings.ts";
import { isLost, translateError } from "./translate-error.ts";

export interface RawResult {
  readonly rows: readonly SqlRow[];
  readonly affectedRows: number;
}

/** Rows that a stream may hold before it pauses the socket: few, since one may be hundreds of megabytes. */
const streamedRows = 8;

export class RawSession {
  readonly #session: Mysql2Connection;
  readonly #where: string;
  #isLost = false;

  private constructor(session: Mysql2Connection, where: string) {
    this.#session = session;
    this.#where = where;
    // told to whoever runs the next statement
    session.on("error", () => {
      this.#isLost = true;
    });
  }

  /** @throws AccessError, LostConnectionError, SettingsError */
  static async open(settings: MysqlSettings): Promise<RawSession> {
    checkSettings(settings);
    const where = `${settings.user}@${settings.host}:${settings.port ?? 3306}`;
    // loaded when it is called for: not every database is MySQL
    const { createConnection } = await import("mysql2/promise");
    try {
      // mysql2 writes a character of a text as one byte then, looks for no placeholders in it, and does not follow the server's
      // word that character_set_client was set
      const bytes = { charset: "BINARY", queryFormat: (sql: string) => sql, flags: ["-SESSION_TRACK"] };
      const options = { ...mysql2Options(settings), ...bytes };
      return new RawSession(await createConnection(options), where);
    } catch (error) {
      throw translateError(error, where);
    }
  }

  /** Whether the connection is gone; what was not committed is rolled back then. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Sends one statement as it is; a text is sent as UTF-8.
   *  @throws DataJointError of the kind that `Connection.run` throws */
  async run(statement: string | Uint8Array): Promise<RawResult> {
    try {
      const text =
        typeof statement === "string"
          ? Buffer.from(statement, "utf8").toString("latin1")
          : Buffer.from(statement.buffer, statement.byteOffset, statement.byteLength).toString("latin1");
      const [result] = await this.#session.query({ sql: text });
      if (Array.isArray(result)) return { rows: result as unknown as SqlRow[], affectedRows: result.length };
      return { rows: [], affectedRows: (result as { affectedRows: number }).affectedRows };
    } catch (error) {
      if (isLost(error)) this.#isLost = true;
      // a statement of a dump may hold anything and be long: it is not repeated in the error
      throw translateError(error, this.#where);
    }
  }

  /** Streams a query's rows, each value the server's own text or bytes, in the session's character_set_results; null is NULL.
   *  The session takes no other statement until the stream is at its end.
   *  @throws DataJointError of the kind that `Connection.run` throws */
  async *stream(statement: string): AsyncGenerator<readonly (Uint8Array | null)[], void, void> {
    const sql = Buffer.from(statement, "utf8").toString("latin1");
    const rows = callbackConnection(this.#session)
      .query<readonly (Buffer | null)[]>({ sql, rowsAsArray: true, typeCast: (field) => field.buffer() })
      .stream({ highWaterMark: streamedRows });
    try {
      yield* rows;
    } catch (error) {
      if (isLost(error)) this.#isLost = true;
      throw translateError(error, this.#where);
    }
  }

  /** Ends the session at once; a transaction that is open is rolled back. */
  close(): void {
    this.#session.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

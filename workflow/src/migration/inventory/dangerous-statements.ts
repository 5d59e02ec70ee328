/**
 * @module
 * Statements of a dump that `tenon migrate db` will not carry out: accounts and rights, words for the mysql client, what reaches into schemas
 * that the dump does not name, and the server's own schemas.
 */
import type { Problem } from "../dump/dump-error.ts";
import type { DumpStatement } from "../dump/dump-statement.ts";

const systemSchemas = new Set(["mysql", "sys", "information_schema", "performance_schema"]);
/** Places of one kind that are listed. */
const listedAtMost = 20;

export class DangerousStatements {
  readonly #path: string;
  readonly #named = new Set<string>();
  readonly #system = new Set<string>();
  /** Statements that name a schema, to be judged when all schemas are known. */
  readonly #qualified: { readonly schema: string; readonly where: string; readonly what: string }[] = [];
  readonly #problems: Problem[] = [];
  readonly #notes: Problem[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** Sees a statement. */
  add(statement: DumpStatement): void {
    const { kind } = statement;
    if (kind === "comment" || kind === "incomplete") return;
    const where = `${this.#path}:${statement.line}`;
    const { schema } = statement;
    if (kind === "create-database" || kind === "use") {
      if (schema === undefined) return;
      if (systemSchemas.has(schema.toLowerCase())) this.#system.add(schema);
      else this.#named.add(schema);
      return;
    }
    if (schema !== undefined && statement.isQualified && this.#qualified.length < listedAtMost)
      this.#qualified.push({ schema, where, what: kind });
    if (kind === "insert") return;
    const text = Buffer.from(statement.bytes.subarray(0, 60))
      .toString("latin1")
      .replace(/[^\x20-\x7e]+/g, " ");
    // rights and accounts as text may hold a password
    if (kind === "grant") this.#refuse(where, "a statement on accounts or rights");
    else if (kind === "client-command") this.#refuse(where, "a command for the mysql client");
    else if (kind === "other") this.#refuse(where, `'${text.split(/\s+/).slice(0, 3).join(" ")} ...'`);
    else if (
      /^(view|trigger|routine|event)$/.test(kind) &&
      statement.tokens.some(({ value }) => value === "DEFINER")
    )
      this.#notes.push({
        code: "definer-dropped",
        where,
        message: `The ${kind} ${statement.name ?? ""} runs with the rights of an account of the old server; it is made without that, or not at all.`,
      });
  }

  /** What was found; to be asked at the end of the dump. */
  result(): { readonly problems: readonly Problem[]; readonly notes: readonly Problem[] } {
    const problems = [...this.#problems];
    for (const { schema, where, what } of this.#qualified)
      if (systemSchemas.has(schema.toLowerCase()) || !this.#named.has(schema))
        problems.push({
          code: "statement-refused",
          where,
          message: `A statement (${what}) reaches into the schema ${schema}, which ${systemSchemas.has(schema.toLowerCase()) ? "is the server's own" : "the dump does not name"}. It is not carried out: ask for a dump of the pipeline's schemas alone.`,
        });
    const notes = [...this.#notes];
    for (const schema of this.#system)
      notes.push({
        code: "system-schema-skipped",
        where: this.#path,
        message: `The dump holds the server's own schema ${schema}, which is not imported.`,
      });
    return { problems: problems.slice(0, listedAtMost), notes };
  }

  #refuse(where: string, what: string): void {
    this.#problems.push({
      code: "statement-refused",
      where,
      message: `The dump holds ${what}, which is never carried out, and \`tenon migrate db\` refuses the file: take it out, or ask for a dump of the pipeline's schemas alone.`,
    });
  }
}

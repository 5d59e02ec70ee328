/**
 * @module
 * The schemas of an earlier demo: dropped, unless someone else's animals are in them.
 */
import { type Connection, virtualSchema } from "@tenon/datajoint";
import { modules } from "../../pipeline/activate.ts";
import { UsageError } from "../command.ts";
import { demoSubject } from "./summary.ts";

/** Begins the name of every schema that a demo makes. */
export const prefix = "demo_";

/** @throws UsageError when the schemas hold subjects that no demo made */
export async function refuseOtherSubjects(connection: Connection, schemaPrefix: string): Promise<void> {
  const subjectSchema = `${schemaPrefix}subject`;
  if (!(await connection.dialect.catalogue.schemas(connection)).includes(subjectSchema)) return;
  const { Subject } = await virtualSchema(connection, subjectSchema);
  const others = (await Subject?.subtract({ subject: demoSubject }).column("subject")) ?? [];
  if (others.length === 0) return;
  const wayOut =
    connection.settings.kind === "sqlite"
      ? "Give a new folder with --in."
      : `Set DATABASE_PREFIX to another name that begins with ${prefix}, or drop them yourself.`;
  throw new UsageError(
    `The schemas ${schemaPrefix}* in ${connection.name} hold subjects that no demo made (${others.slice(0, 3).join(", ")}), so they are not dropped. ${wayOut}`,
  );
}

/** Drops the schemas that an earlier demo left on a server; a file's are gone with the file.
 * @throws UsageError when they hold anything that no demo made */
export async function dropEarlier(connection: Connection, schemaPrefix: string): Promise<void> {
  await refuseOtherSubjects(connection, schemaPrefix);
  const { catalogue, ddl } = connection.dialect;
  const there = new Set(await catalogue.schemas(connection));
  // children first: foreign keys lead from the later modules to the earlier ones
  for (const module of Object.keys(modules).reverse()) {
    const schema = `${schemaPrefix}${module}`;
    if (!there.has(schema)) continue;
    const tables = await catalogue.tables(connection, schema);
    for (const statement of ddl.dropSchema(schema, tables)) await connection.run(statement);
  }
}

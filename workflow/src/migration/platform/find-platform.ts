/**
 * @module
 * The platform's tables in an imported database, found by what refers to them: `{org}_admin_workflow` with its FileManifest and Workflow.
 *
 * Their columns differ from workflow to workflow, so they are read from the database. What a newcomer would get wrong: the schema may be
 * missing altogether, when its dump was not handed over; tables of the lab then refer to nothing, and no row can be added to them.
 */
import { type Connection, type ForeignKey, type Heading, MissingTableError } from "@tenon/datajoint";

/** Thrown when the platform's tables cannot be found or filled; `where` is the table or column. */
export class PlatformError extends Error {
  override readonly name = "PlatformError";
  readonly where: string;
  constructor(message: string, where: string, options?: ErrorOptions) {
    super(message, options);
    this.where = where;
  }
}

export interface ManifestTable {
  readonly schema: string;
  readonly table: string;
  /** undefined when it must be made. */
  readonly heading: Heading | undefined;
  /** The type of remote_fullpath in tables that refer to it; undefined when none does. */
  readonly keyType: string | undefined;
}

export interface Platform {
  readonly org: string;
  readonly workflow: string;
  readonly manifest: ManifestTable;
  readonly workflowTable:
    | { readonly schema: string; readonly table: string; readonly heading: Heading }
    | undefined;
  /** What keys of the bucket begin with, without `/`: `org_wf`. */
  readonly bucketPrefix: string;
}

/** Finds them.
 * @param prefix  begins the pipeline's schemas: `org_wf_`
 * @throws PlatformError when the prefix has no two parts, as the platform's had */
export async function findPlatform(connection: Connection, prefix: string): Promise<Platform> {
  const [, org, workflow] = /^([^_]+)_(.+?)_*$/.exec(prefix) ?? [];
  if (org === undefined || workflow === undefined)
    throw new PlatformError(
      `The platform's schemas begin with {organisation}_{workflow}_; custom.database.prefix is '${prefix}', which has no two parts. Keep the prefix of the imported schemas.`,
      "custom.database.prefix",
    );
  const { catalogue } = connection.dialect;
  const schemas = await catalogue.schemas(connection);
  const admin = `${org}_admin_workflow`;
  const own = schemas.filter((name) => name.startsWith(`${org}_`));
  const references = (await catalogue.foreignKeys(connection, [...own, admin])).filter(({ parentTable }) =>
    /^#?file_manifest$/.test(parentTable),
  );
  const schema = references[0]?.parentSchema ?? admin;
  const tables = schemas.includes(schema) ? await catalogue.tables(connection, schema) : [];
  const table =
    references[0]?.parentTable ?? tables.find((name) => /^#?file_manifest$/.test(name)) ?? "file_manifest";
  const workflowName = tables.find((name) => /^#?workflow$/.test(name));
  const manifest = {
    schema,
    table,
    heading: await headingOf(connection, schema, table),
    keyType: await keyTypeOf(connection, references[0]),
  };
  return {
    org,
    workflow,
    manifest,
    workflowTable:
      workflowName === undefined
        ? undefined
        : { schema, table: workflowName, heading: await catalogue.heading(connection, schema, workflowName) },
    bucketPrefix: (await knownPrefix(connection, manifest)) ?? `${org}_${workflow}`,
  };
}

async function headingOf(
  connection: Connection,
  schema: string,
  table: string,
): Promise<Heading | undefined> {
  try {
    return await connection.dialect.catalogue.heading(connection, schema, table);
  } catch (error) {
    if (error instanceof MissingTableError) return undefined;
    throw error;
  }
}

async function keyTypeOf(
  connection: Connection,
  reference: ForeignKey | undefined,
): Promise<string | undefined> {
  const column = reference?.columns[0];
  if (reference === undefined || column === undefined) return undefined;
  const heading = await connection.dialect.catalogue.heading(connection, reference.schema, reference.table);
  return heading.get(column)?.type;
}

/** What the keys that are there begin with. */
async function knownPrefix(
  connection: Connection,
  { schema, table, heading }: ManifestTable,
): Promise<string | undefined> {
  if (heading?.has("remote_fullpath") !== true) return undefined;
  const { writer } = connection.dialect;
  const column = writer.quote("remote_fullpath");
  const { rows } = await connection.run({
    text: `SELECT ${column} AS path FROM ${writer.table(schema, table)} WHERE ${column} LIKE ? OR ${column} LIKE ? LIMIT 1`,
    parameters: ["%/inbox/%", "%/outbox/%"],
  });
  return /^(.+?)\/(?:inbox|outbox)\//.exec(String(rows[0]?.["path"] ?? ""))?.[1];
}

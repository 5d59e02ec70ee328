/**
 * @module
 * Declares the platform's tables where they are missing, as far as their attributes are known from public code: FileManifest and Workflow.
 * What exists is never altered.
 */
import { type Connection, Heading, type HeadingAttribute, Schema } from "@tenon/datajoint";
import { findPlatform, type Platform } from "./find-platform.ts";

/** The store that FileManifest's files are in. */
export const dataRoot = "data-root";
/** As long as an object's key may be and still be a primary key in utf8mb4. */
const keyType = "varchar(700)";

const schema = new Schema();

/** What datajoint-python 0.14 keeps of the files of a store. */
class ExternalDataRoot extends schema.manual(
  `
  # external storage tracking
  hash : uuid                           # hash of contents (blob), of filename + contents (attach), or relative filepath (filepath)
  ---
  size : bigint unsigned                # size of object in bytes
  attachment_name=null : varchar(255)   # the filename of an attachment
  filepath=null : varchar(1000)         # relative filepath or attachment filename
  contents_hash=null : uuid             # used for the filepath datatype
  timestamp=CURRENT_TIMESTAMP : timestamp # automatic timestamp
`,
  {},
  { tableName: `~external_${dataRoot}` },
) {}

class Workflow extends schema.manual(`
  wf_name : varchar(64)
  ---
  wf_db_prefix : varchar(64)
`) {}

/** Makes the schema and the tables that are missing. @returns their names */
export async function declarePlatform(
  connection: Connection,
  platform: Platform,
): Promise<readonly string[]> {
  const { manifest } = platform;
  const { catalogue, ddl } = connection.dialect;
  const before = (await catalogue.schemas(connection)).includes(manifest.schema)
    ? await catalogue.tables(connection, manifest.schema)
    : [];
  const needed = {
    ...(manifest.heading === undefined || usesStore(manifest.heading) ? { ExternalDataRoot } : {}),
    ...(platform.workflowTable === undefined ? { Workflow } : {}),
  };
  await schema.activate(connection, manifest.schema, needed, { generation: "legacy" });
  if (manifest.heading === undefined) {
    const attributes = manifestAttributes(manifest.keyType ?? keyType);
    const spec = {
      schema: manifest.schema,
      table: manifest.table,
      heading: new Heading(attributes, "files of the workflow, found in raw/ and processed/"),
      foreignKeys: [
        {
          columns: ["file"],
          parentSchema: manifest.schema,
          parentTable: `~external_${dataRoot}`,
          parentColumns: ["hash"],
          onUpdate: "restrict" as const,
        },
      ],
      indexes: [],
    };
    for (const statement of ddl.createTable(spec)) await connection.run(statement);
  }
  const after = await catalogue.tables(connection, manifest.schema);
  return after.filter((name) => !before.includes(name)).map((name) => `${manifest.schema}.${name}`);
}

/** Declares what is missing and reads everything again. */
export async function completePlatform(
  connection: Connection,
  prefix: string,
): Promise<{ readonly platform: Platform; readonly made: readonly string[] }> {
  const found = await findPlatform(connection, prefix);
  const made = await declarePlatform(connection, found);
  return { platform: made.length === 0 ? found : await findPlatform(connection, prefix), made };
}

/** Whether a manifest keeps its files in the store `data-root`. */
export function usesStore(heading: Heading): boolean {
  return heading.attributes.some(({ annotation }) => annotation === `filepath@${dataRoot}`);
}

function manifestAttributes(type: string): HeadingAttribute[] {
  const attribute = {
    kind: "string",
    inKey: false,
    nullable: false,
    default: undefined,
    autoIncrement: false,
    comment: "",
    annotation: undefined,
  } as const;
  return [
    { ...attribute, name: "remote_fullpath", type, inKey: true, comment: "object key" },
    { ...attribute, name: "file", type: "binary(16)", kind: "external", annotation: `filepath@${dataRoot}` },
  ];
}

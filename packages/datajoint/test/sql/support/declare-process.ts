/**
 * @module
 * A process that declares tables: `node declare-process.ts SETTINGS SCHEMA COUNT`, settings as JSON. It begins when a line comes in, so that
 * several begin together, and prints what it then reads of each first table, as JSON.
 */
import { once } from "node:events";
import { type ConnectionSettings, connect } from "../../../src/connection/connection.ts";
import { declare, specOf } from "./declare.ts";

const [, , settings = "", schema = "", count] = process.argv;
const connection = await connect(JSON.parse(settings) as ConnectionSettings);
process.stdout.write("ready\n");
await once(process.stdin, "data");
const seen: unknown[] = [];
for (const statement of connection.dialect.ddl.createSchema(schema)) await connection.run(statement);
for (let i = 0; i < Number(count); i++) {
  const text = "# a mouse\nid : int  # ear tag\n---\nsex : enum('M','F')\nindex (sex)";
  const mouse = specOf(schema, `mouse_${i}`, text, {}, "current");
  const parents = { Mouse: mouse };
  const session = specOf(
    schema,
    `session_${i}`,
    "day : date\n-> Mouse\n---\nunique index (id)",
    parents,
    "current",
  );
  await declare(connection, mouse, session);
  const { comment, attributes } = await connection.dialect.catalogue.heading(connection, schema, mouse.table);
  const lineage = attributes[0]?.lineage?.replace(/_\d+\.id$/, "");
  seen.push([comment, ...attributes.map((each) => `${each.name} ${each.type} ${each.comment}`), lineage]);
}
await connection.close();
process.stdout.write(`${JSON.stringify(seen)}\n`);
process.stdin.unref();

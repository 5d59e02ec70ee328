/**
 * @module
 * A program: reads every table of some schemas as users do, and one row of each with what its stores hold; prints one JSON object.
 *
 * `read-pass.ts CONFIG SCHEMA...` (CONFIG `-`: look for one here). `verify` runs it with the network cut.
 */
import { networkInterfaces } from "node:os";
import { connect, virtualSchema } from "@tenon/datajoint";
import { loadSettings } from "../../settings/settings.ts";
import { isGuarded } from "./network-guard.ts";

export interface ReadPass {
  /** Names of the network's interfaces that this process sees. */
  readonly interfaces: readonly string[];
  readonly isGuarded: boolean;
  readonly tables: number;
  readonly rows: number;
  /** Rows that were read whole, with the values of their stores. */
  readonly read: number;
  readonly failed: readonly { readonly where: string; readonly message: string }[];
}

/** Reads the schemas. */
export async function readPass(
  configuration: string | undefined,
  schemas: readonly string[],
): Promise<ReadPass> {
  const settings = loadSettings(configuration === undefined ? {} : { file: configuration });
  await using connection = await connect(settings.database);
  const failed: { where: string; message: string }[] = [];
  let [tables, rows, read] = [0, 0, 0];
  for (const schema of schemas) {
    const module = await virtualSchema(connection, schema, { stores: settings.stores });
    for (const table of Object.values(module)) {
      const where = `${schema}.${table.table}`;
      try {
        tables++;
        rows += await table.query.count();
        // the file of a filepath attribute is where its path says; `verify` has looked there
        const names = table.heading.attributes
          .filter(({ inKey, annotation }) => !inKey && !/^filepath@/.test(annotation ?? ""))
          .map(({ name }) => name);
        read += (await table.query.proj(...(names as never[])).fetch({ limit: 1 })).length;
      } catch (error) {
        failed.push({ where, message: (error as Error).message });
      }
    }
  }
  return {
    interfaces: Object.keys(networkInterfaces()),
    isGuarded: isGuarded(),
    tables,
    rows,
    read,
    failed,
  };
}

if (import.meta.main) {
  const [configuration, ...schemas] = process.argv.slice(2);
  const pass = await readPass(configuration === "-" ? undefined : configuration, schemas);
  process.stdout.write(`${JSON.stringify(pass)}\n`);
}

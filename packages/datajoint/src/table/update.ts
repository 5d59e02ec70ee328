/**
 * @module
 * Changes secondary attributes of one row.
 *
 * What a newcomer would get wrong: updates go around the rule that computed rows follow from their parents. They are for repairing an entry;
 * what was computed from the old value stays as it is.
 */
import type { SqlValue } from "../connection/driver.ts";
import { DataJointError, MissingAttributeError, ValueError } from "../errors.ts";
import { encodeComparand, shown } from "../query/encode-value.ts";
import type { QueryNode } from "../query/nodes.ts";
import { restrict } from "../query/restrict.ts";
import type { columnDefault } from "../sql/dialect.ts";
import { encodeOrDefault, hasDefault, isEmpty, refuseUnknown, rowTarget } from "./encode-row.ts";
import type { InsertTarget } from "./insert.ts";

/**
 * Sets the secondary attributes that `row` gives, in the one row with its primary key; null sets an attribute to its default.
 *
 * @throws MissingAttributeError when the key is incomplete; UnknownAttributeError for a name that is no attribute
 * @throws DataJointError when there is no such row
 */
export async function updateRow(target: InsertTarget, row: object): Promise<void> {
  const { connection, schema, table, heading } = target;
  const name = target.className ?? `${schema}.${table}`;
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    throw new ValueError(`Update of ${name}: expected one row as an object, not ${shown(row)}.`);
  }
  const values = row as Readonly<Record<string, unknown>>;
  refuseUnknown(values, heading, `Update of ${name}: the row`, "");
  const keyMapping: Record<string, unknown> = {};
  const key = new Map<string, SqlValue>();
  for (const attribute of heading.primaryKey) {
    const value = values[attribute];
    if (value === undefined || value === null) {
      throw new MissingAttributeError(
        `Update of ${name}: '${attribute}' of the primary key is missing; an update needs all of it.`,
        "update",
      );
    }
    keyMapping[attribute] = value;
    key.set(attribute, encodeComparand(heading.get(attribute)!, value));
  }
  const assignments = new Map<string, SqlValue | typeof columnDefault>();
  const encoding = rowTarget(connection.dialect, heading, name, target.storeWriter);
  for (const attribute of heading.attributes) {
    const value = values[attribute.name];
    if (attribute.inKey || value === undefined) continue;
    if (isEmpty(attribute, value) && !hasDefault(attribute)) {
      throw new MissingAttributeError(
        `Update of ${name}: '${attribute.name}' has no default, so it cannot be set to null.`,
        "update",
      );
    }
    assignments.set(attribute.name, await encodeOrDefault(attribute, value, encoding));
  }
  const { writer } = connection.dialect;
  if (assignments.size === 0) {
    const base: QueryNode = { kind: "table", schema, table, heading };
    const { rows } = await connection.run(writer.exists(restrict(base, keyMapping)));
    if (Number(rows[0]!.n) === 0) throw notFound(name, keyMapping);
    return;
  }
  const { affectedRows } = await connection.run(writer.update({ schema, table, assignments, key }));
  if (affectedRows === 0) throw notFound(name, keyMapping);
}

function notFound(name: string, key: Record<string, unknown>): DataJointError {
  return new DataJointError(`Update of ${name}: there is no row with the key ${shown(key)}.`);
}

/**
 * @module
 * From what a definition says to what is declared: columns with their types, foreign keys, indexes (contract: datajoint.md 2.3, 2.4, 2.8).
 *
 * What a newcomer would get wrong: a reference brings the parent's whole primary key, in the parent's order, and skips names that are
 * there already. So two references may share a column, and of the labels in comments only `:uuid:` comes along.
 */
import { DataJointError, DefinitionError } from "../errors.ts";
import type { TableSpec } from "../sql/dialect.ts";
import { encodeColumnComment } from "./column-comment.ts";
import { defaultOf } from "./column-default.ts";
import { type ColumnGeneration, resolveColumnType } from "./column-types.ts";
import { type AttributeKind, Heading, type HeadingAttribute } from "./heading.ts";
import type { AttributeItem, ForeignKeyItem, IndexItem, ParsedDefinition } from "./parse-definition.ts";

/** A table that a definition refers to. */
export interface ParentTable {
  readonly schema: string;
  readonly table: string;
  readonly heading: Heading;
}

export interface DeclarationContext {
  readonly generation: ColumnGeneration;
  /** Where the new table goes. */
  readonly schema: string;
  readonly table: string;
}

/** Longest comments that MySQL and MariaDB keep, in characters. */
const LONGEST = { table: 2048, column: 1024 } as const;

const neverKey: ReadonlySet<AttributeKind> = new Set(["json", "blob", "bytes", "attach", "external"]);

/**
 * Resolves a definition against the tables that it refers to.
 *
 * @param parentOf  finds a table by the name after `->`; throws for one that it does not know
 * @throws DefinitionError naming the line: names declared twice, unknown types, defaults that the type cannot have, bad renames
 */
export function resolveDefinition(
  parsed: ParsedDefinition,
  parentOf: (name: string) => ParentTable,
  context: DeclarationContext,
): TableSpec {
  const columns = new Map<string, HeadingAttribute>();
  const foreignKeys: TableSpec["foreignKeys"][number][] = [];
  const uniqueReferences: TableSpec["indexes"][number][] = [];
  for (const item of parsed.items) {
    if (item.kind === "attribute") addAttribute(columns, item, context);
    if (item.kind === "foreignKey") {
      const foreignKey = addReference(columns, item, parentOf(item.parent));
      foreignKeys.push(foreignKey);
      if (item.isUnique) uniqueReferences.push({ unique: true, items: foreignKey.columns });
    }
  }
  const indexes = parsed.items
    .filter((item) => item.kind === "index")
    .map((item) => resolveIndex(item, columns));
  return {
    schema: context.schema,
    table: context.table,
    heading: new Heading(withSingleton([...columns.values()], context), tableComment(parsed.comment)),
    foreignKeys,
    indexes: [...uniqueReferences, ...indexes],
  };
}

function addAttribute(
  columns: Map<string, HeadingAttribute>,
  item: AttributeItem,
  { generation, schema, table }: DeclarationContext,
): void {
  const { name, line, inKey } = item;
  if (columns.has(name))
    throw new DefinitionError(`'${name}' is declared already, by a line above it.`, line);
  const type = withLine(() => resolveColumnType(item.type, generation), line);
  const value = withLine(() => defaultOf(item, type), line);
  if (inKey && value === null)
    throw new DefinitionError(
      `'${name}' is in the primary key and cannot be null. Move it below '---', or give another default.`,
      line,
    );
  if (inKey && (neverKey.has(type.kind) || /text$/.test(type.type)))
    throw new DefinitionError(
      `'${name}' is ${type.type}, which cannot be in a primary key. Move it below '---'.`,
      line,
    );
  const comment = inKey ? withoutDoubleQuotes(item.comment) : item.comment;
  const stored = encodeColumnComment({ annotation: type.annotation, comment });
  if ([...stored].length > LONGEST.column)
    throw new DefinitionError(
      `the comment of '${name}' has ${[...stored].length} characters with its label; servers keep ${LONGEST.column}.`,
      line,
    );
  columns.set(name, {
    name,
    type: type.type,
    kind: type.kind,
    inKey,
    nullable: value === null,
    default: value,
    autoIncrement: type.isAutoIncrement,
    comment,
    annotation: type.annotation,
    lineage: inKey ? `${schema}.${table}.${name}` : null,
  });
}

function addReference(
  columns: Map<string, HeadingAttribute>,
  item: ForeignKeyItem,
  parent: ParentTable,
): TableSpec["foreignKeys"][number] {
  const parentColumns = parent.heading.primaryKey.filter((name) => !name.startsWith("_"));
  if (parentColumns.length === 0)
    throw new DefinitionError(
      `'${item.parent}' has no attribute in its primary key, so nothing can refer to it.`,
      item.line,
    );
  const newNames = new Map([...item.renames].map(([name, old]) => [old, name]));
  for (const old of newNames.keys())
    if (!parentColumns.includes(old))
      throw new DefinitionError(
        `'${old}' is not in the primary key of '${item.parent}', which is ${parentColumns.join(", ")}. A rename reads new="old".`,
        item.line,
      );
  const names = parentColumns.map((name) => newNames.get(name) ?? name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new DefinitionError(
      `two attributes of '${item.parent}' would be called '${twice}' here.`,
      item.line,
    );
  parentColumns.forEach((parentName, i) => {
    const source = parent.heading.get(parentName)!;
    const name = names[i]!;
    const brought = inherited(source, name, parent, item);
    const there = columns.get(name);
    if (there !== undefined && storageOf(there.type) !== storageOf(source.type))
      throw new DefinitionError(
        `'${name}' is ${there.type} here and ${source.type} in '${item.parent}', but must be the same. Rename: .proj(new="${parentName}").`,
        item.line,
      );
    // of several origins datajoint-python keeps the last
    columns.set(name, there === undefined ? brought : { ...there, lineage: brought.lineage });
  });
  return {
    columns: names,
    parentSchema: parent.schema,
    parentTable: parent.table,
    parentColumns,
    onUpdate: "cascade",
  };
}

/** The parent's column as this table has it: no default, no auto_increment, and of the labels only uuid's. */
function inherited(
  source: HeadingAttribute,
  name: string,
  parent: ParentTable,
  item: ForeignKeyItem,
): HeadingAttribute {
  return {
    name,
    type: source.type.replace(/^((?:tiny|small|medium|big)?int)\(\d+\)/i, "$1"),
    kind: source.kind,
    inKey: item.inKey,
    nullable: item.isNullable,
    default: item.isNullable ? null : undefined,
    autoIncrement: false,
    comment: source.comment,
    annotation: source.kind === "uuid" ? source.annotation : undefined,
    lineage: source.lineage ?? `${parent.schema}.${parent.table}.${source.name}`,
  };
}

function resolveIndex(
  item: IndexItem,
  columns: ReadonlyMap<string, HeadingAttribute>,
): TableSpec["indexes"][number] {
  for (const written of item.items) {
    const name = /^([a-z]\w*)(?:\.[\w.*[\]]+)?(?::[\w(,\s)]+)?$/.exec(written)?.[1];
    if (name !== undefined && !columns.has(name))
      throw new DefinitionError(
        `the index names '${name}', which this table does not have; it has ${[...columns.keys()].join(", ")}.`,
        item.line,
      );
  }
  return { unique: item.isUnique, items: item.items };
}

/** A table without a primary key has one row. Only datajoint-python 2.x knows such tables, by a hidden key. */
function withSingleton(
  columns: HeadingAttribute[],
  { generation, table }: DeclarationContext,
): HeadingAttribute[] {
  if (columns.some((column) => column.inKey)) return columns;
  if (generation === "legacy")
    throw new DataJointError(
      `The definition of '${table}' has no primary key. Put at least one attribute or reference above '---'.`,
    );
  const key = {
    name: "_singleton",
    type: "tinyint",
    kind: "bool",
    inKey: true,
    nullable: false,
    default: "1",
    autoIncrement: false,
    comment: "singleton primary key",
    annotation: "bool",
    lineage: null,
  } as const;
  return [key, ...columns];
}

function tableComment(comment: string): string {
  const length = [...comment].length;
  if (length > LONGEST.table)
    throw new DefinitionError(
      `the table's comment has ${length} characters; servers keep ${LONGEST.table}.`,
      1,
    );
  return withoutDoubleQuotes(comment);
}

/** datajoint-python cannot declare children of a key whose comment holds a double quote, nor describe such a table's comment. */
function withoutDoubleQuotes(comment: string): string {
  return comment.replaceAll('"', "'");
}

/** What must be equal on both sides of a foreign key: base type, size of decimals, sign. Lengths of text may differ. */
function storageOf(type: string): string {
  return type
    .toLowerCase()
    .replace(/^((?:tiny|small|medium|big)?int|(?:var)?char)\s*\(\d+\)/, "$1")
    .replace(/^varchar/, "char")
    .replaceAll(/\s*,\s*/g, ",");
}

/** Runs a step that knows no lines, and names the line in its error. */
function withLine<T>(step: () => T, line: number): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof DefinitionError || !(error instanceof DataJointError)) throw error;
    throw new DefinitionError(error.message, line);
  }
}

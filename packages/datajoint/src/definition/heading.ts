/**
 * @module
 * The heading of a table or query: its attributes in column order, and which of them form the primary key.
 *
 * A heading is a value. What a newcomer would get wrong: the primary key's order is the *column* order of the key's attributes, not
 * the index order, and hidden columns (names with a leading underscore) are never in a heading.
 */

/** What an attribute holds, and so how its values cross the driver. */
export type AttributeKind =
  | "integer"
  | "float"
  | "decimal"
  | "string"
  | "enum"
  | "bool"
  | "temporal"
  | "uuid"
  | "json"
  | "bytes"
  | "blob"
  | "attach"
  | "external"
  /** Made by an expression: its values come as the database gives them. */
  | "computed";

export interface HeadingAttribute {
  readonly name: string;
  /** The column type in MySQL's words, without display width: `int unsigned`, `varchar(32)`, `enum('a','b')`, `longblob`. */
  readonly type: string;
  readonly kind: AttributeKind;
  readonly inKey: boolean;
  readonly nullable: boolean;
  /** The default as the catalogue shows it (`null`, `x`, `CURRENT_TIMESTAMP`); undefined when there is none. */
  readonly default: string | null | undefined;
  readonly autoIncrement: boolean;
  /** The user's comment, without the `:annotation:` that stores the type. */
  readonly comment: string;
  /** What stood between the colons of the stored comment (`uuid`, `<blob>`, `int32`, `blob@store`); undefined without one. */
  readonly annotation: string | undefined;
  /** `schema.table.attribute` where the attribute was first defined; undefined when unknown, null for one that has none. */
  readonly lineage?: string | null | undefined;
}

export class Heading {
  readonly attributes: readonly HeadingAttribute[];
  readonly comment: string;
  readonly #byName: ReadonlyMap<string, HeadingAttribute>;

  constructor(attributes: readonly HeadingAttribute[], comment = "") {
    this.attributes = attributes;
    this.comment = comment;
    this.#byName = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  }

  get names(): readonly string[] {
    return this.attributes.map((attribute) => attribute.name);
  }

  /** Names of the primary key's attributes, in column order. */
  get primaryKey(): readonly string[] {
    return this.attributes.filter((attribute) => attribute.inKey).map((attribute) => attribute.name);
  }

  get secondary(): readonly string[] {
    return this.attributes.filter((attribute) => !attribute.inKey).map((attribute) => attribute.name);
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  get(name: string): HeadingAttribute | undefined {
    return this.#byName.get(name);
  }
}

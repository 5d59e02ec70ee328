/**
 * @module
 * What a dump holds, under other names of its schemas: for a restore beside the original.
 */
import type { DumpSurvey } from "../dump/dump-tables.ts";

export type Rename = (schema: string) => string;

export const unchanged: Rename = (schema) => schema;

/** The survey with every schema renamed, those of foreign keys included. */
export function renamedSurvey(survey: DumpSurvey, rename: Rename | undefined): DumpSurvey {
  if (rename === undefined) return survey;
  const orNone = (schema: string | undefined) => (schema === undefined ? undefined : rename(schema));
  return {
    ...survey,
    headerDatabase: orNone(survey.headerDatabase),
    schemas: survey.schemas.map(rename),
    objects: survey.objects.map((object) => ({ ...object, schema: orNone(object.schema) })),
    tables: survey.tables.map((table) => ({
      ...table,
      schema: orNone(table.schema),
      ddl: table.ddl && {
        ...table.ddl,
        foreignKeys: table.ddl.foreignKeys.map((key) => ({ ...key, parentSchema: orNone(key.parentSchema) })),
      },
    })),
  };
}

/** A map by schema, under the new names. */
export function renamedKeys<T>(
  map: ReadonlyMap<string, T>,
  rename: Rename = unchanged,
): ReadonlyMap<string, T> {
  return new Map([...map].map(([schema, value]) => [rename(schema), value]));
}

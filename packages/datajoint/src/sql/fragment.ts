/**
 * @module
 * Pieces of SQL that carry their parameters, so that text and values stay in step however pieces are put together.
 */
import type { SqlValue, Statement } from "../connection/driver.ts";
import { DataJointError } from "../errors.ts";

export class Fragment implements Statement {
  readonly text: string;
  readonly parameters: readonly SqlValue[];

  constructor(text: string, parameters: readonly SqlValue[] = []) {
    this.text = text;
    this.parameters = parameters;
  }
}

/** Text that is already SQL: a keyword, a quoted name. Never a value. */
export function raw(text: string): Fragment {
  return new Fragment(text);
}

/** A value, bound. */
export function bind(value: SqlValue): Fragment {
  return new Fragment("?", [value]);
}

/** The path of a value in a JSON document as a literal: prepared statements of MySQL take no parameter there.
 *  @throws DataJointError when it is more than names and indices */
export function jsonPath(path: string): Fragment {
  if (!/^[\w$]*(?:\.[\w$]+|\[\d+\])*$/.test(path))
    throw new DataJointError(`'${path}' is no JSON path of names and [indices].`);
  return raw(path.startsWith("[") ? `'$${path}'` : `'$.${path}'`);
}

/** Text that a CAST to a number reads as it is meant, as a regular expression that all databases know. */
export const numberPattern = "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$";

/** Whether a type of CAST is a number's. */
export function isNumeric(type: string): boolean {
  return /^(signed|unsigned|double|float|decimal)\b/i.test(type);
}

/** Puts fragments into the text between them: sql`${a} AND ${b}`. */
export function sql(strings: TemplateStringsArray, ...fragments: readonly Fragment[]): Fragment {
  let text = strings[0]!;
  const parameters: SqlValue[] = [];
  fragments.forEach((fragment, i) => {
    text += fragment.text + strings[i + 1]!;
    parameters.push(...fragment.parameters);
  });
  return new Fragment(text, parameters);
}

export function joined(fragments: readonly Fragment[], separator: string): Fragment {
  return new Fragment(
    fragments.map((fragment) => fragment.text).join(separator),
    fragments.flatMap((fragment) => [...fragment.parameters]),
  );
}

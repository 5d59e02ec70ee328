/**
 * @module
 * What a column's stored comment holds: `:type:` where the type needs a label, then the user's words (contract: datajoint.md 2.7).
 *
 * What a newcomer would get wrong: the label ends at the first colon behind it, so a type with a colon inside cannot be labelled, and a
 * user's comment cannot begin with a colon.
 */

export interface ColumnComment {
  /** What stands between the colons; undefined without a label. */
  readonly annotation: string | undefined;
  readonly comment: string;
}

/** Writes the comment as the server stores it. */
export function encodeColumnComment({ annotation, comment }: ColumnComment): string {
  return annotation === undefined ? comment : `:${annotation}:${comment}`;
}

/** Takes a stored comment apart. */
export function decodeColumnComment(stored: string): ColumnComment {
  const found = /^:([^:]+):(.*)$/s.exec(stored);
  return found === null
    ? { annotation: undefined, comment: stored }
    : { annotation: found[1]!, comment: found[2]! };
}

const currentLabel =
  /^(<(blob|attach|hash|object|npy|filepath)(@[^>]*)?>|int8|int16|int32|int64|float32|float64|bool|bytes|json|date|datetime|char\(|varchar\(|enum\(|decimal\()/;

/** Whether only datajoint-python 2.x writes this label. */
export function isCurrentLabel(annotation: string): boolean {
  return currentLabel.test(annotation);
}

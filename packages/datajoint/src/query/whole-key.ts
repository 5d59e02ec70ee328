/**
 * @module
 * Keys that the database gave, as whole objects: those of `keys()`, and the one that populate passes to make.
 *
 * A condition that names an attribute which the query lacks is an error, since it may be a mistyped name. A whole key cannot be mistyped:
 * `Session.restrict(key)` with the key of a unit means the unit's session, so attributes that Session lacks are passed over. What a
 * newcomer would get wrong: a copy (`{ ...key }`) is a mapping like any other.
 */

const wholeKeys = new WeakSet<object>();

/** Marks a key as one that the database gave; returns it. */
export function asWholeKey<K extends object>(key: K): K {
  wholeKeys.add(key);
  return key;
}

export function isWholeKey(value: object): boolean {
  return wholeKeys.has(value);
}

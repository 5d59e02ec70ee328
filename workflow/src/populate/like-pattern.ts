/**
 * @module
 * SQL LIKE patterns (`%CUDA out of memory%`), as datajoint-python's workers take them to choose error messages.
 */

/** The expression that matches what `message LIKE pattern` does: % any text, _ one character, \ takes their meaning away; case does not count. */
export function likePattern(pattern: string): RegExp {
  const text = pattern.replace(/\\([%_\\])|([%_])|([.*+?^${}()|[\]\\/])/gs, (_, escaped, wild, special) => {
    if (escaped !== undefined) return escaped === "\\" ? "\\\\" : escaped;
    if (wild !== undefined) return wild === "%" ? ".*" : ".";
    return `\\${special}`;
  });
  return new RegExp(`^${text}$`, "isu");
}

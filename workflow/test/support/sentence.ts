/**
 * @module
 * What a message for people looks like, whatever it says.
 */

/** Whether a text is a message for people: not empty, no stack, no name of a source file, nothing printed by accident. */
export function isSentence(text: string): boolean {
  return text.trim() !== "" && !/^\s+at |node:internal|\.ts:\d+|\bundefined\b|\[object|\bNaN\b/m.test(text);
}

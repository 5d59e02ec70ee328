/**
 * @module
 * Texts at the level of types: trimmed, or cut at the comment. Steps of four blanks spare tsc work on
 * indented definitions.
 */

/** A text up to its first `#`. */
export type BeforeComment<Text extends string> = Text extends `${infer Before}#${string}` ? Before : Text;
export type TrimStart<Text extends string> = Text extends `    ${infer Rest}`
  ? TrimStart<Rest>
  : Text extends ` ${infer Rest}` | `\t${infer Rest}` | `\r${infer Rest}`
    ? TrimStart<Rest>
    : Text;
export type TrimEnd<Text extends string> = Text extends `${infer Rest}    `
  ? TrimEnd<Rest>
  : Text extends `${infer Rest} ` | `${infer Rest}\t` | `${infer Rest}\r`
    ? TrimEnd<Rest>
    : Text;
export type Trim<Text extends string> = TrimEnd<TrimStart<Text>>;

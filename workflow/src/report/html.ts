/**
 * @module
 * Building HTML from strings without forgetting to escape: `html` escapes every value except one that is `Html` already.
 */

/** Markup that may stand in a page as it is. */
export interface Html {
  readonly markup: string;
}

/** Marks text as markup: only for markup that this program made. */
export function raw(markup: string): Html {
  return { markup };
}

type Value = string | number | null | undefined | Html | readonly Html[];

/** A template of markup; values are escaped, absent ones are empty. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  let markup = parts[0]!;
  values.forEach((value, i) => {
    markup += text(value) + parts[i + 1]!;
  });
  return { markup };
}

function text(value: Value): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return (value as readonly Html[]).map((item) => item.markup).join("");
  if (typeof value === "object") return (value as Html).markup;
  return escaped(String(value));
}

/** Escapes text for element content and quoted attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

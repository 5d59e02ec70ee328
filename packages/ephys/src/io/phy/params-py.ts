/**
 * @module
 * Phy's `params.py`: lines `key = literal`. Read as text, never run.
 */

export type ParamValue = string | number | boolean | null | readonly ParamValue[];

/** Reads the assignments of literals; comments and lines that are something else are passed over. */
export function parseParamsPy(text: string): Map<string, ParamValue> {
  const values = new Map<string, ParamValue>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([A-Za-z_]\w*)\s*=(?!=)\s*(.+?)\s*$/.exec(line);
    if (match === null) continue;
    const value = parseLiteral(match[2]);
    if (value !== undefined) values.set(match[1], value);
  }
  return values;
}

/** The text of a file with these assignments, in their order. Texts are quoted as Python's `repr` does. */
export function formatParamsPy(values: Readonly<Record<string, ParamValue>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} = ${formatLiteral(value)}\n`)
    .join("");
}

function parseLiteral(text: string): ParamValue | undefined {
  const quoted = /^[rRuU]?(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?:#.*)?$/.exec(text);
  if (quoted !== null) {
    const body = quoted[1] ?? quoted[2];
    return /^[rR]/.test(text) ? body : unescaped(body);
  }
  const bare = text.replace(/\s*#.*$/, "").trim();
  if (bare === "True" || bare === "False") return bare === "True";
  if (bare === "None") return null;
  const list = /^[[(](.*)[\])]$/.exec(bare);
  if (list !== null) {
    const parts = list[1]
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
    const items = parts.map(parseLiteral);
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  // 30000. and 3e4 are Python floats; a trailing L is Python 2's
  const number = Number(bare.replace(/L$/, "").replaceAll("_", ""));
  return bare !== "" && Number.isFinite(number) ? number : undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (whole, character: string) => ESCAPES[character] ?? whole);
}

function formatLiteral(value: ParamValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string")
    return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n").replaceAll("\r", "\\r")}'`;
  return `[${value.map(formatLiteral).join(", ")}]`;
}

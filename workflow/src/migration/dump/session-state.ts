/**
 * @module
 * What a dump's SET statements say: followed here and never carried out. The few variables that matter to loading are kept; the loader sets
 * them itself, on each of its connections.
 */
import type { Token } from "./sql-tokens.ts";
import { nameOf } from "./sql-tokens.ts";

/** What holds for a statement; undefined: the server's own, nothing was set. */
export interface SessionState {
  /** Of the bytes of statements: `utf8mb4`, `latin1`. */
  readonly charset: string | undefined;
  readonly sqlMode: string | undefined;
  readonly timeZone: string | undefined;
  readonly explicitTimestampDefaults: string | undefined;
}

export interface Assignment {
  readonly scope: "session" | "global" | "user";
  /** Lower case, without `@`. */
  readonly name: string;
  /** A literal or keyword; another variable; or `other` when it is more than that. */
  readonly value:
    | { readonly kind: "literal"; readonly text: string }
    | { readonly kind: "session" | "global" | "user"; readonly name: string }
    | { readonly kind: "other" };
}

/** The assignments of a SET, `SET NAMES x` as those it stands for; undefined when it is no assignment (SET PASSWORD, SET ROLE). */
export function readSet(tokens: readonly Token[]): readonly Assignment[] | undefined {
  const words = tokens.slice(1).filter((token) => token.value !== ";");
  if (
    words[0]?.value === "NAMES" ||
    words[0]?.value === "CHARSET" ||
    (words[0]?.value === "CHARACTER" && words[1]?.value === "SET")
  ) {
    const charset = words[words[0].value === "CHARACTER" ? 2 : 1]?.value.toLowerCase() ?? "default";
    return ["character_set_client", "character_set_connection"].map((name) =>
      assign("session", name, charset),
    );
  }
  const parts = split(words);
  const found = parts.map(readAssignment);
  return found.every((item) => item !== undefined) ? found : undefined;
}

function split(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === "(") depth++;
    if (token.text === ")") depth--;
    if (token.text === "," && depth === 0) parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts;
}

const globalWords = new Set(["GLOBAL", "PERSIST", "PERSIST_ONLY"]);
const sessionWords = new Set(["SESSION", "LOCAL"]);

function readAssignment(tokens: readonly Token[]): Assignment | undefined {
  const { next, scope, name } = readVariable(tokens, true);
  if (name === undefined) return undefined;
  let at = next;
  if (tokens[at]?.text === ":") at++;
  if (tokens[at]?.text !== "=") return undefined;
  const rest = tokens.slice(at + 1);
  if (rest[0]?.text === "@") {
    const source = readVariable(rest, false);
    if (source.name !== undefined && source.next === rest.length)
      return { scope, name, value: { kind: source.scope, name: source.name } };
    return { scope, name, value: { kind: "other" } };
  }
  const text = rest.map((token) => token.value).join("");
  if (rest.length === 1 || (rest.length === 2 && /^[-+]$/.test(rest[0]!.text)))
    return assign(scope, name, text);
  return { scope, name, value: { kind: "other" } };
}

function readVariable(tokens: readonly Token[], isTarget: boolean) {
  const values = tokens.map((token) => token.value.toUpperCase());
  if (tokens[0]?.text === "@" && tokens[1]?.text !== "@")
    return { next: 2, scope: "user" as const, name: tokens[1]?.value.toLowerCase() };
  let at = tokens[0]?.text === "@" ? 2 : 0;
  const isSystem = at === 2;
  let scope: "session" | "global" = "session";
  const word = values[at] ?? "";
  if (globalWords.has(word) || sessionWords.has(word)) {
    if (globalWords.has(word)) scope = "global";
    at += isSystem && tokens[at + 1]?.text === "." ? 2 : 1;
  } else if (!isSystem && !isTarget) return { next: 0, scope, name: undefined };
  const token = tokens[at];
  const name =
    token === undefined || !/^(word|name)$/.test(token.kind) ? undefined : nameOf(token)!.toLowerCase();
  return { next: at + 1, scope, name };
}

function assign(scope: Assignment["scope"], name: string, text: string): Assignment {
  return { scope, name, value: { kind: "literal", text } };
}

const tracked = [
  "character_set_client",
  "character_set_connection",
  "sql_mode",
  "time_zone",
  "explicit_defaults_for_timestamp",
] as const;

/** Follows the SET statements of one dump. */
export class SessionTracker {
  readonly #variables = new Map<string, string | undefined>();
  readonly #users = new Map<string, string | undefined>();

  get state(): SessionState {
    const at = (name: (typeof tracked)[number]) => this.#variables.get(name);
    return {
      charset: at("character_set_client"),
      sqlMode: at("sql_mode"),
      timeZone: at("time_zone"),
      explicitTimestampDefaults: at("explicit_defaults_for_timestamp"),
    };
  }

  /** Takes over what a SET says. Values that are no literal and no variable are unknown, which counts as not set. */
  apply(assignments: readonly Assignment[]): void {
    for (const { scope, name, value } of assignments) {
      if (scope === "global") continue;
      const text =
        value.kind === "literal"
          ? value.text
          : value.kind === "user"
            ? this.#users.get(value.name)
            : value.kind === "session"
              ? this.#variables.get(value.name)
              : undefined;
      const lower = name.startsWith("character_set") ? text?.toLowerCase() : text;
      (scope === "user" ? this.#users : this.#variables).set(
        name,
        lower === "DEFAULT" || lower === "default" ? undefined : lower,
      );
    }
  }
}

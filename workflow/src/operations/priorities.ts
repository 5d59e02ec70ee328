/**
 * @module
 * Priorities: keys that are worked on before or after others. A rule is what the keys have in common (`{subject: "m1"}`), for one step or for
 * all; a lower number is sooner, as in datajoint-python's `~~table`, and keys without a rule have 5.
 */
import { createHash } from "node:crypto";
import { deleteFrom } from "@tenon/datajoint";
import { Priority } from "../pipeline/operation.ts";
import { again, isThere, whoami } from "./operation-tables.ts";
import { utcNow } from "./utc.ts";

/** Of keys that no rule names. */
export const usualPriority = 5;

/** Attributes and their values. */
export type KeyRule = Readonly<Record<string, string | number>>;

export interface PriorityRule {
  /** The step; "" for every one. */
  readonly process: string;
  readonly rule: KeyRule;
  readonly priority: number;
  /** UTC. */
  readonly setAt: string;
  readonly setBy: string;
}

/** All rules, the soonest first; of equal ones the older. */
export async function readPriorities(): Promise<readonly PriorityRule[]> {
  if (!isThere(Priority)) return [];
  const rows = await again(() => Priority.query.fetch({ orderBy: ["priority", "set_at"] }));
  return rows.map((row) => ({
    process: String(row.process),
    rule: JSON.parse(String(row.rule)) as KeyRule,
    priority: Number(row.priority),
    setAt: String(row.set_at),
    setBy: String(row.set_by),
  }));
}

/** Sets the priority of keys; one that is there for the same rule is replaced, and 5 takes it away. */
export async function setPriority(process: string, rule: KeyRule, priority: number): Promise<void> {
  const text = canonical(rule);
  const key = { process, rule_hash: createHash("md5").update(text).digest("hex") };
  if (priority === usualPriority) await again(() => deleteFrom(Priority.restrict(key)));
  else {
    const row = { ...key, rule: text, priority, set_at: utcNow(), set_by: whoami() };
    await again(() => Priority.insert([row], { replace: true }));
  }
}

/** Takes every rule away. @returns how many there were */
export async function clearPriorities(): Promise<number> {
  const count = (await readPriorities()).length;
  if (count > 0) await again(() => deleteFrom(Priority.query));
  return count;
}

/** The text of a rule, the same for every order of its attributes. */
function canonical(rule: KeyRule): string {
  return JSON.stringify(Object.fromEntries(Object.entries(rule).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** One go of a step over some of its keys: those that fulfil all `only` and none of `not`. */
export interface Portion {
  readonly only: readonly KeyRule[];
  readonly not: readonly KeyRule[];
}

/** In which portions a step takes its keys, the soonest first. A rule whose attributes the step's keys do not all have says nothing of it.
 * @param attributes  names of the step's key */
export function portionsOf(
  rules: readonly PriorityRule[],
  process: string,
  attributes: readonly string[],
): readonly Portion[] {
  const mine = rules.filter(
    ({ process: step, rule }) =>
      (step === "" || step === process) && Object.keys(rule).every((name) => attributes.includes(name)),
  );
  const soon = mine.filter(({ priority }) => priority < usualPriority);
  const late = mine.filter(({ priority }) => priority > usualPriority);
  return [
    ...soon.map(({ rule }) => ({ only: [rule], not: [] })),
    { only: [], not: late.map(({ rule }) => rule) },
    // what was held up is everything that is left
    ...late.map(({ rule }) => ({ only: [rule], not: [] })),
  ];
}

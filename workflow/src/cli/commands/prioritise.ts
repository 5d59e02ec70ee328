/**
 * @module
 * `tenon prioritise`: keys that workers take before or after all others.
 */
import { progress } from "@tenon/datajoint";
import {
  clearPriorities,
  type KeyRule,
  type PriorityRule,
  readPriorities,
  setPriority,
  usualPriority,
} from "../../operations/priorities.ts";
import { tableSteps } from "../../populate/open-lab.ts";
import { type Command, UsageError, wholeNumber } from "../command.ts";
import { oneStepOf } from "../step-option.ts";
import { textTable } from "../text-table.ts";
import { withPipeline } from "../with-pipeline.ts";

export const prioritise: Command = {
  summary: "keys that workers take first (or last), e.g. subject=m1; without words: the rules",
  usage: "[ATTRIBUTE=VALUE ...] [--step NAME] [--priority N | --last] [--clear]",
  details: `
A rule holds for all keys that have these values, such as subject=m1 or session_id=12, in every step whose keys have the attributes (or in one
step). Lower numbers are sooner, as in datajoint-python's job tables; keys without a rule have 5. Without --priority it is 0; --last is 10;
--priority 5 takes a rule away, --clear all of them. Keys at work are finished first. JSON: {rules: [{process, rule, priority, setAt, setBy}]}.`,
  options: {
    step: { type: "string", value: "NAME", help: "in this step only, e.g. SIClustering" },
    priority: { type: "string", value: "N", help: "0 (first) to 10 (last)" },
    last: { type: "boolean", help: "the same as --priority 10" },
    clear: { type: "boolean", help: "take every rule away" },
  },
  words: [0, 16],
  run(args, context) {
    const process = oneStepOf(args);
    const given = wholeNumber(args, "priority");
    const [isLast, isCleared] = [args.options["last"] === true, args.options["clear"] === true];
    if (isLast && given !== undefined) throw new UsageError("--last and --priority exclude each other.");
    const priority = isLast ? 10 : (given ?? 0);
    if (priority > 10) throw new UsageError(`--priority takes 0 (first) to 10 (last), got ${priority}.`);
    const rule = ruleOf(args.words);
    const isSet = args.words.length > 0;
    if (isCleared && (isSet || process !== undefined || given !== undefined || isLast))
      throw new UsageError("--clear goes alone.");
    if (!isSet && (process !== undefined || given !== undefined || isLast))
      throw new UsageError("Which keys? Give what they have in common, e.g. subject=m1.");
    return withPipeline(
      context,
      async () => {
        if (isSet) {
          checkAttributes(rule, process);
          await setPriority(process ?? "", rule, priority);
          context.err.write(
            priority === usualPriority ? "the rule is gone\n" : `priority ${priority}: ${shownRule(rule)}\n`,
          );
          if (priority !== usualPriority && !(await isOfAnyKey(rule, process)))
            context.err.write("no key has this now: the rule waits for one. Is it spelled right?\n");
        }
        if (isCleared) context.err.write(`rules taken away: ${await clearPriorities()}\n`);
        const rules = await readPriorities();
        context.out.write(
          context.json ? `${JSON.stringify({ rules })}\n` : `${ruleLines(rules).join("\n")}\n`,
        );
        return 0;
      },
      { create: isSet },
    );
  },
};

/** `subject=m1 session_id=3` as a mapping; a whole number is one. */
function ruleOf(words: readonly string[]): KeyRule {
  const rule: Record<string, string | number> = {};
  for (const word of words) {
    const [, name, value] = /^([a-z]\w*)=(.+)$/s.exec(word) ?? [];
    if (name === undefined || value === undefined)
      throw new UsageError(`'${word}' is not of the form attribute=value, e.g. subject=m1.`);
    if (name in rule) throw new UsageError(`'${name}' is given twice.`);
    rule[name] = value;
  }
  return rule;
}

function checkAttributes(rule: KeyRule, process: string | undefined): void {
  const steps = tableSteps().filter((step) => process === undefined || step.process === process);
  const sets = steps.map(({ table }) => table.keySource().node.heading.primaryKey);
  if (sets.some((names) => Object.keys(rule).every((name) => names.includes(name)))) return;
  const known = [...new Set(sets.flat())].join(", ");
  throw new UsageError(
    `The keys of ${process ?? "no step"} have ${Object.keys(rule).join(" and ")}. Their attributes are: ${known}.`,
  );
}

/** Whether a step has such a key, done or not. */
async function isOfAnyKey(rule: KeyRule, process: string | undefined): Promise<boolean> {
  for (const step of tableSteps()) {
    if (process !== undefined && step.process !== process) continue;
    const names = step.table.keySource().node.heading.primaryKey;
    if (!Object.keys(rule).every((name) => names.includes(name))) continue;
    if ((await progress(step.table, [rule])).total > 0) return true;
  }
  return false;
}

function shownRule(rule: KeyRule): string {
  return Object.entries(rule)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

function ruleLines(rules: readonly PriorityRule[]): readonly string[] {
  if (rules.length === 0) return ["no rules: keys are taken as they come"];
  return textTable(
    ["priority", "keys", "step", "set (UTC)", "by"],
    rules.map(({ process, rule, priority, setAt, setBy }) => [
      priority,
      shownRule(rule),
      process === "" ? "every one" : process,
      setAt.slice(0, 19),
      setBy,
    ]),
  );
}

/**
 * @module
 * Every command of `tenon` by name; a name may be two words. A test loops over this list.
 */
import type { Command } from "./command.ts";
import { demo } from "./commands/demo.ts";
import { generate } from "./commands/generate.ts";
import { jobs } from "./commands/jobs.ts";
import { paramsetAdd } from "./commands/paramset-add.ts";
import { score } from "./commands/score.ts";
import { sessionAdd } from "./commands/session-add.ts";
import { sessionVerify } from "./commands/session-verify.ts";
import { sort } from "./commands/sort.ts";
import { status } from "./commands/status.ts";
import { taskAdd } from "./commands/task-add.ts";

export const commands: Readonly<Record<string, Command>> = {
  demo,
  generate,
  "session verify": sessionVerify,
  "session add": sessionAdd,
  "paramset add": paramsetAdd,
  "task add": taskAdd,
  sort,
  score,
  status,
  jobs,
};

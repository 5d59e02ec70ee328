/**
 * @module
 * Every command of `tenon` by name; a name may be two words. A test loops over this list.
 */
import type { Command } from "./command.ts";
import { backup } from "./commands/backup.ts";
import { demo } from "./commands/demo.ts";
import { deployKubernetes } from "./commands/deploy-kubernetes.ts";
import { deployMysqlCommand } from "./commands/deploy-mysql.ts";
import { deploySlurm } from "./commands/deploy-slurm.ts";
import { deploySystemd } from "./commands/deploy-systemd.ts";
import { doctor } from "./commands/doctor.ts";
import { generate } from "./commands/generate.ts";
import { history } from "./commands/history.ts";
import { jobs } from "./commands/jobs.ts";
import { metrics } from "./commands/metrics.ts";
import { migrateDb } from "./commands/migrate-db.ts";
import { migrateFiles } from "./commands/migrate-files.ts";
import { migrateInventory } from "./commands/migrate-inventory.ts";
import { migratePlatform } from "./commands/migrate-platform.ts";
import { migrateVerify } from "./commands/migrate-verify.ts";
import { notices } from "./commands/notices.ts";
import { paramsetAdd } from "./commands/paramset-add.ts";
import { pause } from "./commands/pause.ts";
import { prioritise } from "./commands/prioritise.ts";
import { rehearse } from "./commands/rehearse.ts";
import { restore } from "./commands/restore.ts";
import { resume } from "./commands/resume.ts";
import { score } from "./commands/score.ts";
import { sessionAdd } from "./commands/session-add.ts";
import { sessionVerify } from "./commands/session-verify.ts";
import { sort } from "./commands/sort.ts";
import { status } from "./commands/status.ts";
import { taskAdd } from "./commands/task-add.ts";
import { workers } from "./commands/workers.ts";

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
  workers,
  history,
  pause,
  resume,
  prioritise,
  notices,
  metrics,
  doctor,
  backup,
  restore,
  rehearse,
  "migrate inventory": migrateInventory,
  "migrate db": migrateDb,
  "migrate files": migrateFiles,
  "migrate verify": migrateVerify,
  "migrate platform": migratePlatform,
  "deploy slurm": deploySlurm,
  "deploy systemd": deploySystemd,
  "deploy kubernetes": deployKubernetes,
  "deploy mysql": deployMysqlCommand,
};

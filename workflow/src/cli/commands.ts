/**
 * @module
 * Every command of `tenon` by name; a name may be two words. A command is loaded when it is called: figures and the sorter take longer to
 * load than most commands to run. A test loops over this list.
 */
import type { Command } from "./command.ts";

export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import("./commands/demo.ts")).demo,
  generate: async () => (await import("./commands/generate.ts")).generate,
  "session verify": async () => (await import("./commands/session-verify.ts")).sessionVerify,
  "session add": async () => (await import("./commands/session-add.ts")).sessionAdd,
  "paramset add": async () => (await import("./commands/paramset-add.ts")).paramsetAdd,
  "task add": async () => (await import("./commands/task-add.ts")).taskAdd,
  sort: async () => (await import("./commands/sort.ts")).sort,
  score: async () => (await import("./commands/score.ts")).score,
  status: async () => (await import("./commands/status.ts")).status,
  jobs: async () => (await import("./commands/jobs.ts")).jobs,
  workers: async () => (await import("./commands/workers.ts")).workers,
  history: async () => (await import("./commands/history.ts")).history,
  pause: async () => (await import("./commands/pause.ts")).pause,
  resume: async () => (await import("./commands/resume.ts")).resume,
  prioritise: async () => (await import("./commands/prioritise.ts")).prioritise,
  notices: async () => (await import("./commands/notices.ts")).notices,
  metrics: async () => (await import("./commands/metrics.ts")).metrics,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  backup: async () => (await import("./commands/backup.ts")).backup,
  restore: async () => (await import("./commands/restore.ts")).restore,
  rehearse: async () => (await import("./commands/rehearse.ts")).rehearse,
  "migrate inventory": async () => (await import("./commands/migrate-inventory.ts")).migrateInventory,
  "migrate db": async () => (await import("./commands/migrate-db.ts")).migrateDb,
  "migrate files": async () => (await import("./commands/migrate-files.ts")).migrateFiles,
  "migrate verify": async () => (await import("./commands/migrate-verify.ts")).migrateVerify,
  "migrate platform": async () => (await import("./commands/migrate-platform.ts")).migratePlatform,
  "deploy slurm": async () => (await import("./commands/deploy-slurm.ts")).deploySlurm,
  "deploy systemd": async () => (await import("./commands/deploy-systemd.ts")).deploySystemd,
  "deploy kubernetes": async () => (await import("./commands/deploy-kubernetes.ts")).deployKubernetes,
  "deploy mysql": async () => (await import("./commands/deploy-mysql.ts")).deployMysqlCommand,
};

/**
 * @module
 * What operators say to the workers, and what workers remember beyond one process: pauses, priorities, retries, runs; and the
 * backups.
 *
 * Hidden tables in schema `workerlog`, declared by name. They are no part of the pipeline contract: a database that lacks them (an imported
 * one, before its first worker) is whole, and commands that only look find them empty. All times are UTC.
 */
import { Schema } from "@tenon/datajoint";

export const schema = new Schema();

export class Pause extends schema.manual(
  `
  # Workers and steps that begin nothing new
  worker_name : varchar(64)         # '' for every worker
  process : varchar(64)             # '' for every step
  ---
  paused_at : datetime(6)           # (UTC)
  paused_by : varchar(255)          # user@host
  reason='' : varchar(255)
`,
  {},
  { tableName: "~pause" },
) {}

export class Priority extends schema.manual(
  `
  # Keys that come before or after others
  process : varchar(64)             # '' for every step
  rule_hash : char(32)              # MD5 of rule
  ---
  rule : varchar(2047)              # JSON: what the keys have in common, e.g. {"subject":"m1"}
  priority : int                    # lower is sooner; keys without a rule have 5
  set_at : datetime(6)              # (UTC)
  set_by : varchar(255)             # user@host
`,
  {},
  { tableName: "~priority" },
) {}

export class Retry extends schema.manual(
  `
  # Failed keys that are tried again by themselves
  process : varchar(64)
  key_hash : char(32)               # key hash, as ~jobs has it
  ---
  key : varchar(2047)               # JSON
  retry_count : int unsigned        # retries so far
  next_retry : datetime(6)          # not before (UTC); without a meaning when no retry is left
  error_message='' : varchar(2047)  # of the last failure
  error_timestamp : datetime(6)     # when the last failure was seen (UTC)
`,
  {},
  { tableName: "~retry" },
) {}

export class Run extends schema.manual(
  `
  # Attempts at keys, as they ended
  started : datetime(6)             # (UTC)
  process : varchar(64)
  key_hash : char(32)               # MD5 of key
  ---
  key : varchar(2047)               # JSON
  outcome : varchar(16)             # done, failed, lost, released
  duration : double                 # (s)
  message='' : varchar(2047)        # why it failed or was lost
  worker_name : varchar(64)
  host : varchar(255)
  user='' : varchar(255)
  pid : int unsigned
  index (process, started)
`,
  {},
  { tableName: "~run" },
) {}

export class Backup extends schema.manual(
  `
  # Backups of this database, and whether they were restored on trial
  made_at : datetime(6)             # of the snapshot (UTC)
  host : varchar(255)               # system hostname
  ---
  folder : varchar(1024)
  made_by : varchar(255)            # user@host
  table_count : int unsigned
  row_count : bigint unsigned
  has_files : tinyint               # 1 when the processed root is in it
  rehearsed_at=null : datetime(6)   # of the last rehearsal (UTC)
  rehearsed_by='' : varchar(255)    # user@host
  problem_count=null : int unsigned # of the last rehearsal; 0: it was good
`,
  {},
  { tableName: "~backup" },
) {}

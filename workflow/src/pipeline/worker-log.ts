/**
 * @module
 * Schema `workerlog`: which workers are registered, what they did, what went wrong (pipeline contract 2.12).
 *
 * The tables are `worker_log` and `error_log`, though datajoint-utilities' classes say `_table_name = "~worker_log"`: no datajoint-python from
 * 0.13 to 0.14.9 looks at that, and the utilities make and read these (run; contract 2.12 has the names of the source).
 */
import { Schema } from "@tenon/datajoint";

export const schema = new Schema();

export class RegisteredWorker extends schema.manual(`
  worker_name : varchar(64)
  ---
  registration_time : datetime(6)   # datetime of registration (UTC)
  worker_kwargs : longblob          # the keyword arguments used to instantiate the worker
  worker_config_uuid : uuid
  unique index (worker_name, worker_config_uuid)
`) {}

export class RegisteredWorkerProcess extends RegisteredWorker.part(
  "Process",
  `
  -> master
  process_index : int               # running order of this process of the worker
  ---
  process : varchar(64)
  full_table_name='' : varchar(255) # full table name of this process
  key_source_sql=null : longblob    # SQL of the key source of this process
  process_kwargs : longblob         # keyword arguments used in the populate of this process
  process_config_uuid : uuid
`,
) {}

export class WorkerLog extends schema.manual(
  `
  # Record the status of the workers
  process_timestamp : datetime(6)   # timestamp of the process (UTC)
  process : varchar(64)
  ---
  worker_name='' : varchar(255)     # name of the worker
  host : varchar(255)               # system hostname
  user='' : varchar(255)            # database user
  pid=0 : int unsigned              # system process id
`,
) {}

export class ErrorLog extends schema.manual(
  `
  # Logging of job errors
  process : varchar(64)
  key_hash : char(32)               # key hash
  ---
  error_timestamp : datetime(6)     # timestamp of the error (UTC)
  key : varchar(2047)               # structure containing the key
  error_message='' : varchar(2047)  # error message returned if failed
  error_stack=null : mediumblob     # error stack if failed
  host : varchar(255)               # system hostname
  user='' : varchar(255)            # database user
  pid=0 : int unsigned              # system process id
`,
) {}

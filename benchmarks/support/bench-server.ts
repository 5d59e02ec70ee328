/**
 * @module
 * A MySQL 9 of a benchmark's own: an empty data folder, a free port, the settings of `tenon deploy mysql` that cost or save time. Nobody
 * else's statements are in its counters, and it is gone afterwards.
 */
import { cannotStart, makeOwnServer, type OwnServer } from "../../workflow/test/support/own-server.ts";

/** What `tenon deploy mysql` writes of this, for a server of 4 GB: every commit is on the disk, binary log on. */
export const benchCnf = `[mysqld]
mysqlx=OFF
max_connections=500
max_allowed_packet=512M
innodb_buffer_pool_size=2G
innodb_redo_log_capacity=2G
innodb_log_buffer_size=64M
innodb_flush_log_at_trx_commit=1
innodb_lock_wait_timeout=600
skip_name_resolve=ON
local_infile=OFF
secure_file_priv=NULL
character_set_server=utf8mb4
default_time_zone='+00:00'
`;

export interface BenchServer extends AsyncDisposable {
  readonly url: string;
  readonly own: OwnServer;
}

/** Starts it, with the user and password `tenon`, who may do everything.
 * @throws Error saying what is missing */
export async function startBenchServer(): Promise<BenchServer> {
  const missing = cannotStart("mysql");
  if (missing !== false)
    throw new Error(`Expected a MySQL 9 to start: ${missing}. See scripts/test-servers.sh.`);
  const own = await makeOwnServer("mysql");
  try {
    await own.start(benchCnf);
    own.sql(
      "CREATE USER 'tenon'@'%' IDENTIFIED BY 'tenon'; GRANT ALL ON *.* TO 'tenon'@'%' WITH GRANT OPTION;",
    );
  } catch (error) {
    await own.remove();
    throw error;
  }
  return {
    own,
    url: `mysql://tenon:tenon@127.0.0.1:${own.port}`,
    [Symbol.asyncDispose]: () => own.remove(),
  };
}

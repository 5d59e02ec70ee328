#!/usr/bin/env bash
# The real servers that the tests use: a private MariaDB (Debian's package, own data folder, own port) and, when
# ../shared/tools/mysql9.sh is there, a MySQL 9. Never touches a server that runs already.
#   scripts/test-servers.sh start   installs what is missing (needs root for that), starts, prints the settings for the tests
#   scripts/test-servers.sh stop    stops what it started, by pid, and deletes the test data
set -euo pipefail
cd "$(dirname "$0")/.."
home=${TENON_TEST_SERVERS:-$HOME/.cache/tenon-test-servers}
port=${TENON_TEST_MARIADB_PORT:-33106}
mysql_port=${TENON_TEST_MYSQL_PORT:-33107}
tool=../shared/tools/mysql9.sh
export MYSQL9_HOME=${MYSQL9_HOME:-$HOME/.cache/mysql9-tests}

mariadb_pid() { [ -s "$home/mariadb.pid" ] && cat "$home/mariadb.pid"; }
# a pid file may outlive its server and name another process by now, so the server itself is asked
mariadb_alive() { mariadb_pid >/dev/null && mariadb --no-defaults --socket="$home/mariadb.sock" -uroot -e 'select 1' >/dev/null 2>&1; }
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

install_mariadb() {
  command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null && return
  command -v apt-get >/dev/null || { echo "MariaDB is not installed and there is no apt-get" >&2; return 1; }
  # keep Debian from starting its own server on the usual port
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d
  apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mariadb-server >&2
  rm -f /usr/sbin/policy-rc.d
}

start_mariadb() {
  install_mariadb || return 1
  if ! mariadb_alive; then
    port_open "$port" && { echo "port $port is taken by another program; set TENON_TEST_MARIADB_PORT" >&2; return 1; }
    rm -rf "$home/mariadb" "$home/mariadb.pid"; mkdir -p "$home/mariadb"
    chmod a+rx "$home"
    local user=(); [ "$(id -u)" = 0 ] && { id mysql >/dev/null 2>&1 || useradd -r mysql; user=(--user=mysql); chown -R mysql "$home"; chmod a+x "$HOME" "$HOME/.cache"; }
    mariadb-install-db --no-defaults "${user[@]}" --datadir="$home/mariadb" --auth-root-authentication-method=normal --skip-test-db >"$home/install.log" 2>&1
    mariadbd --no-defaults "${user[@]}" --datadir="$home/mariadb" --port="$port" --bind-address=127.0.0.1 --socket="$home/mariadb.sock" \
      --pid-file="$home/mariadb.pid" --max-allowed-packet=512M --character-set-server=utf8mb4 --innodb-flush-log-at-trx-commit=2 --skip-name-resolve >"$home/mariadb.log" 2>&1 </dev/null &
    for _ in $(seq 60); do mariadb --no-defaults --socket="$home/mariadb.sock" -uroot -e 'select 1' >/dev/null 2>&1 && break; sleep 0.5; done
    mariadb --no-defaults --socket="$home/mariadb.sock" -uroot -e \
      "CREATE USER IF NOT EXISTS 'tenon'@'%' IDENTIFIED BY 'tenon'; GRANT ALL ON *.* TO 'tenon'@'%' WITH GRANT OPTION;" ||
      { tail -5 "$home/mariadb.log" >&2; return 1; }
  fi
  echo "TENON_TEST_MARIADB=mysql://tenon:tenon@127.0.0.1:$port"
}

case ${1:-} in
  start)
    mkdir -p "$home"
    start_mariadb || echo "no MariaDB: $(tail -1 "$home/install.log" 2>/dev/null)" >&2
    if [ -x "$tool" ] || [ -r "$tool" ]; then
      port_open "$mysql_port" || rm -f "$MYSQL9_HOME/root/run/mysqld/m.pid"
      bash "$tool" start "$mysql_port" >"$home/mysql9.log" 2>&1 && echo "TENON_TEST_MYSQL=mysql://tenon:tenon@127.0.0.1:$mysql_port" ||
        echo "no MySQL 9: $(tail -1 "$home/mysql9.log")" >&2
    else
      echo "no MySQL 9: $tool is not here" >&2
    fi ;;
  stop)
    if mariadb_alive; then
      pid=$(mariadb_pid); kill "$pid"
      for _ in $(seq 60); do kill -0 "$pid" 2>/dev/null || break; sleep 0.5; done
    fi
    rm -rf "$home/mariadb"
    if [ -r "$tool" ]; then
      port_open "$mysql_port" || rm -f "$MYSQL9_HOME/root/run/mysqld/m.pid"
      bash "$tool" wipe || true
    fi ;;
  *) sed -n '2,5p' "$0"; exit 2 ;;
esac

#!/bin/sh
# Starts MySQL with the settings and keys of tenon-setup (mounted at /setup): the keys must be the server's own files, which no mount can say.
set -eu
install -d -o mysql -g mysql -m 0700 /etc/mysql/tenon-keys
for key in ca.pem server-cert.pem server-key.pem; do install -o mysql -g mysql -m 0600 "/setup/keys/$key" /etc/mysql/tenon-keys/; done
mkdir -p /etc/mysql/conf.d
install -m 0644 /setup/my.cnf /etc/mysql/conf.d/tenon.cnf
# read at the first start alone, by the image's own entry point
install -d -o mysql -g mysql -m 0700 /docker-entrypoint-initdb.d
install -o mysql -g mysql -m 0600 /setup/users.sql /docker-entrypoint-initdb.d/tenon-users.sql
# the root password too: later the server has no use for it
[ ! -d /var/lib/mysql/mysql ] || unset MYSQL_ROOT_PASSWORD_FILE
exec docker-entrypoint.sh mysqld

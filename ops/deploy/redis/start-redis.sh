#!/bin/sh
# start-redis.sh CONFIG [PRIMARY_HOST PRIMARY_PORT]
# Runs redis-server over the current folder with the password in REDIS_PASSWORD. The roles are given only once: afterwards the copy of the
# configuration says who is primary, since a failover may have changed it.
set -eu

if [ ! -e redis.conf ]; then
  cp "$1" redis.conf.new
  [ $# -lt 3 ] || echo "replicaof $2 $3" >>redis.conf.new
  mv redis.conf.new redis.conf
fi
exec redis-server ./redis.conf --requirepass "$REDIS_PASSWORD" --masterauth "$REDIS_PASSWORD"

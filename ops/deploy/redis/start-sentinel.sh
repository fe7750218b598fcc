#!/bin/sh
# start-sentinel.sh CONFIG NAME PRIMARY_HOST PRIMARY_PORT
# Runs a Sentinel over the current folder with the password in REDIS_PASSWORD. Where the primary was at first is given only once: Sentinel keeps
# where it is now.
set -eu

if [ ! -e sentinel.conf ]; then
  (
    umask 077
    cat "$1" - >sentinel.conf.new <<END
sentinel monitor $2 $3 $4 2
sentinel auth-pass $2 $REDIS_PASSWORD
sentinel down-after-milliseconds $2 3000
sentinel failover-timeout $2 15000
sentinel parallel-syncs $2 1
END
  )
  mv sentinel.conf.new sentinel.conf
fi
exec redis-server ./sentinel.conf --sentinel

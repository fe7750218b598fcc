#!/usr/bin/env bash
# Builds and runs all tests; arguments go to vitest, for example: npm test -- dist/cluster
set -eu
cd "$(dirname "$0")/.."

if [ ! -x node_modules/.bin/vitest ]; then
  echo 'test: the tools are not installed; run: npm ci' >&2
  exit 1
fi
bash scripts/install-servers.sh
node scripts/build.mjs
exec node_modules/.bin/vitest run "$@"

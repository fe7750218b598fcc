#!/usr/bin/env bash
# Everything that can be said of the code without running it. Runs all checks even when one fails, and says at the end which did.
set -u
cd "$(dirname "$0")/.."

bin=node_modules/.bin
if [ ! -x $bin/tsc ]; then
  echo 'check: the tools are not installed; run: npm ci' >&2
  exit 1
fi

failed=()
check() {
  local name=$1
  shift
  local began=$SECONDS
  if "$@"; then
    echo "ok      $name ($((SECONDS - began)) s)"
  else
    echo "FAILED  $name"
    failed+=("$name")
  fi
}

formatted() {
  local files
  if ! files=$($bin/oxfmt --list-different) || [ -n "$files" ]; then
    sed 's/$/:1: not formatted; run: npm run format/' <<<"$files"
    return 1
  fi
}

shell_syntax() {
  local file status=0
  for file in scripts/*.sh .ci/run; do
    bash -n "$file" || status=1
  done
  return $status
}

check types $bin/tsc -p . --noEmit --pretty false
# The pages are plain JavaScript, served as it is; their types are in comments.
check 'page types' $bin/tsc -p gateway/page --pretty false
check 'console types' $bin/tsc -p ops/console/page --pretty false
# Also the import table, one file per IO package, and no clock, chance or process outside entry files: scripts/lint/.
check lint $bin/oxlint --format unix
check format formatted
check 'dead code' $bin/knip --no-progress --no-config-hints
check 'shell scripts' shell_syntax

if [ ${#failed[@]} -gt 0 ]; then
  printf 'check: failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
echo 'check: all clean'

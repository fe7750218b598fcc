#!/usr/bin/env bash
# The tests talk to programs that npm does not bring: a browser, a msgpack-RPC client not written here, Redis and NATS, nginx, a tracer of system
# calls, a maker of certificates, Prometheus with its promtool.
# Installs the Debian packages of those that are missing, which needs root; otherwise says what to install.
set -eu

# program:package
wanted=(chromium:chromium nvim:neovim redis-server:redis-server nats-server:nats-server nginx:nginx strace:strace openssl:openssl prometheus:prometheus)

missing=()
for pair in "${wanted[@]}"; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "The tests need programs that are not installed. On Debian or Ubuntu, run:" >&2
  echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

echo "installing for the tests: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "Could not install: ${missing[*]}" >&2
  exit 1
fi

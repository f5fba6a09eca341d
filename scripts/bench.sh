#!/usr/bin/env bash
# bench.sh [ingest|drain] [options]: builds, then measures; figures are ratios or counts of one run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
need_packages build test
bash scripts/build.sh release telltale load_publisher bare_subscriber ack_observer
names=(ingest drain)
case "${1:-}" in ingest | drain) names=("$1"); shift ;; esac
for name in "${names[@]}"; do
  /usr/bin/python3 "bench/bench_$name.py" "$@"
done

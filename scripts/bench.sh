#!/usr/bin/env bash
# bench.sh [ingest|drain|store|api|nab|detect|analytics|peers] [options]: builds, then measures; figures are ratios, counts or rates of one run.
# peers has to be named: it fetches and builds Node-RED and Telegraf in build/peers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
names=(ingest drain store api nab detect analytics)
case "${1:-}" in ingest | drain | store | api | nab | detect | analytics | peers) names=("$1"); shift ;; esac

# Peers are wanted, not needed: each that cannot be installed is missing from the comparison, no more.
install_peers() { # PACKAGE...
  local package
  for package in "$@"; do
    # shellcheck disable=SC2034  # need_packages reads it by name
    local one_packages=("$package")
    need_packages one || echo "bench: goes on without $package" >&2
  done
}

need_packages build test
targets=()
for name in "${names[@]}"; do
  case "$name" in
    ingest | drain) targets+=(telltale load_publisher bare_subscriber ack_observer) ;;
    api)
      targets+=(telltale load_publisher store_bench)
      need_packages api_bench
      ;;
    nab) targets+=(telltale detector_variants) ;;
    detect) targets+=(detector_replay) ;;
    analytics) targets+=(analytics_bench) ;;
    peers)
      targets+=(telltale load_publisher)
      install_peers influxdb
      ;;
    store)
      targets+=(store_bench sqlite_peer)
      [[ " $* " == *" --no-peers "* ]] || install_peers "${bench_packages[@]}"
      ;;
  esac
done
bash scripts/build.sh release "${targets[@]}"
status=0
for name in "${names[@]}"; do
  /usr/bin/python3 "bench/bench_$name.py" "$@" || status=1
done
exit "$status"

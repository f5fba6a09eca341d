#!/usr/bin/env bash
# demo_replay.sh TELLTALE URL WORK: recorded sensors through the broker. The full sets when ../shared/data is there,
# else the sample that ships with the repository.
set -euo pipefail
telltale=$1 url=$2 work=$3
data=devices/sample-data
[ -d ../shared/data/motes ] && data=../shared/data
pids=()
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done' EXIT TERM INT
play() { # SPEED FILE...
  local speed=$1
  shift
  "$telltale" replay --url "$url" --speed "$speed" "$@" >>"$work/replay.log" 2>&1 &
  pids+=($!)
}
play 40000 "$data"/nab/realKnownCause/machine_temperature_system_failure.csv.gz
play 8000 "$data"/office/*.csv.gz
play 300 "$data"/motes/mote1_outdoor.csv.gz "$data"/motes/mote3_indoor.csv.gz
for p in "${pids[@]}"; do wait "$p"; done

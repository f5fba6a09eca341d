#!/usr/bin/env bash
# demo.sh [--seconds N] [--replay]: a broker, Telltale and a simulated fleet (or recorded sensors), alerts on screen.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
. scripts/ports.sh

seconds=0
replay=no
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds=$2; shift 2 ;;
    --replay) replay=yes; shift ;;
    *) echo "demo: unknown option $1" >&2; exit 2 ;;
  esac
done

need_packages build demo
bash scripts/build.sh release
telltale=build/release/telltale
mosquitto=$(command -v mosquitto || echo /usr/sbin/mosquitto)

work=build/demo
rm -rf "$work"
mkdir -p "$work/broker" "$work/data"
port=$(free_port 1883)
http=$(free_port 8080)
url=mqtt://127.0.0.1:$port

sed -e "s|@URL@|$url|" -e "s|@DATA@|$work/data|" -e "s|@HTTP@|127.0.0.1:$http|" scripts/demo.toml.in >"$work/telltale.toml"
{ sed -e "s|^listener .*|listener $port 127.0.0.1|" broker/mosquitto-demo.conf
  echo "persistence_location $PWD/$work/broker/"; } >"$work/mosquitto.conf"

pids=()
stop_all() {
  trap - EXIT INT TERM
  local i
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    kill -TERM "${pids[$i]}" 2>/dev/null || true
    wait "${pids[$i]}" 2>/dev/null || true
  done
}
trap stop_all EXIT
trap 'stop_all; exit 130' INT TERM

"$mosquitto" -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
pids+=($!)
"$telltale" serve --config "$work/telltale.toml" 2>"$work/telltale.log" &
telltale_pid=$!
pids+=("$telltale_pid")
for _ in $(seq 100); do
  curl -fs "http://127.0.0.1:$http/readyz" >/dev/null && break
  kill -0 "$telltale_pid" 2>/dev/null || { echo "demo: telltale ended:" >&2; cat "$work/telltale.log" >&2; exit 1; }
  sleep 0.1
done

cat <<TXT
------------------------------------------------------------------------------------------------
 dashboard  http://127.0.0.1:$http/
 broker     $url
 alerts     mosquitto_sub -p $port -t 'alerts/#' -v          (shown below)
 presence   mosquitto_sub -p $port -t 'presence/#' -v        (shown below)
 minutes    mosquitto_sub -p $port -t 'aggregates/1m/#' -v
 readings   $telltale query --data $work/data --device $([ "$replay" = yes ] && echo mote1_outdoor --metric temperature_c || echo sim-000 --metric temperature) --from now-5m
 sqlite     sqlite3 $work/data/recent.db 'select * from recent order by ts desc limit 10'
 metrics    curl http://127.0.0.1:$http/metrics
 rest       curl http://127.0.0.1:$http/api/v1/latest          (more: docs/rest.md)
------------------------------------------------------------------------------------------------
TXT

# On screen without each device's first "online"; the file has everything.
mosquitto_sub -p "$port" -q 1 -t 'alerts/#' -t 'presence/#' -v \
  > >(tee "$work/events.txt" | awk '/^presence/ && /"state":"online"/ && !seen[$1]++ { next } { print; fflush() }') &
events_pid=$!
pids+=("$events_pid")

if [ "$replay" = yes ]; then
  bash scripts/demo_replay.sh "$telltale" "$url" "$work" &
else
  "$telltale" fleet --url "$url" --devices 50 --rate 1/s --heartbeat 10s --scenario demo --seed 7 \
    >"$work/fleet.log" 2>&1 &
fi
source_pid=$!
pids+=("$source_pid")

if [ "$replay" = yes ] && [ "$seconds" -eq 0 ]; then
  wait "$source_pid"
elif [ "$seconds" -eq 0 ]; then
  echo "(Ctrl-C ends it)"
  wait "$source_pid"
else
  for _ in $(seq "$seconds"); do
    sleep 1
    kill -0 "$telltale_pid" 2>/dev/null || { echo "demo: telltale ended" >&2; tail "$work/telltale.log" >&2; exit 1; }
  done
fi

kill -TERM "$events_pid" 2>/dev/null || true
wait "$events_pid" 2>/dev/null || true
python3 scripts/demo_summary.py "$work" "$port" "http://127.0.0.1:$http" "$([ "$replay" = yes ] && echo replay || echo fleet)" "$seconds" && status=0 || status=$?
stop_all
exit "$status"

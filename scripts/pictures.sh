#!/usr/bin/env bash
# pictures.sh [TELLTALE [FOLDER]]: draws the pictures of docs/rules.md from devices/sample-data, one for each type of rule.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
telltale=${1:-build/release/telltale}
folder=${2:-docs/pictures}
[ -x "$telltale" ] || bash scripts/build.sh release
machine=devices/sample-data/nab/realKnownCause/machine_temperature_system_failure.csv.gz
office=devices/sample-data/office/office_2015-02-02_10.csv.gz
mote=devices/sample-data/motes/mote3_indoor.csv.gz

draw() {  # PICTURE RULE CSV [options]
  "$telltale" backtest --rules docs/pictures/rules.toml --svg "$folder/$1.svg" --rule "$2" --csv "$3" "${@:4}" >/dev/null
  echo "$folder/$1.svg"
}
draw unusual unusual "$machine" --from 2013-12-12T00:00:00Z
draw above stuffy "$office"
draw zscore odd-humidity "$mote"
draw rate fills-up "$office"
draw flatline stuck "$office"
draw missing gone "$office"
draw frozen not-as-commissioned "$machine"

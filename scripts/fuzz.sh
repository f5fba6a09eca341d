#!/usr/bin/env bash
# fuzz.sh NAME [--seconds N]: feeds one parser with what libFuzzer makes of tests/fuzz/corpus/NAME, for 60 s unless said
# otherwise. What it learns stays in build/fuzz/learned/NAME, what it finds in build/fuzz/found; a finding that was mended
# becomes a file of tests/fuzz/corpus/NAME, which ./run test reads.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
names=$(ls tests/fuzz/corpus)
name=${1:-}
seconds=60
[ $# -gt 0 ] && shift
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds=${2:?--seconds needs a number} && shift 2 ;;
    *) echo "fuzz: unknown option $1" >&2 && exit 2 ;;
  esac
done
if ! [[ "$seconds" =~ ^[0-9]+$ ]] || ! grep -qx -- "$name" <<<"$names"; then
  echo "usage: ./run fuzz NAME [--seconds N]; NAME is one of" $names >&2
  exit 2
fi
need_packages build fuzz
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target telltale_fuzz
learned=build/fuzz/learned/$name found=build/fuzz/found
mkdir -p "$learned" "$found"
exec build/fuzz/tests/fuzz/telltale_fuzz "--target=$name" -max_total_time="$seconds" -max_len=20000 -timeout=60 -rss_limit_mb=1024 \
  -print_final_stats=1 -artifact_prefix="$found/$name-" "$learned" "tests/fuzz/corpus/$name"

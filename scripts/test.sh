#!/usr/bin/env bash
# test.sh [--long]: everything that decides whether a commit is good. Ends with one line: N passed, N failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh
long=no
[ "${1:-}" = --long ] && long=yes

need_packages build test || exit 1
passed=0
failed=0
step() { # NAME COMMAND...: a step that is not a ctest counts as one test
  local name=$1
  shift
  echo "==== $name"
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
  fi
}
suite() { # PRESET CTEST-ARGUMENTS...
  local preset=$1 report=build/$1/ctest.xml
  shift
  echo "==== $preset: ctest $*"
  rm -f "$report"
  ctest --preset "$preset" --output-junit "$PWD/$report" "$@" || true
  if [ ! -s "$report" ]; then
    failed=$((failed + 1))
    return
  fi
  local all bad
  all=$(grep -o '<testcase ' "$report" | wc -l)
  bad=$(python3 -c 'import sys, xml.etree.ElementTree as e; print(sum(t.get("status") != "run" for t in e.parse(sys.argv[1]).iter("testcase")))' "$report")
  passed=$((passed + all - bad))
  failed=$((failed + bad))
}

# Unit and property tests make thousands of small databases, and what they say does not depend on how long a disk takes:
# they work in memory where there is room. Integration and kill tests work on the disk.
memory=
trap '[ -z "$memory" ] || rm -rf "$memory"' EXIT
if [ "$(df --output=avail -B1M /dev/shm 2>/dev/null | tail -1)" -ge 2048 ] 2>/dev/null; then
  memory=$(mktemp -d -p /dev/shm telltale-test-XXXXXX)
fi
suite_in_memory() { TMPDIR=${memory:-${TMPDIR:-/tmp}} suite "$@"; }

step "build dev" bash scripts/build.sh dev
suite_in_memory dev -j2 -L 'unit|property'
suite dev -j2 -LE 'unit|property|kill|readme|slow'
suite dev -L 'kill'
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:suppressions=$PWD/tests/broker/paho-tsan.supp
for sanitizer in asan tsan; do
  cmake --preset "$sanitizer" >/dev/null
  # The programs behind the unit and property tests bear their tests' names; scripts have seen no sanitizer. Where there is
  # one thread, none race: building and running half of them a third time would find nothing.
  without=script
  [ "$sanitizer" = asan ] || without='script|one_thread'
  mapfile -t programs < <(ctest --preset "$sanitizer" -N -L 'unit|property' -LE "$without" | sed -n 's/^ *Test *#[0-9]*: //p')
  step "build $sanitizer" bash scripts/build.sh "$sanitizer" telltale "${programs[@]}"
  suite_in_memory "$sanitizer" -j2 -L 'unit|property' -LE "$without"
  suite "$sanitizer" -R integration_session
done
suite dev -L 'readme'
if [ "$long" = yes ]; then
  step "the store's life, 500 kills" env TELLTALE_KILL_ROUNDS=500 build/dev/tests/store/store_life_kill
  step "kill loop, 100 kills" python3 tests/kill/kill_loop.py build/dev/telltale --kills 100
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

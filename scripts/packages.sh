# Sourced. need_packages PURPOSE: installs what is missing of that purpose, and says so.
build_packages=(g++ cmake ninja-build pkg-config libpaho-mqttpp-dev libpaho-mqtt-dev libsqlite3-dev rapidjson-dev
  prometheus-cpp-dev libtomlplusplus-dev libcli11-dev libspdlog-dev libexpected-dev libzstd-dev zlib1g-dev libssl-dev libcurl4-openssl-dev
  libhowardhinnant-date-dev tzdata catch2 librapidcheck-dev libre2-dev
  libjs-dygraphs)
demo_packages=(mosquitto mosquitto-clients curl python3)
test_packages=(mosquitto mosquitto-clients curl python3 python3-paho-mqtt sqlite3 openssl git libfaketime
  python3-aiosmtpd prometheus-alertmanager prometheus chromium chromium-driver python3-selenium systemd procps docker-compose python3-yaml zsh dpkg-dev file)
fuzz_packages=(clang libclang-rt-14-dev)  # libFuzzer
check_packages=(clang-format clang-tidy)
package_packages=(dpkg-dev file gzip python3)
api_bench_packages=(wrk)
bench_packages=(postgresql-15 influxdb)  # what bench store compares with

need_packages() {
  local wanted=() missing=() package
  for purpose in "$@"; do
    local -n list="${purpose}_packages"
    wanted+=("${list[@]}")
  done
  for package in "${wanted[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  # Any Boost from 1.74 on will do; two Boost -dev packages exclude each other, so take 1.81 only where there is none.
  if ! dpkg-query -W -f='${Package} ${Status}\n' 'libboost1*-dev' 2>/dev/null | grep -q 'install ok installed'; then
    missing+=(libboost1.81-dev)
  fi
  [ ${#missing[@]} -eq 0 ] && return 0
  if ! command -v apt-get >/dev/null; then
    echo "run: this machine has no apt-get; please install: ${missing[*]}" >&2
    return 1
  fi
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  echo "run: installing Debian packages: ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

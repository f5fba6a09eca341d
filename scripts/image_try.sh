#!/usr/bin/env bash
# image_try.sh [PACKAGE]: carries out the Dockerfile without a container engine. Stage `build` in a clean copy of the last commit,
# unless there is a package already; the others, each in a clean Debian 12 of its own by chroot; then starts what they are for,
# as their users, on a root that is read-only. Needs root, Debian's archive, and git.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/clean_debian.sh
. scripts/ports.sh
work=$(mktemp -d /tmp/telltale-image-XXXXXX)
chmod 755 "$work"
pids=()
cleanup() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  # Twice: a folder that was bound onto itself is mounted below and above.
  for _ in 1 2; do grep -o " $work/[^ ]*" /proc/mounts | sort -r | xargs -r -n 1 umount 2>/dev/null || true; done
  grep -q " $work/" /proc/mounts && { echo "image: still mounted below $work" >&2; return; }
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT

instructions() { # STAGE: one a line, continued lines joined
  sed -e ':again' -e '/\\$/N; s/ *\\\n */ /; t again' Dockerfile | awk -v stage="$1" '/^FROM/ { on = $4 == stage; next } on && /^[A-Z]/'
}
carry_out() { # STAGE ROOT
  local word rest
  while read -r word rest; do
    case "$word" in
      RUN) chroot "$2" /bin/bash -euo pipefail -c "${rest#--mount=* }" >"$work/log" 2>&1 </dev/null || { cat "$work/log" >&2; return 1; } ;;
      COPY)
        local mode= parts
        read -ra parts <<<"$rest"
        [[ ${parts[0]} == --chmod=* ]] && { mode=${parts[0]#--chmod=}; parts=("${parts[@]:1}"); }
        local target=$2${parts[-1]}
        if [[ $target == */ ]]; then mkdir -p "$target"; else mkdir -p "$(dirname "$target")"; fi
        cp "${parts[@]:0:${#parts[@]}-1}" "$target"
        [ -z "$mode" ] || chmod "$mode" "$target"
        ;;
    esac
  done < <(instructions "$1")
}
of() { instructions "$1" | sed -n "s/^$2 //p" | tail -1; } # STAGE WORD
read_only() { # ROOT
  mount --bind "$1" "$1"
  mount -o remount,ro,bind "$1"
}
until_true() { for _ in $(seq 150); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done; return 1; }

mkdir -p "$work/src" "$work/out"
if [ $# -gt 0 ]; then
  cp "$1" "$work/out/telltale.deb"
else
  echo "==== stage build, in a clean folder"
  git archive HEAD | tar -x -C "$work/src"
  while read -r word rest; do
    [ "$word" != RUN ] || (cd "$work/src" && TELLTALE_REVISION=$(git -C "$OLDPWD" rev-parse --short=12 HEAD) bash -euo pipefail -c "${rest//\/out/$work/out}")
  done < <(instructions build)
fi

echo "==== a clean Debian 12"
clean_debian "$work/telltale"
cp -a "$work/telltale" "$work/broker"

echo "==== stage telltale"
mkdir "$work/telltale/out"
mount --bind "$work/out" "$work/telltale/out"
carry_out telltale "$work/telltale"
umount "$work/telltale/out"
rmdir "$work/telltale/out"

echo "==== stage broker"
carry_out broker "$work/broker"

echo "==== both, as their users, on a read-only root"
mqtt=$(free_port 18883) services=$(free_port 18884) inner=$(free_port 18882) http=$(free_port 18080)
mkdir "$work/secrets"
for volume in pki broker telltale fleet grafana; do mkdir -p "$work/secrets/$volume" "$work/broker/secrets/$volume"; done
mount --bind "$work/secrets" "$work/broker/secrets"
chroot "$work/broker" /usr/bin/first-start >"$work/first"
sed -i "s/^listener 8883/listener $mqtt 127.0.0.1/; s/^listener 8884/listener $services 127.0.0.1/" "$work/broker/etc/mosquitto/telltale.d/production.conf"
sed -i "s/^listener 1883/listener $inner 127.0.0.1/" "$work/broker/etc/mosquitto/compose.conf"
mkdir -p "$work/broker/etc/mosquitto/telltale" "$work/telltale/etc/telltale/tls" "$work/data" "$work/broker-data"
read_only "$work/broker"
mount --bind "$work/secrets/broker" "$work/broker/etc/mosquitto/telltale"
chown "$(of broker USER)" "$work/broker-data"
mount --bind "$work/broker-data" "$work/broker/var/lib/mosquitto"
read_only "$work/telltale"
mount --bind "$work/secrets/telltale" "$work/telltale/etc/telltale/tls"
chown "$(of telltale USER)" "$work/data"
mount --bind "$work/data" "$work/telltale/var/lib/telltale"

command=$(of broker CMD | tr -d '[],"')
# shellcheck disable=SC2086
chroot --userspec="$(of broker USER)" "$work/broker" $command >"$work/mosquitto.log" 2>&1 &
pids+=($!)
program=$(of telltale ENTRYPOINT | tr -d '[],"') arguments=$(of telltale CMD | tr -d '[],"')
inside=(chroot --userspec="$(of telltale USER)" "$work/telltale" /usr/bin/env "$(of telltale ENV)")
# shellcheck disable=SC2086
"${inside[@]}" TELLTALE_HTTP__LISTEN="127.0.0.1:$http" TELLTALE_MQTT__URL="mqtts://127.0.0.1:$services" TELLTALE_MQTT__CA=/etc/telltale/tls/ca.crt \
  TELLTALE_MQTT__CERT=/etc/telltale/tls/telltale.crt TELLTALE_MQTT__KEY=/etc/telltale/tls/telltale.key $program $arguments 2>"$work/telltale.log" &
pids+=($!)
if until_true "${inside[@]}" "$program" healthcheck --url "http://127.0.0.1:$http"; then
  echo "healthy: $("${inside[@]}" "$program" --version), $(du -sm "$work/telltale" --exclude="$work/telltale/var/lib/telltale" | cut -f1) MB (broker: $(du -sm "$work/broker" | cut -f1) MB)"
else
  tail -n 20 "$work/mosquitto.log" "$work/telltale.log" >&2
  exit 1
fi

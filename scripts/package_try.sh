#!/usr/bin/env bash
# package_try.sh PACKAGE NEXT: what a Debian user does, in a clean Debian 12 of its own: install, run, change the configuration,
# upgrade to NEXT, put Mosquitto beside it as docs/operations.md says, remove, install again, purge. Needs root (chroot) and Debian's archive.
set -euo pipefail
package=$(realpath "$1") next=$(realpath "$2")
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
. "$here/clean_debian.sh"
. "$here/ports.sh"
root=$(mktemp -d /tmp/telltale-debian-XXXXXX)
service= broker=
http=$(free_port 18087)
cleanup() {
  [ -z "$service" ] || kill "$service" 2>/dev/null || true
  [ -z "$broker" ] || kill "$broker" 2>/dev/null || true
  umount "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$root"
}
trap cleanup EXIT

echo "==== a clean Debian 12"
clean_debian "$root"
mount -t proc proc "$root/proc"
cp "$package" "$root/root/one.deb"
cp "$next" "$root/root/two.deb"
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }
apt() { inside apt-get -y -qq --no-install-recommends "$@" >"$root/root/apt.log" 2>&1 || { cat "$root/root/apt.log" >&2; exit 1; }; }
check() { # WHAT COMMAND...
  local what=$1
  shift
  if "$@"; then echo "ok      $what"; else echo "FAILED  $what" >&2; exit 1; fi
}
not() { ! "$@"; }
in_force() { inside grep -q '^# kept$' /etc/telltale/telltale.toml; }
start() { # as the unit says: its user, its folder, its command
  local command
  command=$(sed -n 's/^ExecStart=//p' "$root/lib/systemd/system/telltale.service")
  # shellcheck disable=SC2086
  chroot --userspec=telltale:telltale "$root" /usr/bin/env -i -C /var/lib/telltale TELLTALE_HTTP__LISTEN="127.0.0.1:$http" $command 2>>"$root/root/service.log" &
  service=$!
  for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$http") 2>/dev/null && return 0
    sleep 0.1
  done
  cat "$root/root/service.log" >&2
  return 1
}
stop() { kill "$service" && wait "$service"; service=; }

apt update
apt install /root/one.deb
check "the program runs" inside telltale --version
check "the configuration is good" inside telltale check
check "the service has its own user, without a shell" inside sh -c 'getent passwd telltale | grep -q ":/usr/sbin/nologin$"'
check "the data folder is its own" inside sh -c '[ "$(stat -c "%U:%G %a" /var/lib/telltale)" = "telltale:telltale 750" ]'
check "it starts under its own user" start
check "it has made its data folder" inside test -f /var/lib/telltale/catalog.db
check "it stops" stop
check "the manual is there" inside sh -c 'zcat /usr/share/man/man1/telltale.1.gz | grep -q "^.TH TELLTALE"'

inside sh -c 'echo "# kept" >>/etc/telltale/telltale.toml'
apt install /root/two.deb
check "it is upgraded" inside sh -c 'dpkg-query -W telltale | grep -q -- "-2$"'
check "the configuration that was changed is kept" in_force
check "the data is kept, and the new program starts on it" start
stop

# The commands of the manual, but those for systemd, and on ports that are free here.
sed -n '/^### Mosquitto beside it/,/^#* *Containers/{ s/^    //; t keep; d; :keep; /^systemctl\|^sudo/d; s/^apt install/apt-get -y -qq --no-install-recommends install/; p }' \
  "$here/../docs/operations.md" >"$root/root/beside.sh"
check "the manual has commands" grep -q telltale-pki "$root/root/beside.sh"
grep -qs localhost "$root/etc/hosts" || echo "127.0.0.1 localhost" >>"$root/etc/hosts"
inside bash -eu /root/beside.sh >"$root/root/beside.log" 2>&1 || { cat "$root/root/beside.log" >&2; exit 1; }
devices=$(free_port 18883) services=$(free_port 18884)
sed -i "s/^listener 8883/listener $devices 127.0.0.1/; s/^listener 8884/listener $services 127.0.0.1/" "$root/etc/mosquitto/conf.d/telltale.conf"
sed -i "s/localhost:8884/localhost:$services/" "$root/etc/telltale/telltale.toml"
inside install -d -o mosquitto /run/mosquitto
chroot "$root" /usr/sbin/mosquitto -c /etc/mosquitto/mosquitto.conf >"$root/root/mosquitto.log" 2>&1 &
broker=$!
check "Mosquitto beside it: it starts" start
ready() { for _ in $(seq 100); do inside telltale healthcheck --url "http://127.0.0.1:$http" >/dev/null && return 0; sleep 0.1; done; cat "$root/root/service.log" "$root/root/mosquitto.log" >&2; return 1; }
check "Mosquitto beside it: they have found each other" ready
check "Mosquitto beside it: the doctor has nothing against it" chroot --userspec=telltale:telltale "$root" /usr/bin/telltale doctor
stop
kill "$broker" && wait "$broker"
broker=

apt remove telltale
check "removed: the program is gone" not inside test -e /usr/bin/telltale
check "removed: configuration and data stay" inside test -f /etc/telltale/telltale.toml -a -f /var/lib/telltale/catalog.db
apt install /root/two.deb
check "installed again: the configuration is the old one" in_force
check "installed again: it starts on the old data" start
stop

apt purge telltale
for path in /etc/telltale /var/lib/telltale /usr/bin/telltale /usr/lib/telltale /lib/systemd/system/telltale.service; do
  check "purged: no $path" not inside test -e "$path"
done
check "purged: nothing is left in dpkg" not inside dpkg-query -W telltale 2>/dev/null
echo "package: installed, started, upgraded, removed and purged"

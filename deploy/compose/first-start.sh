#!/usr/bin/env bash
# The secrets of compose.yaml: made at the first start, printed once, kept in volumes; no image and no file of the repository has any.
#   docker compose run --rm -T secrets device esp32-7 | tar x     a certificate for a device, in folder esp32-7/
#   docker compose run --rm -T secrets service operators | tar x  one for people
#   docker compose run --rm -T secrets revoke device esp32-7      then: docker compose restart mosquitto
#   docker compose run --rm -T secrets renew                      the broker's, for other BROKER_HOSTS if there are, and Telltale's;
#                                                                 then: docker compose restart mosquitto telltale
set -euo pipefail
umask 077
# Volumes, each for one reader. ROOT is for tests.
root=${ROOT:-}
pki=$root/secrets/pki broker=$root/secrets/broker telltale=$root/secrets/telltale fleet=$root/secrets/fleet grafana=$root/secrets/grafana
share=$root/usr/share/telltale
read -ra hosts <<<"mosquitto localhost 127.0.0.1 ${BROKER_HOSTS:-}"

random() { openssl rand -hex 16; }
owned() { # UID:GID FOLDER
  [ "$(id -u)" -ne 0 ] || chown -R "$1" "$2"
  find "$2" -type d -exec chmod 700 {} +
  find "$2" -type f -exec chmod 400 {} +
}
hand_out() {
  install -m 600 "$pki"/broker/* "$broker/"
  install -m 600 "$pki/mosquitto/mosquitto.crt" "$broker/server.crt"
  install -m 600 "$pki/mosquitto/mosquitto.key" "$broker/server.key"
  cat "$share/acl.example" "$share/acl.extra" >"$broker/acl.new"
  mv -f "$broker/acl.new" "$broker/acl"
  owned 10002:10002 "$broker"
  install -m 600 "$pki"/telltale/* "$telltale/"
  owned 10001:10001 "$telltale"
}
renew() {
  local names=()
  [ -z "${BROKER_HOSTS:-}" ] || names=("${hosts[@]}")  # else those that it has
  telltale-pki renew "$pki" mosquitto "${names[@]}" >&2
  telltale-pki renew "$pki" telltale >&2
}

# A first start that was interrupted is begun anew; one that was not, never: every device would need a new certificate.
if [ ! -e "$pki/complete" ] && [ -e "$broker/acl" ]; then
  echo "first-start: the authorities are gone (volume pki), and there are certificates by them: put the volume back from a back-up," \
    "or remove all volumes (docker compose down --volumes) and with them all readings" >&2
  exit 1
fi
case "${1:-start}" in
  start) ;;
  device | service)
    telltale-pki "$1" "$pki" "$2" >&2
    exec tar -c -C "$pki" "$2"
    ;;
  revoke)
    telltale-pki revoke "$pki" "$2" "$3" >&2
    hand_out
    exit 0
    ;;
  renew)
    renew
    hand_out
    exit 0
    ;;
  *) echo "first-start: unknown: $1" >&2; exit 2 ;;
esac

if [ ! -e "$pki/complete" ]; then
  find "$pki" "$broker" "$telltale" "$fleet" "$grafana" -mindepth 1 -delete
  telltale-pki init "$pki" >/dev/null
  telltale-pki server "$pki" mosquitto "${hosts[@]}" >/dev/null
  telltale-pki service "$pki" telltale >/dev/null
  random >"$fleet/password"
  random >"$grafana/mqtt_password"
  random >"$grafana/admin_password"
  for user in fleet:"$fleet/password" grafana:"$grafana/mqtt_password"; do
    printf '%s:%s\n' "${user%%:*}" "$(cat "${user#*:}")" >>"$broker/passwd"
  done
  mosquitto_passwd -U "$broker/passwd"
  owned 10001:10001 "$fleet"
  owned 472:0 "$grafana"
  chmod 755 "$grafana"  # where the API key for Grafana will be
  [ "$(id -u)" -ne 0 ] || chown 10001:10001 "$grafana"
  cat <<TXT
---------------------------------------------------------------------------------------------
 First start. These are shown once:
   Grafana   http://127.0.0.1:3000/   user admin   password $(cat "$grafana/admin_password")
 Certificates: docker compose run --rm -T secrets device esp32-7 | tar x
               docker compose run --rm -T secrets service operators | tar x
 Broker: mqtts://HOST:8883 for devices, mqtts://127.0.0.1:8884 for people
 Keys of the HTTP interface: docker compose exec telltale telltale key create --data /var/lib/telltale --name NAME
---------------------------------------------------------------------------------------------
TXT
  touch "$pki/complete"
fi
for name in mosquitto telltale; do
  if ! openssl x509 -in "$pki/$name/$name.crt" -noout -checkend $((180 * 24 * 3600)) >/dev/null; then
    echo "first-start: the certificate of $name ends within 180 days: renewed"
    renew
    break
  fi
done
hand_out

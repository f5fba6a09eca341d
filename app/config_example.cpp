#include <algorithm>

#include "app/config.hpp"
#include "app/config_schema.hpp"

namespace telltale::app {

namespace {

constexpr std::string_view head =
    R"(# Telltale: every key with its default. A key that is left out has the value shown here.
# Durations: "20ms" "2s" "5m" "1h" "7d".  Sizes: "512B" "64KiB" "64MiB" "2GiB".
# The environment beats this file: TELLTALE_SECTION__KEY, such as TELLTALE_MQTT__URL.
)";

constexpr std::string_view lists = R"toml(
# A rule watches series. It fires when its check holds, and clears at `clear`.
# [[rule]]
# name = "too-hot"                    # letters, digits and _ . : - (48 at most), unique
# tenant = "*"                        # patterns with *; tenant only with [tenants] enabled
# site = "*"
# device = "*"
# metric = "temperature"
# tags = { line = "2" }               # the device must have all of these
# above = 80.0                        # fires above this; in the metric's unit
# clear = 75.0                        # clears at or past this; default: the limit
# for = "2s"                          # violated for so long, or "3 of 5" readings; default: the first reading fires
# cooldown = "0s"                     # raised again within this: the same alert, as flapping
# severity = "critical"               # info, warning (default) or critical
# message = "{metric} {value} {unit} > {threshold} on {device} ({site})"   # default: a sentence like this
# runbook = ""                        # a link for the person who is woken up

# [[rule]]
# name = "too-cold"
# metric = "temperature"
# below = -20.0                       # fires below this
# escalate = [ { after = "30m", severity = "critical" } ]   # still open then: this severity. One step needs no [ ]

# [[rule]]
# name = "odd-humidity"
# metric = "humidity"
# zscore = 4.0                        # fires when so many standard deviations from the series' own mean
# clear = 3.0
# span = 500                          # readings: how far the exponentially weighted mean looks back
# warmup = 30                         # readings before the first verdict
# floor = 0.0                         # least standard deviation, in the metric's unit

# [[rule]]
# name = "heats-up"
# metric = "temperature"
# except = ["oven-*/temperature"]     # series left out: patterns of metric, device/metric or site/device/metric
# rate = 5.0                          # fires when it changes faster than this, in the metric's unit,
# per = "1m"                          # so much time (default 1m)
# over = "5m"                         # measured over at least this; default 0s: from one reading to the next
# direction = "up"                    # up, down or both (default)

# [[rule]]
# name = "stuck"
# metric = "pressure"
# flatline = "30m"                    # fires when readings come, but none moved for so long
# tolerance = 0.0                     # moving is more than this, in the metric's unit

# [[rule]]
# name = "no-level"
# metric = "level"
# missing = "10m"                     # fires when no reading came for so long while we were listening

# [[rule]]
# name = "not-as-commissioned"
# device = "pump-*"
# metric = "vibration"
# frozen = 4.0                        # fires when so many standard deviations from the first readings' mean
# learn = 1000                        # readings that make the baseline; it never changes afterwards

# [[rule]]
# name = "odd-flow"
# metric = "flow"
# unusual = 5.0                       # the default detector with a limit of its own

# How often devices that announce nothing are expected to be heard. The first match counts.
# [[heartbeat]]
# tenant = "*"
# site = "attic"
# device = "*"
# heartbeat = "15m"

# The local time of sites: the default detector learns what is usual by the hour of their day. The first match
# counts; the others are in UTC.
# [[site]]
# tenant = "*"
# site = "plant-*"
# zone = "Europe/Prague"

# When alerts that match are silenced: every week, or once. At least one pattern.
# [[maintenance]]
# name = "patching"                   # letters, digits and _ . : - (48 at most), unique
# tenant = "*"                        # patterns with *; tenant only with [tenants] enabled
# site = "plant1"
# device = "pump-*"
# metric = "*"
# rule = "*"
# severity = "*"
# days = ["sat", "sun"]               # mon tue wed thu fri sat sun; default: every day
# start = "02:30"                     # by the clock of the zone
# duration = "2h"                     # up to 7d
# zone = "Europe/Prague"              # IANA name; default: ingest.zone
# comment = "weekly patching"         # part of the silenced alerts

# [[maintenance]]
# name = "new-boiler"
# site = "home"
# from = "2026-12-24T12:00:00"        # once, instead of days, start and duration
# until = "2026-12-24T18:00:00Z"      # times without an offset are the zone's

# Tenants whose data is kept differently ([tenants] enabled). The first match counts; the others are as in [store].
# [[retention]]
# name = "long"                       # part of file names: a-z, 0-9, _
# tenants = ["acme"]
# raw = "365d"
# hourly = "0d"                       # 0d: for ever
# daily = "0d"

# Who is told of alerts, and how: docs/notifications.md. `telltale notify-test NAME` sends a test.
# [[channel]]
# name = "ops"                        # letters, digits and _ . : - (48 at most), unique
# kind = "webhook"                    # webhook, alertmanager, ntfy, slack or email
# url = "https://hooks.example/telltale"
# url_file = ""                       # file with the url in its first line, when the url is a secret
# format = "alertmanager"             # webhook: the body of Alertmanager's webhooks, or "flat": the object of alerts/...
# secret_file = ""                    # webhook: key of X-Telltale-Signature
# token_file = ""                     # sent as Authorization: Bearer; not for email
# severities = ["info", "warning", "critical"]
# tenant = "*"                        # patterns with *; tenant only with [tenants] enabled
# site = "*"
# device = "*"
# rule = "*"
# resolve = true                      # also tell when an alert has ended
# group_wait = "10s"                  # alerts of one rule and device within this are one message
# repeat = "4h"                       # tell again while it fires
# rate_limit = 20                     # messages a minute, 0: no limit
# queue = 1000                        # alerts and messages that may wait; what comes above it is dropped and counted
# ca = ""                             # certificate authority (PEM) instead of the system's
# insecure = false                    # true: certificates are not checked, and a mail server need not have TLS

# [[channel]]
# name = "phone"
# kind = "ntfy"
# url = "https://ntfy.sh"
# topic = "plant"

# [[channel]]
# name = "mail"
# kind = "email"
# url = "smtp://mail.example:587"     # STARTTLS, or smtps:// for TLS from the start
# from = "telltale@mail.example"
# to = ["ops@mail.example"]
# username = ""
# password_file = ""

# How topics and payloads of others become readings. The tutorial's sensors/{metric}/{device} is built in.
# [[mapping]]
# name = "tasmota"
# topic = "tele/{device}/SENSOR"      # {name}, {name=a|b}, {_} ignored, {rest...} last
# codec = "json"                      # or "plain": the payload is one value
# role = "telemetry"                  # or "status"
# set = { site = "home" }             # constants for site, device, metric
# device = ""                         # composed of levels, such as "{edge}:{rest}"; default: the level {device}
# time = { at = "/Time", zone = "Europe/Prague" }
# metrics = [ { at = "/*/Temperature", name = "{1}_temperature", unit = "Cel" } ]   # or "auto"
# ignore = []                         # JSON pointers that "auto" leaves out

# [[mapping]]
# name = "windows"
# topic = "contact/{device}/{metric}"
# codec = "plain"
# set = { site = "home" }
# enum = { open = 1, closed = 0 }     # words of a plain payload

# [[mapping]]
# name = "z2m-avail"
# topic = "zigbee2mqtt/{device}/availability"
# role = "status"
# set = { site = "home" }
# state_at = "/state"                 # JSON pointer to the word
# online = ["online"]                 # default: the usual words
# offline = ["offline"]
# sleeping = []
)toml";

}  // namespace

std::string example_config() {
  constexpr std::size_t comment_column = 44;
  const Config defaults;
  std::string out(head);
  std::string_view section;
  for (const auto& key : config_keys()) {
    if (key.section != section) {
      section = key.section;
      out += "\n[" + std::string(section) + "]\n";
    }
    std::string line = std::string(key.name) + " = " + key.show(defaults);
    line.append(line.size() < comment_column ? comment_column - line.size() : 2, ' ');
    out += line + "# " + std::string(key.comment) + "\n";
  }
  return out + std::string(lists);
}

}  // namespace telltale::app

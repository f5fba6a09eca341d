#include "app/config_schema.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <type_traits>

#include "api/json_text.hpp"
#include "app/config_tables.hpp"
#include "app/config_text.hpp"
#include "proto/alert.hpp"
#include "proto/config_error.hpp"
#include "proto/timestamp.hpp"

namespace telltale::app {

namespace {

using std::string_view;

constexpr Millis second{1000};
constexpr Millis minute{60'000};
constexpr Millis hour{3'600'000};
constexpr Millis day{86'400'000};
constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;
constexpr std::uint64_t tib = 1024 * gib;

/// The type of the member of Config that a field function names.
template <class F>
using Of = std::remove_cvref_t<std::invoke_result_t<F, Config&>>;

template <class T>
std::string listed(const std::vector<T>& values, std::string (*text)(const T&)) {
  std::string out = "[";
  for (const auto& value : values) out += (out.size() > 1 ? ", " : "") + text(value);
  return out + "]";
}

/// As TOML: always with a point.
std::string number_text(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  const std::string text(buffer.data(), end);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string quote(const std::string& text) { return api::json_string(text); }

template <class F>
Key text(string_view section, string_view name, F field, string_view comment) {
  return {section,
          name,
          comment,
          KeyKind::text,
          [field](const Value& v, Config& c, Problems& p) {
            if (auto t = as_text(v, p)) field(c) = std::move(*t);
          },
          [field](const Config& c) { return quote(field(c)); }};
}

template <class F>
Key boolean(string_view section, string_view name, F field, string_view comment) {
  return {section,
          name,
          comment,
          KeyKind::literal,
          [field](const Value& v, Config& c, Problems& p) {
            if (const auto b = as_boolean(v, p)) field(c) = *b;
          },
          [field](const Config& c) { return std::string(field(c) ? "true" : "false"); }};
}

template <class F>
Key integer(string_view section, string_view name, F field, std::int64_t least, std::int64_t most,
            string_view comment) {
  return {section,
          name,
          comment,
          KeyKind::literal,
          [=](const Value& v, Config& c, Problems& p) {
            if (const auto i = as_integer(v, least, most, p)) field(c) = static_cast<Of<F>>(*i);
          },
          [field](const Config& c) { return std::to_string(field(c)); }};
}

template <class F>
Key number(string_view section, string_view name, F field, double least, double most, string_view comment) {
  return {section,
          name,
          comment,
          KeyKind::literal,
          [=](const Value& v, Config& c, Problems& p) {
            const auto n = as_number(v, p);
            if (!n) return;
            if (*n < least || *n > most) {
              return p.add(v, "must be from " + number_text(least) + " to " + number_text(most));
            }
            field(c) = *n;
          },
          [field](const Config& c) { return number_text(field(c)); }};
}

template <class F>
Key duration(string_view section, string_view name, F field, Millis least, Millis most, string_view comment) {
  return {section,
          name,
          comment,
          KeyKind::text,
          [=](const Value& v, Config& c, Problems& p) {
            if (const auto d = as_duration(v, least, most, p)) field(c) = *d;
          },
          [field](const Config& c) { return quote(duration_text(field(c))); }};
}

/// A duration that is kept as a whole number of `unit`.
template <class F>
Key whole(string_view section, string_view name, F field, Millis unit, Millis least, Millis most, string_view comment) {
  return {section,
          name,
          comment,
          KeyKind::text,
          [=](const Value& v, Config& c, Problems& p) {
            const auto d = as_duration(v, least, most, p);
            if (!d) return;
            if (*d % unit != Millis{0}) return p.add(v, "must be a multiple of " + duration_text(unit));
            field(c) = static_cast<Of<F>>(*d / unit);
          },
          [=](const Config& c) { return quote(duration_text(unit * static_cast<std::int64_t>(field(c)))); }};
}

template <class F>
Key size(string_view section, string_view name, F field, std::uint64_t least, std::uint64_t most, string_view comment) {
  return {section,
          name,
          comment,
          KeyKind::text,
          [=](const Value& v, Config& c, Problems& p) {
            if (const auto s = as_size(v, least, most, p)) field(c) = static_cast<Of<F>>(*s);
          },
          [field](const Config& c) { return quote(size_text(field(c))); }};
}

template <class F>
Key texts(string_view section, string_view name, F field, string_view comment) {
  return {section,
          name,
          comment,
          KeyKind::list,
          [field](const Value& v, Config& c, Problems& p) {
            if (auto t = as_texts(v, p)) field(c) = std::move(*t);
          },
          [field](const Config& c) { return listed(field(c), &quote); }};
}

template <class F>
Key choice(string_view section, string_view name, F field, std::vector<string_view> words, string_view comment) {
  return {section,
          name,
          comment,
          KeyKind::text,
          [=](const Value& v, Config& c, Problems& p) {
            if (const auto i = as_choice(v, words, p)) field(c) = static_cast<Of<F>>(*i);
          },
          [=](const Config& c) { return quote(std::string(words[static_cast<std::size_t>(field(c))])); }};
}

/// Patterns of series, one to three names with slashes between them.
template <class F>
Key series_patterns(string_view section, string_view name, F field, string_view comment) {
  auto key = texts(section, name, field, comment);
  key.read = [field](const Value& v, Config& c, Problems& p) { read_series_patterns(v, field(c), p); };
  return key;
}

/// Published windows are a closed list (contracts 1).
template <class F>
Key windows(string_view name, F field, string_view comment) {
  return {"analytics",
          name,
          comment,
          KeyKind::list,
          [field](const Value& v, Config& c, Problems& p) {
            const auto names = as_texts(v, p);
            if (!names) return;
            std::vector<Millis> found;
            for (const auto& text : *names) {
              const auto d = parse_duration(text);
              const auto known = {10 * second, minute, 5 * minute, hour, day};
              if (!d || std::ranges::find(known, *d) == known.end()) {
                return p.add(v, "\"" + text + "\" is no window: use \"10s\", \"1m\", \"5m\", \"1h\", \"1d\"");
              }
              if (std::ranges::find(found, *d) != found.end()) return p.add(v, "\"" + text + "\" is there twice");
              found.push_back(*d);
            }
            field(c) = std::move(found);
          },
          [field](const Config& c) {
            return listed<Millis>(field(c), [](const Millis& w) { return quote(proto::window_name(w)); });
          }};
}

Key broker_url() {
  return {"mqtt",
          "url",
          "mqtt://host:port or mqtts://host:port (1883, 8883; IPv6 in brackets); credentials have their own keys",
          KeyKind::text,
          [](const Value& v, Config& c, Problems& p) {
            const auto t = as_text(v, p);
            if (!t) return;
            const auto url = parse_broker_url(*t);
            if (!url) return p.add(v, url.error());
            c.mqtt.host = url->host;
            c.mqtt.port = url->port;
            c.mqtt.tls = url->tls;
          },
          [](const Config& c) { return quote(broker_url_text(c.mqtt.host, c.mqtt.port, c.mqtt.tls)); }};
}

Key password_file() {
  return {"mqtt",
          "password_file",
          "file with the password in its first line; or TELLTALE_MQTT__PASSWORD. empty: none",
          KeyKind::text,
          [](const Value& v, Config& c, Problems& p) {
            if (auto secret = as_secret_file(v, p)) c.mqtt.password = std::move(*secret);
          },
          [](const Config&) { return quote(""); }};
}

Key listen() {
  return {"http",
          "listen",
          "numeric address and port of /api/v1, /healthz, /readyz and /metrics",
          KeyKind::text,
          [](const Value& v, Config& c, Problems& p) {
            const auto t = as_text(v, p);
            if (!t) return;
            const auto address = parse_listen(*t);
            if (!address) return p.add(v, address.error());
            c.http.host = address->host;
            c.http.port = address->port;
          },
          [](const Config& c) { return quote(listen_text(c.http.host, c.http.port)); }};
}

Key external_url() {
  return {
      "notify",
      "external_url",
      "where people reach this service, for links in notifications, such as \"https://telltale.example\"; empty: none",
      KeyKind::text,
      [](const Value& v, Config& c, Problems& p) {
        auto t = as_text(v, p);
        if (!t) return;
        while (t->ends_with('/')) t->pop_back();
        if (!t->empty() && web_url_problem(*t)) return p.add(v, *web_url_problem(*t));
        c.notify.external_url = std::move(*t);
      },
      [](const Config& c) { return quote(c.notify.external_url); }};
}

Key zone() {
  return {"ingest",
          "zone",
          "IANA time zone of times without an offset",
          KeyKind::text,
          [](const Value& v, Config& c, Problems& p) {
            const auto t = as_text(v, p);
            if (!t) return;
            try {
              const proto::TimeZone known(*t);
              c.ingest.decoder.zone = *t;
            } catch (const proto::ConfigError& error) {
              p.add(v, error.what());
            }
          },
          [](const Config& c) { return quote(c.ingest.decoder.zone); }};
}

Key store_path() {
  return {"store",
          "path",
          "the data folder; relative to where the service is started",
          KeyKind::text,
          [](const Value& v, Config& c, Problems& p) {
            const auto t = as_text(v, p);
            if (!t) return;
            if (t->empty()) return p.add(v, "must not be empty");
            c.store.path = *t;
          },
          [](const Config& c) { return quote(c.store.path.string()); }};
}

#define FIELD(member) \
  [](auto& c) -> auto& { return c.member; }

std::vector<Key> make_keys() {
  constexpr auto u16 = std::numeric_limits<std::uint16_t>::max();
  constexpr auto i32 = std::numeric_limits<std::int32_t>::max();
  const Millis year = 366 * day;
  return {
      broker_url(),
      text("mqtt", "client_id", FIELD(mqtt.client_id),
           "fixed: the broker keeps our session under it; one service an id"),
      text("mqtt", "instance", FIELD(mqtt.instance), "our name in service/{instance}/status"),
      text("mqtt", "username", FIELD(mqtt.username), "empty: none"),
      password_file(),
      text("mqtt", "ca", FIELD(mqtt.ca_file), "PEM file for mqtts://; empty: the system's authorities"),
      text("mqtt", "cert", FIELD(mqtt.cert_file), "PEM file of our certificate; empty: none"),
      text("mqtt", "key", FIELD(mqtt.key_file), "PEM file of the certificate's key"),
      texts("mqtt", "filters", FIELD(mqtt.filters),
            "topic filters to subscribe to; empty: telemetry, status, ack, control and the mappings' topics"),
      whole("mqtt", "session_expiry", FIELD(mqtt.session_expiry_s), second, minute, year,
            "how long the broker keeps our session while we are away"),
      integer("mqtt", "receive_maximum", FIELD(mqtt.receive_maximum), 1, u16,
              "messages the broker may send before we acknowledge"),
      whole("mqtt", "keepalive", FIELD(mqtt.keepalive_s), second, second, second * u16,
            "silence after which the link is tested"),
      size("mqtt", "max_frame", FIELD(mqtt.max_frame_bytes), kib, 256 * mib,
           "larger messages become dead letters unread"),
      size("mqtt", "max_unacknowledged", FIELD(mqtt.max_unacknowledged_bytes), mib, 64 * gib,
           "memory for messages that are not on disk yet; then reading stops"),
      duration("mqtt", "nap", FIELD(mqtt.nap), Millis{0}, second, "pause between reads under load"),
      duration("mqtt", "backoff_min", FIELD(mqtt.backoff_min), Millis{1}, hour, "first pause before connecting again"),
      duration("mqtt", "backoff_max", FIELD(mqtt.backoff_max), Millis{1}, hour, "longest such pause"),

      store_path(),
      integer("store", "rotate_readings", FIELD(store.rotate_readings), 1000, i32, "readings in a log segment"),
      duration("store", "rotate_age", FIELD(store.rotate_age), second, day, "age of a log segment"),
      size("store", "rotate_bytes", FIELD(store.rotate_bytes), mib, 64 * gib, "size of a log segment"),
      whole("store", "raw_retention", FIELD(store.raw_retention_days), day, 2 * day, 100 * year,
            "how long readings are kept"),
      whole("store", "hourly_retention", FIELD(store.hourly_retention_days), day, Millis{0}, 100 * year,
            "how long rollups by the hour are kept; 0d: for ever"),
      whole("store", "daily_retention", FIELD(store.daily_retention_days), day, Millis{0}, 100 * year,
            "how long rollups by the day are kept; 0d: for ever"),
      whole("store", "early_retention", FIELD(store.early_retention_days), day, Millis{0}, 100 * year,
            "days older than this may go before their time when the disk is full; 0d: never"),
      size("store", "dead_letters", FIELD(store.dead_letter_bytes), mib, tib,
           "room for dead letters; the oldest go first"),
      whole("store", "recent_age", FIELD(store.recent_hours), hour, Millis{0}, 30 * day,
            "how far recent.db reaches back; 0h: no recent.db"),
      integer("store", "recent_max_rate", FIELD(store.recent_max_rate), 1, i32,
              "readings/s above which recent.db pauses"),
      size("store", "reserve", FIELD(store.reserve_bytes), 0, tib,
           "free space that is left alone; 0B: min(5 %, 1GiB) and a segment"),
      boolean("store", "archive_log", FIELD(store.archive_log), "keep sealed segments in log/archive"),

      listen(),
      text("http", "cert", FIELD(http.cert_file),
           "PEM file of our certificate and its chain: HTTPS; empty: plain HTTP"),
      text("http", "key", FIELD(http.key_file), "PEM file of the certificate's key"),
      boolean("http", "allow_anonymous_loopback", FIELD(allow_anonymous_loopback),
              "answer clients on this machine without a key"),
      number("http", "requests_per_second", FIELD(requests_per_second), 0, 1e6,
             "requests of one key, twice as many at once; 0: no limit"),
      boolean("http", "device_metrics", FIELD(device_metrics),
              "serve the newest readings to Prometheus at /metrics/devices, to who has a key"),
      integer("http", "query_threads", FIELD(http.workers), 1, 64, "queries answered at the same time"),
      size("http", "query_cache", FIELD(query_cache_bytes), 0, 64 * gib,
           "memory for answers and decoded days that are asked for again; 0B: none"),

      integer("ingest", "batch_readings", FIELD(ingest.batch_readings), 1, 1'000'000, "readings in one sync to disk"),
      duration("ingest", "batch_delay", FIELD(ingest.batch_delay), Millis{1}, 10 * second,
               "longest wait of a reading for its sync; up to 1s for SD cards"),
      size("ingest", "max_payload", FIELD(ingest.decoder.max_payload_bytes), 128, 128 * mib, "payload of one message"),
      integer("ingest", "max_metrics", FIELD(ingest.decoder.max_metrics), 1, 10'000, "metrics in one row"),
      integer("ingest", "max_rows", FIELD(ingest.decoder.max_rows), 1, 100'000, "rows in one message"),
      duration("ingest", "max_future", FIELD(ingest.decoder.max_future), Millis{0}, day,
               "a device's time further ahead is replaced by ours"),
      duration("ingest", "max_past", FIELD(ingest.decoder.max_past), minute, 31 * day,
               "a device's time further back is replaced by ours"),
      integer("ingest", "max_series", FIELD(ingest.limits.max_series), 1, 100'000'000, "series of the whole install"),
      integer("ingest", "max_devices", FIELD(ingest.limits.max_devices), 1, 100'000'000,
              "devices of the whole install"),
      integer("ingest", "new_series_per_minute", FIELD(ingest.limits.new_series_per_minute), 0, 100'000'000,
              "0: no limit"),
      integer("ingest", "device_messages_per_minute", FIELD(ingest.limits.device_messages_per_minute), 0, 100'000'000,
              "of the devices of one name, ten minutes' worth at once; more become dead letters; 0: no limit"),
      texts("ingest", "numeric_metrics", FIELD(ingest.decoder.numeric_metrics),
            "patterns of metrics whose text is read as a number, such as *_temp"),
      zone(),

      windows("windows", FIELD(analytics.windows), "aggregates/{window}/...: of 10s 1m 5m 1h 1d"),
      windows("rollup_windows", FIELD(analytics.rollup_windows), "rollup/{window}/...: of 10s 1m 5m 1h 1d"),
      duration("analytics", "lateness", FIELD(analytics.allowed_lateness), Millis{0}, day,
               "a window closes this long after its end"),
      duration("analytics", "live_max_age", FIELD(analytics.live_max_age), second, day,
               "readings older than this plus the heartbeat are history: no alerts"),
      whole("analytics", "heartbeat", FIELD(analytics.default_heartbeat_s), second, second, 31 * day,
            "of devices that announce none; see [[heartbeat]]"),
      choice("analytics", "offline_severity", FIELD(analytics.offline_severity), {"info", "warning", "critical"},
             "of the built-in rule offline"),
      choice("analytics", "site_silent_severity", FIELD(analytics.site_silent_severity),
             {"info", "warning", "critical"}, "of the built-in rule site-silent"),

      boolean("unusual", "enabled", FIELD(unusual.enabled),
              "watch every numeric series for what is unusual at its hour of the day"),
      number("unusual", "limit", FIELD(unusual.check.limit), 1.5, 100, "higher: fewer alerts; 5 is cautious"),
      number("unusual", "clear", FIELD(unusual.check.clear), 0.1, 100, "clears when no more unusual than this"),
      duration("unusual", "cooldown", FIELD(unusual.cooldown), Millis{0}, year,
               "raised again within this: the same alert, as flapping"),
      choice("unusual", "severity", FIELD(unusual.severity), {"info", "warning", "critical"}, "of its alerts"),
      series_patterns("unusual", "except", FIELD(unusual.except),
                      "series left alone: patterns of metric, device/metric or site/device/metric"),

      integer("alerting", "publisher_window", FIELD(alerting.publisher_window), 1, u16,
              "alert events sent and not yet acknowledged by the broker"),
      integer("alerting", "errors_per_second", FIELD(alerting.errors_per_second), 0, 10'000,
              "messages on errors/..., all devices together"),
      duration("alerting", "history_retention", FIELD(alerting.history_retention), day, 100 * year,
               "how long transitions of alerts that are over are kept in state.db"),

      external_url(),

      boolean("tenants", "enabled", FIELD(multi_tenant), "topics begin with the tenant"),

      choice("log", "level", FIELD(log.level), {"debug", "info", "warn", "error"}, "debug, info, warn or error"),
      choice("log", "format", FIELD(log.format), {"auto", "json", "text"}, "auto: text on a terminal, else JSON lines"),
  };
}

#undef FIELD

}  // namespace

const std::vector<Key>& config_keys() {
  static const std::vector<Key> keys = make_keys();
  return keys;
}

const Key* find_key(std::string_view section, std::string_view name) {
  const auto& keys = config_keys();
  const auto found = std::ranges::find_if(keys, [&](const Key& k) { return k.section == section && k.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

}  // namespace telltale::app

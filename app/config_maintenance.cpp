#include <algorithm>
#include <array>
#include <set>

#include "app/config_tables.hpp"
#include "proto/config_error.hpp"
#include "proto/timestamp.hpp"
#include "proto/topic.hpp"

namespace telltale::app {

namespace {

constexpr Millis minute{60'000};
constexpr Millis longest{std::int64_t{7} * 24 * 3600 * 1000};
constexpr std::array<std::string_view, 7> days = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

void read_days(const Value& value, std::uint8_t& out, Problems& problems) {
  const auto names = as_texts(value, problems);
  if (!names) return;
  out = 0;
  for (const auto& name : *names) {
    const auto day = std::ranges::find(days, name);
    if (day == days.end()) return problems.add(value, "\"" + name + "\" is no day: use mon tue wed thu fri sat sun");
    out = static_cast<std::uint8_t>(out | 1U << (day - days.begin()));
  }
  if (out == 0) problems.add(value, "has no day; leave it out for every day");
}

void read_start(const Value& value, Millis& out, Problems& problems) {
  const auto text = as_text(value, problems);
  if (!text) return;
  const auto digit = [&](std::size_t i) { return (*text)[i] >= '0' && (*text)[i] <= '9'; };
  const auto number = [&](std::size_t i) { return ((*text)[i] - '0') * 10 + (*text)[i + 1] - '0'; };
  const bool spelt = text->size() == 5 && (*text)[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4);
  if (!spelt || number(0) > 23 || number(3) > 59)
    return problems.add(value, "expected a time of day such as \"02:30\", found \"" + *text + "\"");
  out = (number(0) * 60 + number(3)) * minute;
}

std::optional<Timestamp> read_time(const Value& value, const std::string& zone, Problems& problems) {
  const auto text = as_text(value, problems);
  if (!text) return std::nullopt;
  const auto time = proto::timestamp_from_text(*text, proto::TimeZone(zone));
  if (time) return *time;
  problems.add(value, "expected a time such as \"2026-12-24T12:00:00Z\", found \"" + *text + "\"");
  return std::nullopt;
}

/// The zone's name when it is known.
std::optional<std::string> read_zone(const TableReader& table, const std::string& otherwise, Problems& problems) {
  const auto value = table.find("zone");
  if (!value) return otherwise;
  auto text = as_text(*value, problems);
  if (!text) return std::nullopt;
  try {
    const proto::TimeZone known(*text);
    return text;
  } catch (const proto::ConfigError& error) {
    problems.add(*value, error.what());
    return std::nullopt;
  }
}

void read_once(const TableReader& table, const std::string& zone, proto::MaintenanceWindow& window,
               Problems& problems) {
  for (const auto* key : {"days", "start", "duration"})
    if (const auto value = table.find(key))
      problems.add(*value, "does not go with from and until: a window is weekly or once");
  const auto from = table.find("from");
  const auto until = table.find("until");
  if (!from || !until) return problems.add(from ? *from : *until, "from and until come together");
  const auto begin = read_time(*from, zone, problems);
  const auto end = read_time(*until, zone, problems);
  if (!begin || !end) return;
  if (*begin >= *end) return problems.add(*until, "must be after from");
  window.once = proto::TimeSpan{*begin, *end};
}

void read_weekly(const TableReader& table, const std::string& zone, proto::MaintenanceWindow& window,
                 Problems& problems) {
  const auto start = table.find("start");
  const auto duration = table.find("duration");
  if (!start || !duration)
    return problems.add(table.value(), "needs start and duration (weekly), or from and until (once)");
  window.weekdays = 0x7F;
  if (const auto value = table.find("days")) read_days(*value, window.weekdays, problems);
  read_start(*start, window.start, problems);
  if (const auto length = as_duration(*duration, minute, longest, problems)) window.duration = *length;
  window.zone = proto::zone_offsets(zone);
}

bool read_patterns(const TableReader& table, bool multi_tenant, proto::AlertPattern& pattern, Problems& problems) {
  const std::pair<const char*, std::string*> all[] = {{"tenant", &pattern.tenant}, {"site", &pattern.site},
                                                      {"device", &pattern.device}, {"metric", &pattern.metric},
                                                      {"rule", &pattern.rule},     {"severity", &pattern.severity}};
  bool any = false;
  for (const auto& [key, out] : all) {
    any = any || table.find(key);
    read_pattern(table, key, multi_tenant, *out, problems);
  }
  return any;
}

}  // namespace

const std::vector<std::string_view>& maintenance_keys() {
  static const std::vector<std::string_view> keys = {"name", "tenant",   "site",  "device", "metric",
                                                     "rule", "severity", "days",  "start",  "duration",
                                                     "zone", "from",     "until", "comment"};
  return keys;
}

std::vector<proto::MaintenanceWindow> read_maintenance(const Value& list, bool multi_tenant, const std::string& zone,
                                                       Problems& problems) {
  std::vector<proto::MaintenanceWindow> windows;
  std::set<std::string> names;
  for_each_entry(list, problems, [&](const Value& entry) {
    TableReader table(entry, maintenance_keys(), problems);
    proto::MaintenanceWindow window;
    const auto name = table.find("name");
    if (!name) return problems.add(entry, "needs a name");
    const auto text = as_text(*name, problems);
    if (!text) return;
    if (!proto::valid_name(*text))
      return problems.add(*name, "\"" + *text + "\" is no name: letters, digits and _ . : - (48 at most)");
    if (!names.insert(*text).second) return problems.add(*name, "there is another window of this name");
    window.name = *text;
    table.rename("maintenance '" + *text + "'");
    if (!read_patterns(table, multi_tenant, window.pattern, problems) && table.all_known())
      problems.add(table.value(),
                   "says not what: name site, device, metric, rule or severity; everything is site = \"*\"");
    if (const auto comment = table.find("comment"))
      if (auto words = as_text(*comment, problems)) window.comment = std::move(*words);
    const auto zone_name = read_zone(table, zone, problems);
    if (!zone_name) return;
    if (table.find("from") || table.find("until")) {
      read_once(table, *zone_name, window, problems);
    } else {
      read_weekly(table, *zone_name, window, problems);
    }
    windows.push_back(std::move(window));
  });
  return windows;
}

}  // namespace telltale::app

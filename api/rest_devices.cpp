#include <algorithm>
#include <array>
#include <unordered_map>

#include "api/alert_json.hpp"
#include "api/cursor.hpp"
#include "api/device_notes.hpp"
#include "api/page.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

constexpr std::array<std::string_view, 5> states = {"unknown", "online", "stale", "offline", "sleeping"};

using LatestBySeries = std::unordered_map<proto::SeriesId, store::Row>;

LatestBySeries latest_of(const store::Reader& reader, const std::vector<const IndexedDevice*>& devices) {
  std::vector<proto::SeriesId> ids;
  for (const auto* device : devices)
    for (const auto& series : device->series) ids.push_back(series.id);
  LatestBySeries latest;
  for (auto& [series, row] : reader.latest(ids)) latest.emplace(series, std::move(row));
  return latest;
}

/// The newest of what presence said and of the readings' own times, which may run ahead of our clock.
std::optional<Timestamp> last_seen(const IndexedDevice& device, const std::optional<PresenceNow>& presence,
                                   const LatestBySeries& latest, Timestamp now) {
  auto newest = presence ? presence->last_seen : std::nullopt;
  for (const auto& series : device.series) {
    const auto found = latest.find(series.id);
    if (found == latest.end()) continue;
    const auto ts = std::min(found->second.ts, now);
    if (!newest || *newest < ts) newest = ts;
  }
  return newest;
}

void append_device(JsonObject& out, const IndexedDevice& device, const DeviceNote& note,
                   const std::optional<PresenceNow>& presence, const LatestBySeries& latest, Timestamp now) {
  out.text("site", device.site).text("device", device.device);
  append_if_any(out, "name", note.name);
  append_if_any(out, "note", note.note);
  out.text("state", presence ? std::string_view(presence->state) : "unknown");
  if (presence) out.integer("since_ts", to_ms(presence->since)).integer("heartbeat_s", presence->heartbeat_s);
  if (const auto seen = last_seen(device, presence, latest, now)) out.integer("last_seen_ts", to_ms(*seen));
  JsonObject tags(out.member("tags"));
  for (const auto& [key, value] : *device.tags) tags.text(key, value);
}

/// Sorts like the list: the separator is less than every character of a name.
constexpr char separator = '\n';

std::string place_of(const IndexedDevice& device) {
  return std::string(device.site) + separator + std::string(device.device);
}

std::string place_of(const Selected& s) { return place_of(*s.device) + separator + std::string(s.series->metric); }

}  // namespace

Answer list_devices(const Question& question) {
  QueryText query(question.request, {"site", "state", "limit", "cursor"});
  const auto site = query.name("site", &proto::valid_site, proto::site_syntax);
  const auto state = query.choice("state", states);
  const auto page = read_page(query, "devices " + site + " " + query.text("state").value_or(""));
  if (auto problem = query.problem()) return fail(*std::move(problem));

  std::vector<const IndexedDevice*> shown;
  std::vector<std::optional<PresenceNow>> presences;
  std::string next;
  for (const auto& device : question.archive.fleet().devices(question.caller.tenant)) {
    if (!site.empty() && device.site != site) continue;
    if (!page.behind.empty() && place_of(device) <= page.behind) continue;
    auto presence = question.archive.presence(question.caller.tenant, device);
    if (state && (presence ? presence->state : "unknown") != states.at(*state)) continue;
    if (shown.size() == page.limit) {
      next = make_cursor(page.question, place_of(*shown.back()));
      break;
    }
    shown.push_back(&device);
    presences.push_back(std::move(presence));
  }
  const auto latest = latest_of(question.archive.reader(), shown);
  ItemList list;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    auto item = list.item();
    append_device(item, *shown[i], question.parts.notes.of(shown[i]->key), presences[i], latest, question.now);
    item.count("series", shown[i]->series.size());
  }
  return json(list.end(next));
}

Answer one_device(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const auto* device = question.archive.fleet().find(question.caller.tenant, question.request.parameter("site"),
                                                     question.request.parameter("device"));
  if (device == nullptr) return fail(not_found("there is no such device"));

  const auto latest = latest_of(question.archive.reader(), {device});
  std::string body;
  {
    JsonObject out(body);
    append_device(out, *device, question.parts.notes.of(device->key),
                  question.archive.presence(question.caller.tenant, *device), latest, question.now);
    out.member("series") += '[';
    for (const auto& series : device->series) {
      JsonObject item(next_item(body));
      item.text("metric", series.metric);
      if (!series.unit.empty()) item.text("unit", series.unit);
      const auto found = latest.find(series.id);
      if (found == latest.end()) continue;
      item.moment(found->second.ts);
      append_value(item, "value", found->second);
    }
    body += ']';
  }
  return json(std::move(body));
}

Answer list_series(const Question& question) {
  QueryText query(question.request, {"site", "device", "metric", "limit", "cursor"});
  const auto filter = read_filter(query);
  const auto page = read_page(query, "metrics " + filter.site + " " + filter.device + " " + filter.metric);
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const auto selected = select(question.archive.fleet(), question.caller, filter);
  if (!selected) return fail(selected.error());

  ItemList list;
  std::string next;
  const Selected* last = nullptr;
  std::size_t n = 0;
  for (const auto& series : *selected) {
    if (!page.behind.empty() && place_of(series) <= page.behind) continue;
    if (n++ == page.limit) {
      next = make_cursor(page.question, place_of(*last));
      break;
    }
    auto item = list.item();
    append_names(item, series);
    last = &series;
  }
  return json(list.end(next));
}

}  // namespace telltale::api

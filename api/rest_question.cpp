#include "api/rest_question.hpp"

#include <algorithm>

namespace telltale::api {

namespace {

constexpr std::string_view metric_syntax = "letters, digits and _ . : -, beginning with a letter or _, 48 at most";

}  // namespace

Problem not_found(std::string detail) { return {404, "not-found", "Not found", std::move(detail)}; }

Problem too_many(std::string detail) { return {422, "too-many-points", "Too many points", std::move(detail)}; }

Filter read_filter(QueryText& query) {
  return {query.name("site", &proto::valid_site, proto::site_syntax),
          query.name("device", &proto::valid_device, device_syntax),
          query.name("metric", &proto::valid_metric, metric_syntax)};
}

Result<std::vector<Selected>, Problem> select(const FleetIndex& fleet, const Caller& caller, const Filter& filter) {
  std::vector<Selected> selected;
  bool device_seen = filter.device.empty();
  auto devices = fleet.devices(caller.tenant);
  if (!filter.site.empty() && !filter.device.empty()) {
    const auto* named = fleet.find(caller.tenant, filter.site, filter.device);
    devices = named == nullptr ? std::span<const IndexedDevice>{} : std::span(named, 1);
  }
  for (const auto& device : devices) {
    if (!filter.site.empty() && device.site != filter.site) continue;
    if (!filter.device.empty() && device.device != filter.device) continue;
    device_seen = true;
    if (filter.metric.empty()) {
      for (const auto& series : device.series) selected.push_back({&device, &series});
    } else if (const auto* series = find_series(device, filter.metric)) {
      selected.push_back({&device, series});
    }
  }
  if (!device_seen) return fail(not_found("there is no such device"));
  if (selected.empty() && !filter.metric.empty()) return fail(not_found("there is no such metric"));
  return selected;
}

Result<Selected, Problem> series_of_path(const Question& question) {
  const auto* device = question.archive.fleet().find(question.caller.tenant, question.request.parameter("site"),
                                                     question.request.parameter("device"));
  if (device == nullptr) return fail(not_found("there is no such device"));
  const auto* series = find_series(*device, question.request.parameter("metric"));
  if (series == nullptr) return fail(not_found("this device has no such metric"));
  return Selected{device, series};
}

store::Range read_range(QueryText& query, Timestamp now, Millis reach, std::optional<Millis> step) {
  constexpr Millis second{1000};
  constexpr Millis minute{60'000};
  const auto grain = std::clamp(step.value_or(second), second, minute);
  const auto soon = Timestamp{(now.time_since_epoch() / grain + 1) * grain};  // later than what came now
  const auto to = query.time("to", soon, soon);
  const auto from = query.time("from", soon, to - reach);
  if (from > to) query.fault("from", "is after to, which is now when it is left out");
  return {from, to};
}

Answer known_or_made(const Question& question, std::string asked, const std::vector<Selected>& selected,
                     std::optional<store::Range> range, const std::function<Answer()>& make) {
  if (question.parts.answers == nullptr) return make();
  asked += ' ' + question.caller.tenant + ' ' + question.request.query;
  constexpr std::size_t few = 256;  // of more it is not worth while to look at each
  std::vector<proto::SeriesId> ids;
  if (selected.size() <= few)
    for (const auto& s : selected) ids.push_back(s.series->id);
  // Its number says which site, device and metric for ever; the unit may be said anew.
  for (const auto& s : selected) {
    asked += ' ' + std::to_string(to_number(s.series->id));
    append_json_string(asked, s.series->unit);
  }
  const auto revise = [&, &reader = question.archive.reader()] {
    if (!range) return reader.latest_revision(ids);
    // `asked` has the range as it was sent: the answer to what ends now takes the place of the one to the same question
    // a second ago. What it means now is said here.
    return std::to_string(to_ms(range->from)) + ' ' + std::to_string(to_ms(range->to)) + ' ' +
           reader.revision(*range, ids);
  };
  return question.parts.answers->answer(question.request, asked, revise, make);
}

std::uint64_t count_readings(const store::Reader& reader, proto::SeriesId series, store::Range range) {
  constexpr Millis one_for_all{1'000'000'000'000'001};  // no whole hours: rollups stay out
  double n = 0;
  for (const auto& bucket : reader.aggregate(series, range, one_for_all, store::Aggregate::count)) n += bucket.value;
  return static_cast<std::uint64_t>(n);
}

void append_names(JsonObject& out, const Selected& selected) {
  out.text("site", selected.device->site).text("device", selected.device->device);
  out.text("metric", selected.series->metric);
  if (!selected.series->unit.empty()) out.text("unit", selected.series->unit);
}

void append_value(JsonObject& out, std::string_view key, const store::Row& row) {
  switch (row.type) {
    case proto::ValueType::text:
      out.text(key, row.text);
      break;
    case proto::ValueType::integer:
      out.integer(key, row.integer);
      break;
    case proto::ValueType::number:
    case proto::ValueType::boolean:
      out.number(key, row.number);
      break;
  }
}

void append_summary(JsonObject& out, const store::Summary& summary) {
  out.count("count", summary.n);
  if (summary.n == 0) return;
  out.number("avg", summary.mean).number("min", summary.min).number("max", summary.max);
  out.number("sum", summary.sum).number("stddev", summary.stddev);
}

}  // namespace telltale::api

#include "api/device_metrics.hpp"

#include <algorithm>

#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

constexpr std::string_view header =
    "# HELP telltale_sensor_value The newest reading of a series, unless it is over an hour old.\n"
    "# TYPE telltale_sensor_value gauge\n";

/// As the text format escapes it. Names have none of these, but a folder may be older than the rules for names.
std::string label(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) c == '\n' ? out += "\\n" : c == '"' || c == '\\' ? (out += '\\') += c : out += c;
  return out += '"';
}

std::optional<double> number_of(const store::Row& row) {
  if (row.type == proto::ValueType::text) return std::nullopt;
  return row.type == proto::ValueType::integer ? static_cast<double>(row.integer) : row.number;
}

Answer device_metrics(const Caller& caller, const Request& request, ArchiveView& archive, Timestamp now,
                      const RestLimits& limits) {
  const QueryText query(request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const auto all = select(archive.fleet(), caller, {});
  if (!all) return fail(all.error());
  if (all->size() > limits.rows) {
    return fail(too_many(std::to_string(all->size()) + " series, " + std::to_string(limits.rows) + " are the most"));
  }
  std::vector<proto::SeriesId> ids;
  for (const auto& one : *all) ids.push_back(one.series->id);
  const auto newest = archive.reader().latest(ids);  // ascending by series
  std::string text(header);
  for (const auto& one : *all) {
    const auto found = std::ranges::lower_bound(newest, one.series->id, {}, &store::LatestRow::series);
    if (found == newest.end() || found->series != one.series->id || found->row.ts < now - device_metrics_reach)
      continue;
    const auto value = number_of(found->row);
    if (!value) continue;
    text += "telltale_sensor_value{site=" + label(one.device->site) + ",device=" + label(one.device->device) +
            ",metric=" + label(one.series->metric) + "} " + proto::number_text(*value) + '\n';
  }
  return Response{200, "text/plain; version=0.0.4; charset=utf-8", std::move(text), {}};
}

}  // namespace

Route device_metrics_route(Gate& gate, Archive& archive, const Clock& clock, RestLimits limits) {
  auto handler = gate.guard(Scope::read, [&archive, &clock, limits](const Caller& caller, const Request& request) {
    const auto view = archive.lend();
    return device_metrics(caller, request, *view, clock.now(), limits);
  });
  return {"GET", "/metrics/devices", std::move(handler), RunsOn::worker_pool};
}

}  // namespace telltale::api

#include <array>
#include <map>

#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

constexpr Millis day{24 * 3600 * 1000};

enum class By : std::uint8_t { series, metric, device, tenant };
constexpr std::array<std::string_view, 4> groupings = {"series", "metric", "device", "tenant"};

/// What one row of statistics speaks of; parts that the grouping does not tell apart are "".
struct Group {
  std::string_view site, device, metric;
  friend auto operator<=>(const Group&, const Group&) = default;
};

Group group_of(const Selected& s, By by) {
  switch (by) {
    case By::series:
      return {s.device->site, s.device->device, s.series->metric};
    case By::metric:
      return {{}, {}, s.series->metric};
    case By::device:
      return {s.device->site, s.device->device, {}};
    case By::tenant:
      break;
  }
  return {};
}

void append_range(JsonObject& out, store::Range range) {
  out.integer("from_ts", to_ms(range.from)).integer("to_ts", to_ms(range.to));
}

/// For answers that look at every reading.
Result<void, Problem> check_readings(const Question& question, const Selected& selected, store::Range range) {
  const auto n = count_readings(question.archive.reader(), selected.series->id, range);
  if (n <= question.limits.readings) return {};
  return fail(too_many(std::to_string(n) + " readings would have to be read, " +
                       std::to_string(question.limits.readings) + " are the most: take a shorter range"));
}

enum class Reads : std::uint8_t { summaries, each_reading };

/// Writes the members of an answer, or says why there is none.
using WriteAbout = std::function<std::optional<Problem>(const Selected&, JsonObject&)>;

/// The answer about the series that the path names, over a range.
Answer about_series(const Question& question, const QueryText& query, std::string asked, store::Range range,
                    Reads reads, const WriteAbout& write) {
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const auto selected = series_of_path(question);
  if (!selected) return fail(selected.error());
  const auto make = [&]() -> Answer {
    if (reads == Reads::each_reading)
      if (const auto fits = check_readings(question, *selected, range); !fits) return fail(fits.error());
    std::string body;
    {
      JsonObject out(body);
      if (auto problem = write(*selected, out)) return fail(*std::move(problem));
    }
    return json(std::move(body));
  };
  return known_or_made(question, std::move(asked), {*selected}, range, make);
}

Answer statistics_of(const Question& question, const std::vector<Selected>& selected, By by, store::Range range) {
  std::map<Group, std::vector<proto::SeriesId>> groups;
  for (const auto& s : selected) groups[group_of(s, by)].push_back(s.series->id);
  if (groups.size() > question.limits.series) {
    return fail(too_many(std::to_string(groups.size()) + " rows, " + std::to_string(question.limits.series) +
                         " are the most: name a site, a device or a metric, or group by something wider"));
  }
  std::string body;
  {
    JsonObject out(body);
    append_range(out, range);
    out.member("items") += '[';
    for (const auto& [group, series] : groups) {
      JsonObject row(next_item(body));
      if (!group.site.empty()) row.text("site", group.site);
      if (!group.device.empty()) row.text("device", group.device);
      if (!group.metric.empty()) row.text("metric", group.metric);
      if (by != By::series) row.count("series", series.size());
      append_summary(row, question.archive.reader().fleet(series, range));
    }
    body += ']';
  }
  return json(std::move(body));
}

}  // namespace

Answer statistics(const Question& question) {
  QueryText q(question.request, {"site", "device", "metric", "from", "to", "by"});
  const auto filter = read_filter(q);
  const auto range = read_range(q, question.now, day);
  const auto by = static_cast<By>(q.choice("by", groupings).value_or(0));
  if (auto problem = q.problem()) return fail(*std::move(problem));
  const auto selected = select(question.archive.fleet(), question.caller, filter);
  if (!selected) return fail(selected.error());

  const auto make = [&] { return statistics_of(question, *selected, by, range); };
  return known_or_made(question, "statistics " + std::to_string(static_cast<int>(by)), *selected, range, make);
}

Answer hour_profile(const Question& question) {
  QueryText q(question.request, {"from", "to", "utc_offset"});
  const auto range = read_range(q, question.now, 30 * day);
  constexpr double farthest_minutes = 14 * 60;
  const auto offset = q.number("utc_offset", -farthest_minutes, farthest_minutes).value_or(0);
  if (offset != std::floor(offset)) q.fault("utc_offset", "must be whole minutes");
  const std::chrono::minutes distance{static_cast<std::int64_t>(offset)};
  const auto write = [&](const Selected& selected, JsonObject& out) -> std::optional<Problem> {
    const auto hours = question.archive.reader().hour_profile(selected.series->id, range, distance);
    append_names(out, selected);
    append_range(out, range);
    out.integer("utc_offset", distance.count());
    auto& items = out.member("hours") += '[';
    for (std::size_t hour = 0; hour < hours.size(); ++hour) {
      JsonObject row(next_item(items));
      row.count("hour", hour);
      append_summary(row, hours.at(hour));
    }
    items += ']';
    return std::nullopt;
  };
  return about_series(question, q, "hours " + std::to_string(distance.count()), range, Reads::each_reading, write);
}

Answer completeness(const Question& question) {
  QueryText q(question.request, {"from", "to", "period"});
  const auto range = read_range(q, question.now, day);
  if (range.from == range.to) q.fault("from", "is the same as to");
  const auto period = q.duration("period");
  const auto write = [&](const Selected& selected, JsonObject& out) -> std::optional<Problem> {
    const auto found = question.archive.reader().completeness(selected.series->id, range, period);
    append_names(out, selected);
    append_range(out, range);
    if (found) {
      out.count("seen", found->seen).count("expected", found->expected);
      out.integer("period_ms", found->period.count()).number("ratio", found->ratio);
    }
    return std::nullopt;
  };
  return about_series(question, q, "completeness " + std::to_string(period.value_or(Millis{0}).count()), range,
                      Reads::each_reading, write);
}

Answer anomalies(const Question& question) {
  QueryText q(question.request, {"from", "to", "z"});
  const auto range = read_range(q, question.now, day);
  const auto limit = q.number("z", 1, 100).value_or(4);
  const auto write = [&](const Selected& selected, JsonObject& out) -> std::optional<Problem> {
    const auto found = question.archive.reader().outliers(selected.series->id, range, limit);
    if (found.size() > question.limits.anomalies) {
      return too_many(std::to_string(found.size()) + " readings are that far out, " +
                      std::to_string(question.limits.anomalies) + " are the most: take a larger z or a shorter range");
    }
    append_names(out, selected);
    append_range(out, range);
    auto& items = out.number("z", limit).member("items") += '[';
    for (const auto& [sample, z] : found)
      JsonObject(next_item(items)).moment(sample.ts).number("value", sample.value).number("z", z);
    items += ']';
    return std::nullopt;
  };
  return about_series(question, q, "anomalies " + proto::number_text(limit), range, Reads::each_reading, write);
}

Answer day_over_day(const Question& question) {
  QueryText q(question.request, {"from", "to"});
  const auto range = read_range(q, question.now, 30 * day);
  const auto write = [&](const Selected& selected, JsonObject& out) -> std::optional<Problem> {
    append_names(out, selected);
    append_range(out, range);
    auto& items = out.member("items") += '[';
    for (const auto& change : question.archive.reader().day_over_day(selected.series->id, range)) {
      JsonObject row(next_item(items));
      row.moment(change.day).number("avg", change.mean).number("difference", change.difference);
      if (change.ratio) row.number("ratio", *change.ratio);
    }
    items += ']';
    return std::nullopt;
  };
  return about_series(question, q, "days", range, Reads::summaries, write);
}

}  // namespace telltale::api

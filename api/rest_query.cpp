#include <algorithm>
#include <array>
#include <map>

#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

constexpr std::array<std::string_view, 2> methods = {"lttb", "minmax"};
constexpr std::array<std::string_view, 2> shapes = {"long", "wide"};
constexpr Millis usual_reach{24 * 3600 * 1000};
constexpr std::array<std::string_view, 7> aggregates = {"avg", "min", "max", "sum", "count", "last", "stddev"};

enum class Shape : std::uint8_t { rows_long, rows_wide };

struct Plan {
  Filter filter;
  store::Range range{};
  std::optional<Millis> step;
  store::Aggregate aggregate = store::Aggregate::avg;
  std::optional<std::uint64_t> points;
  store::Downsampling method = store::Downsampling::lttb;
  Shape shape = Shape::rows_long;

  [[nodiscard]] std::string text() const {
    std::string out = "query";
    for (const auto part :
         {step ? step->count() : 0, static_cast<Millis::rep>(aggregate), static_cast<Millis::rep>(points.value_or(0)),
          static_cast<Millis::rep>(method), static_cast<Millis::rep>(shape)})
      out += ' ' + std::to_string(part);
    return out;
  }
};

Result<Plan, Problem> read_plan(const Question& question) {
  QueryText q(question.request, {"site", "device", "metric", "from", "to", "step", "agg", "points", "method", "shape"});
  Plan plan;
  plan.filter = read_filter(q);
  plan.step = q.duration("step");
  plan.range = read_range(q, question.now, usual_reach, plan.step);
  if (const auto aggregate = q.choice("agg", aggregates)) plan.aggregate = static_cast<store::Aggregate>(*aggregate);
  plan.points = q.count("points", 2, question.limits.rows);
  if (const auto method = q.choice("method", methods)) {
    plan.method = *method == 0 ? store::Downsampling::lttb : store::Downsampling::min_max;
  }
  plan.shape = q.choice("shape", shapes).value_or(0) == 0 ? Shape::rows_long : Shape::rows_wide;
  if (q.text("agg") && !q.text("step")) q.fault("agg", "needs step, such as step=1m");
  if (q.text("method") && !q.text("points")) q.fault("method", "needs points, such as points=500");
  if (q.text("points") && q.text("step")) q.fault("points", "does not go together with step");
  if (auto problem = q.problem()) return fail(*std::move(problem));
  return plan;
}

/// Calls visit(row) for the values of one series, in order of time.
template <class Visit>
void each_row(const store::Reader& reader, proto::SeriesId series, const Plan& plan, Visit&& visit) {
  const auto number = [&](Timestamp ts, double value) {
    visit(store::Row{ts, proto::ValueType::number, proto::TsSource::device, value, 0, {}});
  };
  if (plan.step) {
    for (const auto& [start, value] : reader.aggregate(series, plan.range, *plan.step, plan.aggregate))
      number(start, value);
  } else if (plan.points) {
    for (const auto& [ts, value] : reader.downsampled(series, plan.range, *plan.points, plan.method)) number(ts, value);
  } else {
    for (auto& row : reader.rows(series, plan.range)) visit(std::move(row));
  }
}

/// How many rows the answer will have at most, and how many readings must be read for it; before any is read.
Result<void, Problem> check_size(const Question& question, const std::vector<Selected>& selected, const Plan& plan) {
  const auto& reader = question.archive.reader();
  const auto& limits = question.limits;
  if (selected.size() > limits.series) {
    return fail(too_many(std::to_string(selected.size()) + " series match, " + std::to_string(limits.series) +
                         " may be asked at once: name a site, a device or a metric"));
  }
  const auto length = static_cast<std::uint64_t>((plan.range.to - plan.range.from).count());
  const auto each = plan.step     ? length / static_cast<std::uint64_t>(plan.step->count()) + 2
                    : plan.points ? *plan.points
                                  : length;
  if (!plan.points && each * selected.size() <= limits.rows) return {};
  std::uint64_t rows = 0;
  std::uint64_t readings = 0;
  for (const auto& s : selected) {
    const auto n = count_readings(reader, s.series->id, plan.range);
    rows += std::min(n, each);
    readings += n;
  }
  if (rows > limits.rows) {
    return fail(too_many("the answer would have up to " + std::to_string(rows) + " rows, " +
                         std::to_string(limits.rows) +
                         " are the most: take a longer step, points=, or a shorter range"));
  }
  if (plan.points && readings > limits.readings) {
    return fail(too_many(std::to_string(readings) + " readings would have to be read, " +
                         std::to_string(limits.readings) + " are the most: take step= or a shorter range"));
  }
  return {};
}

Problem too_many_rows(const RestLimits& limits) {
  return too_many("the answer has more than " + std::to_string(limits.rows) + " rows: take a shorter range");
}

Answer long_rows(const Question& question, const std::vector<Selected>& selected, const Plan& plan) {
  std::string body = "[";
  std::size_t rows = 0;
  for (const auto& s : selected) {
    std::string names;  // the same in each row, as a member's text
    JsonObject(names).text("site", s.device->site).text("device", s.device->device).text("metric", s.series->metric);
    names = names.substr(1, names.size() - 2);
    each_row(question.archive.reader(), s.series->id, plan, [&](const store::Row& row) {
      if (++rows > question.limits.rows) return;
      JsonObject item(next_item(body));
      item.moment(row.ts).members(names);
      append_value(item, "value", row);
    });
    if (rows > question.limits.rows) return fail(too_many_rows(question.limits));
  }
  return json(std::move(body += ']'));
}

/// A metric that is called like one of the row's own keys.
std::string column_of(std::string_view metric) {
  return std::string(metric) + (metric == "time" || metric == "ts" || metric == "device" ? "_value" : "");
}

Answer wide_rows(const Question& question, const std::vector<Selected>& selected, const Plan& plan) {
  for (const auto& s : selected) {
    if (s.device->site == selected.front().device->site) continue;
    return fail(Problem{400,
                        "validation",
                        "The query is not valid",
                        "1 parameter is wrong",
                        {{"site", "must be named: with shape=wide rows have no site, and several match"}}});
  }
  struct Cell {
    const Selected* column;
    store::Row row;
  };
  std::map<std::pair<Timestamp, std::string_view>, std::vector<Cell>> table;  // by time and device
  std::size_t cells = 0;
  for (const auto& s : selected) {
    each_row(question.archive.reader(), s.series->id, plan, [&](store::Row row) {
      if (++cells <= question.limits.rows) table[{row.ts, s.device->device}].push_back({&s, std::move(row)});
    });
    if (cells > question.limits.rows) return fail(too_many_rows(question.limits));
  }
  std::string body = "[";
  for (const auto& [place, row_cells] : table) {
    JsonObject item(next_item(body));
    item.moment(place.first).text("device", place.second);
    for (const auto& [column, row] : row_cells) append_value(item, column_of(column->series->metric), row);
  }
  return json(std::move(body += ']'));
}

Answer latest_rows(const Question& question, const std::vector<Selected>& selected) {
  std::vector<proto::SeriesId> ids;
  for (const auto& s : selected) ids.push_back(s.series->id);
  const auto rows = question.archive.reader().latest(ids);  // ascending by series

  std::string body = "[";
  for (const auto& s : selected) {
    const auto found = std::ranges::lower_bound(rows, s.series->id, {}, &store::LatestRow::series);
    if (found == rows.end() || found->series != s.series->id) continue;
    JsonObject row(next_item(body));
    row.moment(found->row.ts).text("site", s.device->site).text("device", s.device->device);
    row.text("metric", s.series->metric);
    append_value(row, "value", found->row);
  }
  return json(std::move(body += ']'));
}

}  // namespace

Answer query(const Question& question) {
  const auto plan = read_plan(question);
  if (!plan) return fail(plan.error());
  const auto selected = select(question.archive.fleet(), question.caller, plan->filter);
  if (!selected) return fail(selected.error());
  const auto make = [&]() -> Answer {
    if (const auto fits = check_size(question, *selected, *plan); !fits) return fail(fits.error());
    return plan->shape == Shape::rows_long ? long_rows(question, *selected, *plan)
                                           : wide_rows(question, *selected, *plan);
  };
  return known_or_made(question, plan->text(), *selected, plan->range, make);
}

Answer latest(const Question& question) {
  QueryText q(question.request, {"site", "device", "metric"});
  const auto filter = read_filter(q);
  if (auto problem = q.problem()) return fail(*std::move(problem));
  const auto selected = select(question.archive.fleet(), question.caller, filter);
  if (!selected) return fail(selected.error());
  if (selected->size() > question.limits.rows) {
    return fail(too_many(std::to_string(selected->size()) + " series match, " + std::to_string(question.limits.rows) +
                         " rows are the most: name a site, a device or a metric"));
  }
  const auto make = [&] { return latest_rows(question, *selected); };
  return known_or_made(question, "latest", *selected, std::nullopt, make);
}

}  // namespace telltale::api

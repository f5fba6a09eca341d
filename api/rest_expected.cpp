#include "api/rest_expected.hpp"

#include <algorithm>
#include <cmath>

#include "api/rest_question.hpp"
#include "proto/expected_hours.hpp"

namespace telltale::api {

namespace {

/// To three digits of `scale`, which is finite and not 0: more would be noise.
double rounded(double value, double scale) {
  constexpr int digits = 3;
  const auto places = digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(scale))));
  const auto power = std::pow(10.0, std::abs(places));
  const auto out = places >= 0 ? std::round(value * power) / power : std::round(value / power) * power;
  return std::isfinite(out) ? out : value;  // the scale is at the end of what a double holds
}

void append_hour(JsonObject& out, const proto::ExpectedHours::Hour& hour) {
  constexpr double usual_away = 1e-3;
  const auto scale = hour.away && *hour.away != 0 ? *hour.away : hour.expected * usual_away;
  const auto add = [&](std::string_view key, double value) {
    out.number(key, scale == 0 || !std::isfinite(scale) ? value : rounded(value, scale));
  };
  out.count("hour", hour.hour);
  add("expected", hour.expected);
  if (!hour.away) return;
  add("low", hour.expected - *hour.away);
  add("high", hour.expected + *hour.away);
}

/// `names`: the members that say which series it is.
std::string expected_json(const std::string& names, const proto::ExpectedHours& known) {
  std::string body;
  {
    JsonObject out(body);
    out.members(names).text("rule", known.rule).number("limit", known.limit);
    out.integer("utc_offset", std::chrono::duration_cast<std::chrono::minutes>(known.utc_offset).count());
    auto& items = out.member("hours") += '[';
    for (const auto& hour : known.hours) {
      JsonObject row(next_item(items));
      append_hour(row, hour);
    }
    items += ']';
  }
  return body;
}

/// Of several rules the one that tells first.
Result<Response, Problem> answer_with(const std::string& names,
                                      const std::optional<std::vector<proto::ExpectedHours>>& told) {
  if (!told) return fail(Problem{503, "unavailable", "Not ready", "the service is still reading its log; ask again"});
  if (told->empty()) return fail(not_found("no rule of type unusual watches this series"));
  return json(expected_json(names, *std::ranges::min_element(*told, {}, &proto::ExpectedHours::limit)));
}

}  // namespace

void get_expected(const RestParts& parts, const RestLimits& limits, const Caller& caller, const Request& request,
                  const Settle& settle) {
  const QueryText query(request, {});
  if (auto problem = query.problem()) return settle(fail(*std::move(problem)));
  std::string names;
  auto series = proto::SeriesId::none;
  {
    const auto view = parts.archive.lend();
    const auto selected = series_of_path({caller, request, *view, parts.clock.now(), limits, parts});
    if (!selected) return settle(fail(selected.error()));
    JsonObject out(names);
    append_names(out, *selected);
    series = selected->series->id;
  }
  names = names.substr(1, names.size() - 2);  // without the braces
  parts.expectations.expected(series, [names, settle](const auto& told) { settle(answer_with(names, told)); });
}

}  // namespace telltale::api

#include "api/rest_expected.hpp"

#include <algorithm>

#include "api/rest_question.hpp"
#include "proto/expected_hours.hpp"

namespace telltale::api {

namespace {

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
      row.count("hour", hour.hour).number("expected", hour.expected);
      if (hour.away) row.number("low", hour.expected - *hour.away).number("high", hour.expected + *hour.away);
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

#include "api/query_text.hpp"

#include <array>

#include "proto/topic.hpp"
#include "tests/fuzz/targets.hpp"

namespace telltale::fuzz {

namespace {

void run(std::string_view bytes) {
  constexpr std::array<std::string_view, 2> choices = {"avg", "max"};
  constexpr auto now = from_ms(1'763'700'000'000);
  api::Request request;
  request.query = bytes;
  api::QueryText query(request, {"site", "from", "step", "limit", "z", "agg", "name"});
  const auto site = query.name("site", &proto::valid_site, proto::site_syntax);
  (void)query.time("from", now, now);
  const auto step = query.duration("step");
  const auto limit = query.count("limit", 1, 100);
  const auto z = query.number("z", 0.5, 100);
  const auto choice = query.choice("agg", choices);
  (void)query.text("name");
  const auto problem = query.problem();
  promise(problem || site.empty() || proto::valid_site(site), "a site is one, or a fault");
  promise(!step || step->count() > 0, "a step is longer than nothing");
  promise(!limit || (*limit >= 1 && *limit <= 100), "a count is within its bounds");
  promise(!z || (*z >= 0.5 && *z <= 100), "a number is within its bounds");
  promise(!choice || *choice < choices.size(), "a choice is one of those");
  if (!problem) return;
  promise(problem->status == 400 && !problem->errors.empty(), "a fault is named");
  const auto said = problem_response(*problem, "/x", "r-1");
  promise(said.body.find('\n') == std::string::npos && said.body.ends_with('}'), "a problem is one JSON document");
}

}  // namespace

Target query_text() { return {"query_text", &run}; }

}  // namespace telltale::fuzz

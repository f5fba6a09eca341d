#include "app/rule_trials.hpp"

#include <catch2/catch.hpp>

#include "tests/app/stored_data.hpp"

namespace telltale::app {
namespace {

using Refusal = api::RuleTrial::Refusal;

struct Trial {
  test::StoredData data;
  test::SimulatedClock clock;
  RuleTrials trials{data.path(), proto::Tenancy::single, clock};

  Result<std::string, Refusal> run(RuleTrials& by, const std::string& tenant) const {
    proto::RuleSet set;
    set.rules = by.read("[[rule]]\nname = \"hot\"\nmetric = \"temperature\"\nabove = 100\n").value();
    return by.run(set, tenant, {data.now() - Millis{86'400'000}, data.now() + Millis{60'000}}, 10);
  }
};

TEST_CASE("a client's rule is run over the tenant's stored readings by the code that serves live alerts", "[app]") {
  Trial trial;
  const auto report = trial.run(trial.trials, "default").value();
  CAPTURE(report);
  CHECK(report.find(R"("rules":[{"rule":"hot","alerts":1)") != std::string::npos);
  CHECK(report.find("temperature 1e+06 Cel > 100 on esp32-7") != std::string::npos);
  CHECK(trial.run(trial.trials, "stranger").value().find(R"("readings":0,"series":0)") != std::string::npos);
}

TEST_CASE("a client's rule that is run for too long is given up", "[app]") {
  Trial trial;
  RuleTrials impatient(trial.data.path(), proto::Tenancy::single, trial.clock, Millis{0});
  CHECK(trial.run(impatient, "default").error() == Refusal::too_slow);
}

TEST_CASE("a client's rule that is run ends when the service stops", "[app]") {
  Trial trial;
  trial.trials.stop();
  CHECK_THROWS_AS(trial.run(trial.trials, "default"), store::Interrupted);
}

TEST_CASE("a client's rule is read as the file is, with the line of each fault", "[app]") {
  const Trial trial;
  const auto [text, line, says] = GENERATE(table<std::string, std::size_t, std::string>({
      {"[[rule]]\nname = \"hot\"\nabowe = 1\n", 3, "rule.abowe: unknown key, did you mean 'above'?"},
      {"[[rule]]\n\"above\" = 1\n", 1, "rule: needs a name"},
      {"[[rule]]\nname = \"hot\"\nabove = nan\n", 3, "rule 'hot'.above: must be finite"},
      {"[[rule]\n", 1, ""},
      {"[store]\npath = \"/etc\"\n", 1, "store: only [[rule]] is read here"},
      {"rule = 7\n", 1, "rule: is a list: write [[rule]]"},
  }));
  CAPTURE(text);
  const auto rules = trial.trials.read(text);
  REQUIRE_FALSE(rules);
  CHECK(rules.error().front().line == line);
  CHECK(rules.error().front().detail.find(says) != std::string::npos);
}

}  // namespace
}  // namespace telltale::app

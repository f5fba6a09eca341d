#include "app/rule_trials.hpp"

#include "app/config_tables.hpp"
#include "backtest/run.hpp"
#include "backtest/store_history.hpp"
#include "store/error.hpp"

namespace telltale::app {

namespace {

constexpr std::size_t piece_readings = 200'000;

std::vector<api::RuleTrial::Fault> faults_of(const Problems& problems) {
  std::vector<api::RuleTrial::Fault> faults;
  for (auto& problem : problems.placed()) faults.push_back({problem.line, std::move(problem.text)});
  return faults;
}

}  // namespace

Result<std::vector<proto::Rule>, std::vector<api::RuleTrial::Fault>> RuleTrials::read(std::string_view text) const {
  Problems problems;
  toml::table root;
  try {
    root = toml::parse(text);
  } catch (const toml::parse_error& error) {
    problems.add("", error.source().begin, error.description());
    return fail(faults_of(problems));
  }
  std::vector<proto::Rule> rules;
  for (const auto& [key, node] : root) {
    if (key.str() == "rule") {
      rules = read_rules({&node, "", "rule"}, tenancy_ == proto::Tenancy::multi, problems);
    } else {
      problems.add("", key.source().begin, std::string(key.str()) + ": only [[rule]] is read here");
    }
  }
  if (problems.count() > 0) return fail(faults_of(problems));
  return rules;
}

Millis RuleTrials::warm_up(const proto::RuleSet& rules) const { return backtest::usual_warm_up(rules); }

Result<std::string, api::RuleTrial::Refusal> RuleTrials::run(const proto::RuleSet& rules, const std::string& tenant,
                                                             store::Range range, std::size_t alerts) {
  const std::unique_lock one_at_a_time(running_, std::try_to_lock);
  if (!one_at_a_time) return fail(Refusal::busy);
  backtest::SeriesPatterns patterns;
  patterns.tenant = tenant;
  if (rules.rules.size() == 1) {
    const auto& rule = rules.rules.front();
    patterns.site = rule.site;
    patterns.device = rule.device;
    patterns.metric = rule.metric;
  }
  backtest::StoreHistory history(folder_, patterns, piece_readings);
  backtest::RunOptions options;
  options.range = range;
  options.warm_up = warm_up(rules);
  options.most_alerts = alerts;
  options.go_on = [this, end = clock_.steady_now() + patience_] {
    return !stopping_.stop_requested() && clock_.steady_now() < end;
  };
  try {
    return to_json(backtest::run(history, rules, options), alerts);
  } catch (const backtest::GivenUp&) {
    if (stopping_.stop_requested()) throw store::Interrupted();
    return fail(Refusal::too_slow);
  }
}

}  // namespace telltale::app

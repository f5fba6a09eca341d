#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>

#include "analytics/judged.hpp"
#include "backtest/history.hpp"
#include "backtest/report.hpp"
#include "proto/rule.hpp"

namespace telltale::backtest {

/// Rules that learn (unusual, zscore, frozen) know nothing at first: what they would have known at `from` they learn
/// from the readings before it. Two weeks for rules with an hour-of-day profile or a mean, a day for the rest.
[[nodiscard]] Millis usual_warm_up(const proto::RuleSet& rules);

struct RunOptions {
  store::Range range{};
  Millis warm_up{0};
  std::size_t most_alerts = 100'000;   // kept with their details; all are counted
  analytics::OnJudged on_judged = {};  // sees what the rules think of each reading, warm-up included
  std::function<bool()> go_on = {};    // asked for each piece of history; no: the report is given up
};

/// A run that was not to go on.
class GivenUp : public std::runtime_error {
 public:
  GivenUp() : std::runtime_error("the backtest was given up") {}
};

/// Runs rules over history through analytics::Engine, the code that serves live alerts, by the data's own time: every
/// deadline of a `for`, a `missing` or a cooldown comes at its moment. The alerts are those that a service would have
/// raised that had received each reading at its own time. What history does not hold is not there: births, wills,
/// announced heartbeats, outages of the service itself (`missing` takes such a gap for the sensors' silence). So
/// presence is no question here: `missing` is told though an alert about the device would speak for it.
/// A device or series exists from its first reading on.
/// Deterministic. Memory: the engine's, one piece of history, the alerts kept. Errors: StoreFailure, GivenUp.
[[nodiscard]] Report run(History& history, const proto::RuleSet& rules, const RunOptions& options);

}  // namespace telltale::backtest

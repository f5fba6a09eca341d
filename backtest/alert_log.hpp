#pragma once

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

#include "backtest/report.hpp"
#include "proto/rule.hpp"
#include "store/directory.hpp"

namespace telltale::backtest {

/// Turns transitions into alerts with a beginning and an end, and counts them.
/// Memory: `most_alerts` alerts, one counter a series and rule with alerts, one a rule and day with alerts.
class AlertLog {
 public:
  AlertLog(const proto::RuleSet& rules, const store::Directory& directory, store::Range range, std::size_t most_alerts);

  void add(const proto::AlertTransition& transition);
  /// What was found; the log is empty afterwards.
  [[nodiscard]] Report finish();

 private:
  using Name = std::tuple<std::string, std::string, std::string, std::string>;  // tenant, site, device, metric
  [[nodiscard]] RuleResult* result_of(const std::string& rule);
  void raise(const proto::AlertTransition& transition);
  void count_raise(RuleResult& rule, const proto::AlertTransition& transition);
  void add_durations(const Alert& alert);

  store::Range range_;
  std::size_t most_alerts_;
  Report report_;
  std::map<Name, proto::SeriesId> series_;
  std::map<std::pair<std::string, Name>, std::uint64_t> raises_;
  std::unordered_map<std::string, std::size_t> kept_;  // id -> place in report_.alerts
};

}  // namespace telltale::backtest

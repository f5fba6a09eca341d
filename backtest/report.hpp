#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/alert.hpp"
#include "store/query.hpp"

namespace telltale::backtest {

/// One alert that the rules would have raised.
struct Alert {
  std::string id, rule;
  proto::Severity severity = proto::Severity::warning;
  std::string tenant, site, device, metric;  // metric "_" when the alert is not about one series
  proto::SeriesId series = proto::SeriesId::none;
  Timestamp started;               // the first reading that violated
  Timestamp raised;                // when it fired
  std::optional<Timestamp> ended;  // nothing: still open at the end of the range
  bool removed = false;            // it ended because another alert spoke for it
  std::optional<double> value, threshold;
  std::uint32_t count = 0;  // readings that violated
  std::uint32_t flaps = 0;  // raised again within its cooldown
  std::string summary;      // of the raise
};

struct RuleResult {
  std::string rule;
  std::uint64_t raised = 0;        // within the range
  std::uint64_t open_at_from = 0;  // raised before it, not ended by then
  std::uint64_t open_at_to = 0;
  std::optional<Timestamp> first, last;        // raises within the range
  Millis firing{0};                            // sum over alerts, within the range
  Millis longest{0};                           // of one alert, within the range
  std::map<std::int64_t, std::uint64_t> days;  // UTC days since 1970 with raises -> how many
};

struct SeriesResult {
  std::string rule, tenant, site, device, metric;
  proto::SeriesId series = proto::SeriesId::none;
  std::uint64_t raised = 0;
};

/// What a backtest found. Of very many alerts the first ones are kept (`most_alerts` of the run); counts and days are
/// those of all, durations those of the kept.
struct Report {
  store::Range range{};
  Timestamp warm_from;
  std::uint64_t readings = 0;       // within the range
  std::uint64_t series = 0;         // that had readings, warm-up included
  std::vector<RuleResult> rules;    // in the order of the rule set, then `grouped` if there was any
  std::vector<SeriesResult> worst;  // by raises, the most first; at most 20
  std::vector<Alert> alerts;        // by time of raise
  std::uint64_t alerts_not_kept = 0;
  std::uint64_t presence_alerts = 0;  // offline and site-silent, which no rule says: not in the figures above
};

/// As one JSON object, for tools. `alerts`: at most so many of them.
[[nodiscard]] std::string to_json(const Report& report, std::size_t alerts);

}  // namespace telltale::backtest

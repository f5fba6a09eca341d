#pragma once

#include <iosfwd>

#include "backtest/history.hpp"
#include "backtest/report.hpp"
#include "proto/rule.hpp"

namespace telltale::app {

/// The report for people: totals by rule and day, the alerts one by one (at most `alerts`) each with a small chart of
/// its series, the series with most alerts.
void print_backtest(const backtest::Report& report, const proto::RuleSet& rules, backtest::History& history,
                    std::size_t alerts, std::ostream& out);

}  // namespace telltale::app

#include "app/command_backtest_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>
#include <string>

#include "app/command_query_format.hpp"
#include "backtest/chart.hpp"
#include "proto/timestamp.hpp"
#include "store/day.hpp"

namespace telltale::app {

namespace {

constexpr std::size_t chart_width = 64;
constexpr std::size_t chart_points = 4 * chart_width;
constexpr std::size_t most_days = 31;  // one by one
constexpr std::size_t widest_bar = 40;
constexpr Millis least_shown{10 * 60'000};  // before and after an alert

std::string minute_text(Timestamp t) {
  std::string text = proto::format_rfc3339(std::chrono::floor<std::chrono::seconds>(t));
  text[10] = ' ';
  return text.substr(0, 19);
}

std::string day_text(std::int64_t day) { return proto::format_rfc3339(from_ms(day * store::day_ms)).substr(0, 10); }

/// The two largest units: "2d 4h", "3h 20m", "45s".
std::string lasted_text(Millis span) {
  constexpr std::array<std::pair<std::int64_t, const char*>, 4> units = {
      {{86'400, "d"}, {3'600, "h"}, {60, "m"}, {1, "s"}}};
  auto left = span.count() / 1000;
  std::string text;
  int parts = 0;
  for (const auto& [seconds, name] : units) {
    const auto n = left / seconds;
    left %= seconds;
    if (n > 0) text += (text.empty() ? "" : " ") + std::to_string(n) + name;
    if (!text.empty() && ++parts == 2) break;
  }
  return text.empty() ? "0s" : text;
}

std::string rounded(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g", value);
  return text.data();
}

std::string plural(std::uint64_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string series_text(const std::string& site, const std::string& device, const std::string& metric) {
  return site + "/" + device + (metric == "_" ? "" : "/" + metric);
}

void print_rule(const backtest::RuleResult& rule, const backtest::Report& report, double days, std::ostream& out) {
  out << "\nrule " << rule.rule << ": " << plural(rule.raised, "alert");
  if (rule.open_at_from > 0) out << ", " << rule.open_at_from << " open before it begins";
  if (rule.open_at_to > 0) out << ", " << rule.open_at_to << " open at the end";
  if (report.series > 0 && days > 0)
    out << "; " << rounded(static_cast<double>(rule.raised) / days / static_cast<double>(report.series))
        << " per series and day";
  out << '\n';
  if (rule.firing.count() > 0)
    out << "  fired for " << lasted_text(rule.firing) << " in all, the longest for " << lasted_text(rule.longest)
        << '\n';
  if (rule.first) out << "  first " << minute_text(*rule.first) << ", last " << minute_text(*rule.last) << '\n';
  std::uint64_t most = 1;
  for (const auto& [day, alerts] : rule.days) most = std::max(most, alerts);
  std::size_t shown = 0;
  for (const auto& [day, alerts] : rule.days) {
    if (++shown > most_days) {
      out << "  and " << plural(rule.days.size() - most_days, "more day") << " with alerts\n";
      break;
    }
    const auto bar = most <= widest_bar ? alerts : std::max<std::uint64_t>(alerts * widest_bar / most, 1);
    out << "  " << day_text(day) << "  " << std::string(bar, '#') << ' ' << alerts << '\n';
  }
}

/// The series around an alert, and below it where the alert was open.
void print_chart(const backtest::Alert& alert, store::Range range, backtest::History& history, std::ostream& out) {
  const auto ended = alert.ended.value_or(range.to);
  const Millis around = std::max(least_shown, (ended - alert.started) / 2);
  const store::Range shown{alert.started - around, std::min(ended + around, range.to)};
  const auto samples = history.shape(alert.series, shown, chart_points);
  if (samples.empty()) return;
  const auto [low, high] = std::ranges::minmax_element(samples, {}, &store::Sample::value);
  out << "      " << backtest::chart(samples, shown, chart_width) << "  " << number_text(low->value) << " to "
      << number_text(high->value) << '\n'
      << "      " << backtest::marks({alert.raised, ended}, shown, chart_width) << '\n';
}

void print_alert(const backtest::Alert& alert, const backtest::Report& report, backtest::History& history,
                 std::ostream& out) {
  out << "  " << minute_text(alert.raised) << "  " << to_string(alert.severity) << "  " << alert.rule << "  "
      << series_text(alert.site, alert.device, alert.metric) << "  ";
  if (!alert.ended) {
    out << "still open after " << lasted_text(report.range.to - alert.raised);
  } else {
    out << (alert.removed ? "until " + minute_text(*alert.ended) + ", then part of another alert"
                          : "for " + lasted_text(*alert.ended - alert.raised));
  }
  if (alert.flaps > 0) out << ", flapping";
  out << "\n    " << alert.summary << '\n';
  if (alert.series != proto::SeriesId::none) print_chart(alert, report.range, history, out);
}

}  // namespace

void print_backtest(const backtest::Report& report, const proto::RuleSet& rules, backtest::History& history,
                    std::size_t alerts, std::ostream& out) {
  const double days = static_cast<double>((report.range.to - report.range.from).count()) / store::day_ms;
  out << plural(rules.rules.size(), "rule") << " over " << report.readings << " readings of " << report.series
      << " series, " << minute_text(report.range.from) << " to " << minute_text(report.range.to) << " UTC ("
      << lasted_text(report.range.to - report.range.from) << "), warm-up from " << minute_text(report.warm_from)
      << '\n';
  for (const auto& rule : report.rules) print_rule(rule, report, days, out);

  const auto shown = std::min(alerts, report.alerts.size());
  if (shown > 0) out << "\nalerts, by time\n";
  for (std::size_t i = 0; i < shown; ++i) print_alert(report.alerts[i], report, history, out);
  if (const auto left = report.alerts.size() - shown + report.alerts_not_kept; left > 0 && alerts > 0)
    out << "  and " << left << " more (--alerts " << report.alerts.size() << " shows "
        << (report.alerts_not_kept > 0 ? "those kept" : "all") << ")\n";

  if (report.worst.size() > 1) {
    out << "\nseries with most alerts\n";
    for (const auto& s : report.worst)
      out << "  " << s.raised << "  " << s.rule << "  " << series_text(s.site, s.device, s.metric) << '\n';
  }
  if (report.presence_alerts > 0)
    out << "\nNot counted: " << plural(report.presence_alerts, "alert")
        << " about absent devices (offline, site-silent). Births, wills and announced heartbeats are not in the "
           "history.\n";
}

}  // namespace telltale::app

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analytics/judged.hpp"
#include "proto/rule.hpp"
#include "store/query.hpp"

namespace telltale::backtest {

/// A picture of one series under one rule as SVG: its readings, what the rule expected (a band) or its limits (lines),
/// and when an alert was open. Memory and size do not grow with the number of readings.
class Picture {
 public:
  Picture(store::Range range, proto::Rule rule);

  /// One reading as the rule saw it; what lies outside the range is left out.
  void add(const analytics::Judged& judged);
  struct Open {
    store::Range when;
    std::string why;
  };
  void add(Open alert) { alerts_.push_back(std::move(alert)); }

  /// `what` says whose readings these are: "office/room-1 temperature (Cel)".
  [[nodiscard]] std::string svg(const std::string& what) const;

 private:
  static constexpr std::size_t columns = 400;
  /// What falls on one dot of the time axis.
  struct Column {
    bool any = false;
    double first = 0, low = 0, high = 0, last = 0;
    bool has_band = false;
    double band_low = 0, band_high = 0, expected = 0;
  };
  struct Scale;
  [[nodiscard]] Scale scale() const;
  [[nodiscard]] std::string readings(const Scale& scale) const;
  [[nodiscard]] std::string band(const Scale& scale) const;
  [[nodiscard]] std::string limits(const Scale& scale) const;
  [[nodiscard]] std::string open_alerts(const Scale& scale) const;
  [[nodiscard]] std::string axes(const Scale& scale) const;
  [[nodiscard]] std::size_t longest_hold() const;

  store::Range range_;
  proto::Rule rule_;
  std::vector<Column> columns_ = std::vector<Column>(columns);
  std::vector<Open> alerts_;
};

}  // namespace telltale::backtest

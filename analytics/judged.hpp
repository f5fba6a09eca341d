#pragma once

#include <functional>
#include <string_view>

#include "proto/clock.hpp"
#include "proto/reading.hpp"

namespace telltale::analytics {

/// What one rule thought of one reading: for pictures and explanations.
struct Judged {
  proto::SeriesId series;
  std::string_view rule;
  Timestamp ts;
  double value;
  double expected;   // 0 for rules that expect nothing
  double spread;     // 0: none, or not known yet
  double threshold;  // where a reading on this side would violate
  bool violates;
};
using OnJudged = std::function<void(const Judged&)>;

}  // namespace telltale::analytics

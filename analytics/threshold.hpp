#pragma once

#include <string>

#include "analytics/check.hpp"
#include "analytics/wording.hpp"
#include "proto/rule.hpp"

namespace telltale::analytics {

/// Memory: n = 2 when the last violation was below `below`, else 1. With both limits in one rule, `clear` counts for
/// the side that was violated.
[[nodiscard]] inline Judgement assess(const proto::ThresholdCheck& check, const CheckMemory& memory,
                                      const Sample& sample) {
  const double x = sample.x;
  const bool high = check.above && x > *check.above;
  const bool low = check.below && x < *check.below;
  Judgement j;
  j.violates = high || low;
  const bool on_low_side = j.violates ? low : (check.below && (memory.n == 2 || !check.above));
  const double limit = on_low_side ? *check.below : check.above.value_or(0);
  j.threshold = limit;
  j.clears = !j.violates && (on_low_side ? x >= check.clear.value_or(limit) : x <= check.clear.value_or(limit));
  return j;
}

inline void learn(const proto::ThresholdCheck& check, CheckMemory& memory, const Sample& sample, const Judgement& j,
                  Pace) {
  if (j.violates) memory.n = check.below && sample.x < *check.below ? 2 : 1;
}

[[nodiscard]] inline std::string explain(const proto::ThresholdCheck& check, const Judgement& j, const Wording& words) {
  const bool low = check.below && words.value < *check.below;
  const char* relation = j.violates ? (low ? " < " : " > ") : " back within ";
  return value_text(words) + relation + number_text(words.threshold);
}

}  // namespace telltale::analytics

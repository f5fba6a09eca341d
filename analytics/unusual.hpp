#pragma once

#include <string>

#include "analytics/check.hpp"
#include "analytics/wording.hpp"
#include "proto/rule.hpp"

namespace telltale::analytics {

/// Violates when the model's gate reports `limit` or more: once per event. Clears at the first reading that is not
/// more unusual than `clear`. Booleans have no level to be far from and are not watched.
[[nodiscard]] inline Judgement observe(const proto::UnusualCheck& check, CheckMemory& memory, const Sample& sample,
                                       Pace) {
  Judgement j;
  if (sample.boolean) return j;
  if (!memory.model) memory.model = std::make_unique<UnusualModel>();
  const auto score = memory.model->observe(sample.ts, sample.x, sample.local);
  j.violates = score.reported >= check.limit;
  j.clears = score.u <= check.clear;
  j.expected = score.expected;
  j.spread = score.spread;
  j.score = score.times;
  j.sustained = score.sustained;
  // Where this reading alone would have been reported.
  const double away = score.away(check.limit);
  j.threshold = sample.x < score.expected ? score.expected - away : score.expected + away;
  return j;
}

/// Without a reading nothing is unusual.
[[nodiscard]] inline Judgement assess(const proto::UnusualCheck&, const CheckMemory&, const Sample&) { return {}; }

[[nodiscard]] inline std::string explain(const proto::UnusualCheck&, const Judgement& j, const Wording& words) {
  const std::string expected = estimate_text(j.expected, j.spread) + " at this hour";
  if (!j.violates) return value_text(words) + " as usual again (expected " + expected + ")";
  return value_text(words) + (j.sustained ? " and the readings before it unusual: expected " : " unusual: expected ") +
         expected + ", " + times_text(j.score) + " times this series' usual peak";
}

}  // namespace telltale::analytics

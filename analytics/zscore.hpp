#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "analytics/check.hpp"
#include "analytics/wording.hpp"
#include "proto/rule.hpp"

namespace telltale::analytics {

/// Memory: a = mean, b = variance, n = readings learned. Exponentially weighted, alpha = 2 / (span + 1), the plain
/// mean while fewer readings than that were seen (T. Finch, "Incremental calculation of weighted mean and variance",
/// 2009). A reading is judged against the baseline before it.
[[nodiscard]] inline Judgement assess(const proto::ZScoreCheck& check, const CheckMemory& memory,
                                      const Sample& sample) {
  Judgement j;
  if (memory.n < std::max<std::uint32_t>(check.warmup, 2)) return j;
  // A line that was flat so far has no spread; one millionth of its level keeps the quotient finite.
  const double least = std::max({check.floor, 1e-6 * std::abs(memory.a), 1e-12});
  const double x = sample.x;
  j.expected = memory.a;
  j.spread = std::max(std::sqrt(memory.b), least);
  j.score = std::abs(x - memory.a) / j.spread;
  j.threshold = memory.a + (x < memory.a ? -check.limit : check.limit) * j.spread;
  j.violates = j.score > check.limit;
  j.clears = j.score <= check.clear.value_or(check.limit);
  return j;
}

/// An outlier counts as if it lay at the limit, and a tenth as much as others; so do all while firing (lesson 28).
inline void learn(const proto::ZScoreCheck& check, CheckMemory& memory, const Sample& sample, const Judgement& j,
                  Pace pace) {
  double x = sample.x;
  if (j.spread > 0) x = std::clamp(x, j.expected - check.limit * j.spread, j.expected + check.limit * j.spread);
  if (memory.n < 0xFFFFFFFF) ++memory.n;
  double weight = std::max(1.0 / memory.n, 2.0 / (static_cast<double>(check.span) + 1.0));
  if (pace == Pace::slow) weight *= 0.1;
  const double d = x - memory.a;
  memory.a += weight * d;
  memory.b = std::max(0.0, (1 - weight) * (memory.b + weight * d * d));
  if (!std::isfinite(memory.a) || !std::isfinite(memory.b)) memory = CheckMemory{};
}

[[nodiscard]] inline std::string explain(const proto::ZScoreCheck& check, const Judgement& j, const Wording& words) {
  return value_text(words) + (j.violates ? " outside " : " back within ") + estimate_text(j.expected, j.spread) +
         " (z " + times_text(j.score) + (j.violates ? " > " : " <= ") +
         number_text(j.violates ? check.limit : check.clear.value_or(check.limit)) + ")";
}

}  // namespace telltale::analytics

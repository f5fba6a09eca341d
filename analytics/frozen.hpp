#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "analytics/check.hpp"
#include "analytics/wording.hpp"
#include "proto/rule.hpp"

namespace telltale::analytics {

/// A machine is compared with how it ran when it was commissioned, however slowly it drifts since. Memory: a = mean,
/// b = sum of squared distances (Welford), n = readings learned. After `learn` readings nothing changes any more.
[[nodiscard]] inline Judgement assess(const proto::FrozenCheck& check, const CheckMemory& memory,
                                      const Sample& sample) {
  Judgement j;
  if (memory.n < std::max<std::uint32_t>(check.learn, 2)) return j;
  const double least = std::max({check.floor, 1e-6 * std::abs(memory.a), 1e-12});
  j.expected = memory.a;
  j.spread = std::max(std::sqrt(memory.b / (memory.n - 1.0)), least);
  j.score = std::abs(sample.x - memory.a) / j.spread;
  j.threshold = memory.a + (sample.x < memory.a ? -check.limit : check.limit) * j.spread;
  j.violates = j.score > check.limit;
  j.clears = j.score <= check.clear.value_or(check.limit);
  return j;
}

inline void learn(const proto::FrozenCheck& check, CheckMemory& memory, const Sample& sample, const Judgement&, Pace) {
  if (memory.n >= std::max<std::uint32_t>(check.learn, 2)) return;
  ++memory.n;
  const double d = sample.x - memory.a;
  memory.a += d / memory.n;
  memory.b += d * (sample.x - memory.a);
  if (!std::isfinite(memory.a) || !std::isfinite(memory.b)) memory = CheckMemory{};
}

[[nodiscard]] inline std::string explain(const proto::FrozenCheck& check, const Judgement& j, const Wording& words) {
  return value_text(words) + (j.violates ? " far from its baseline " : " back at its baseline ") +
         estimate_text(j.expected, j.spread) + " (z " + times_text(j.score) + (j.violates ? " > " : " <= ") +
         number_text(j.violates ? check.limit : check.clear.value_or(check.limit)) + ")";
}

}  // namespace telltale::analytics

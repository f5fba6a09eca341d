#pragma once

#include <cmath>
#include <string>

#include "analytics/check.hpp"
#include "analytics/wording.hpp"
#include "proto/rule.hpp"

namespace telltale::analytics {

/// A sensor that is stuck says the same for ever. Memory: a = the value it stands at, since = since when, n = readings
/// there. Readings must come: silence is not a flat line, and two equal readings around a gap are none.
[[nodiscard]] inline Judgement assess(const proto::FlatlineCheck& check, const CheckMemory& memory,
                                      const Sample& sample) {
  constexpr std::uint32_t fewest = 3;
  Judgement j;
  if (memory.n == 0) return j;
  j.clears = std::abs(sample.x - memory.a) > check.tolerance;
  j.violates = !j.clears && memory.n + 1 >= fewest && sample.ts - memory.since >= check.span;
  j.expected = memory.a;
  j.spread = check.tolerance;
  j.threshold = memory.a;
  j.score = static_cast<double>((sample.ts - memory.since).count());
  return j;
}

inline void learn(const proto::FlatlineCheck& check, CheckMemory& memory, const Sample& sample, const Judgement&,
                  Pace) {
  if (memory.n == 0 || std::abs(sample.x - memory.a) > check.tolerance) {
    memory.a = sample.x;
    memory.since = sample.ts;
    memory.n = 0;
  }
  if (memory.n < 0xFFFFFFFF) ++memory.n;
}

[[nodiscard]] inline std::string explain(const proto::FlatlineCheck& check, const Judgement& j, const Wording& words) {
  if (!j.violates) return value_text(words) + " moves again";
  return value_text(words) + " has not moved for " + span_text(Millis{static_cast<std::int64_t>(j.score)}) +
         (check.tolerance > 0 ? " by more than " + number_text(check.tolerance) : "");
}

}  // namespace telltale::analytics

#pragma once

#include <cmath>
#include <string>

#include "analytics/check.hpp"
#include "analytics/wording.hpp"
#include "proto/rule.hpp"

namespace telltale::analytics {

/// Memory: a at `since` = the reading compared with, b at `next_since` = the one that comes after it; n = 1 once there
/// is any. With `over` the change is measured against a reading `over` to twice `over` ago, so that noise does not
/// count; without, against the one before.
[[nodiscard]] inline Judgement assess(const proto::RateCheck& check, const CheckMemory& memory, const Sample& sample) {
  Judgement j;
  const auto elapsed = (sample.ts - memory.since).count();
  if (memory.n == 0 || elapsed <= 0 || elapsed < check.over.count()) {
    j.clears = false;
    return j;
  }
  const double units = static_cast<double>(elapsed) / static_cast<double>(check.per.count());
  j.score = (sample.x - memory.a) / units;
  j.expected = memory.a;
  const double speed = check.direction == proto::RateDirection::up     ? j.score
                       : check.direction == proto::RateDirection::down ? -j.score
                                                                       : std::abs(j.score);
  j.threshold = memory.a + (j.score < 0 ? -check.limit : check.limit) * units;
  j.violates = speed > check.limit;
  j.clears = speed <= check.clear.value_or(check.limit);
  return j;
}

inline void learn(const proto::RateCheck& check, CheckMemory& memory, const Sample& sample, const Judgement&, Pace) {
  if (memory.n == 0 || check.over.count() <= 0) {
    memory.a = memory.b = sample.x;
    memory.since = memory.next_since = sample.ts;
    memory.n = 1;
  } else if (sample.ts - memory.next_since >= check.over) {
    memory.a = std::exchange(memory.b, sample.x);
    memory.since = std::exchange(memory.next_since, sample.ts);
  }
}

[[nodiscard]] inline std::string explain(const proto::RateCheck& check, const Judgement& j, const Wording& words) {
  const std::string per = " per " + span_text(check.per);
  return value_text(words) + (j.score < 0 ? " falls by " : " rises by ") + number_text(std::abs(j.score)) + per +
         (j.violates ? " (limit " + number_text(check.limit) + ", from " : ", within its limit again (from ") +
         number_text(j.expected) + ")";
}

}  // namespace telltale::analytics

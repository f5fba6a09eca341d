#pragma once

#include <string>

#include "analytics/check.hpp"
#include "analytics/wording.hpp"
#include "proto/rule.hpp"

namespace telltale::analytics {

/// A series that no live reading came of for `span`, while we were listening. Any reading clears; the deadline is the
/// runner's.
[[nodiscard]] inline Judgement assess(const proto::MissingCheck&, const CheckMemory&, const Sample&) { return {}; }

inline void learn(const proto::MissingCheck&, CheckMemory&, const Sample&, const Judgement&, Pace) {}

[[nodiscard]] inline std::string explain(const proto::MissingCheck& check, const Judgement& j, const Wording& words) {
  if (!j.violates) return value_text(words) + " is there again";
  return "no " + std::string(words.metric) + " for " + span_text(check.span);
}

}  // namespace telltale::analytics

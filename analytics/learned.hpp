#pragma once

#include <string>

#include "analytics/check.hpp"
#include "proto/learned_model.hpp"
#include "proto/rule.hpp"

namespace telltale::analytics {

// What rules learn, as values that leave the engine and come back (telltale model).

/// "unusual", "zscore", "frozen": the types that learn; "" for the others.
[[nodiscard]] std::string learned_type(const proto::Check& check);
/// Sets type, version and numbers. False: the rule learns nothing, or has not yet.
[[nodiscard]] bool give(const proto::Check& check, const CheckMemory& memory, proto::LearnedModel& out);
/// The memory such a model stands for; without numbers an empty one. "" or what is wrong with it, as a sentence.
/// `memory` is changed only when nothing is wrong.
[[nodiscard]] std::string take(const proto::Check& check, const proto::LearnedModel& model, CheckMemory& memory);

}  // namespace telltale::analytics

#include "analytics/learned.hpp"

#include <cmath>
#include <type_traits>

#include "analytics/number_fields.hpp"

namespace telltale::analytics {

namespace {

constexpr std::uint32_t numbers_version = 1;

template <class Check>
constexpr bool has_mean = std::is_same_v<Check, proto::ZScoreCheck> || std::is_same_v<Check, proto::FrozenCheck>;

template <class Check, class Memory, class Field>
void fields(const Check&, Memory& m, Field&& field) {
  field("readings", m.n);
  field("mean", m.a);
  field(std::is_same_v<Check, proto::FrozenCheck> ? "squares" : "variance", m.b);
}

}  // namespace

std::string learned_type(const proto::Check& check) {
  if (std::holds_alternative<proto::UnusualCheck>(check)) return "unusual";
  if (std::holds_alternative<proto::ZScoreCheck>(check)) return "zscore";
  return std::holds_alternative<proto::FrozenCheck>(check) ? "frozen" : "";
}

bool give(const proto::Check& check, const CheckMemory& memory, proto::LearnedModel& out) {
  out.type = learned_type(check);
  out.version = numbers_version;
  out.numbers.clear();
  std::visit(
      [&](const auto& c) {
        using Check = std::decay_t<decltype(c)>;
        if constexpr (has_mean<Check>) {
          if (memory.n > 0) fields(c, memory, PutNumbers(out.numbers));
        } else if constexpr (std::is_same_v<Check, proto::UnusualCheck>) {
          if (memory.model) memory.model->give(out.numbers);
        }
      },
      check);
  return !out.numbers.empty();
}

std::string take(const proto::Check& check, const proto::LearnedModel& model, CheckMemory& memory) {
  const auto type = learned_type(check);
  if (type.empty()) return "a rule of its type learns nothing";
  if (model.type != type) return "the rule is " + type + ", the model is " + model.type;
  if (model.version != numbers_version) return "version " + std::to_string(model.version) + " is not known";
  CheckMemory fresh;
  std::string problem;
  if (!model.numbers.empty()) {
    std::visit(
        [&](const auto& c) {
          using Check = std::decay_t<decltype(c)>;
          if constexpr (has_mean<Check>) {
            TakeNumbers numbers(model.numbers);
            fields(c, fresh, numbers);
            problem = numbers.problem();
            if (problem.empty() && fresh.b < 0) problem = "has a negative spread";
          } else if constexpr (std::is_same_v<Check, proto::UnusualCheck>) {
            fresh.model = std::make_unique<UnusualModel>();
            problem = fresh.model->take(model.numbers);
          }
        },
        check);
  }
  if (problem.empty()) memory = std::move(fresh);
  return problem;
}

}  // namespace telltale::analytics

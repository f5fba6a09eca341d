#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/bytes.hpp"
#include "proto/clock.hpp"
#include "proto/result.hpp"

namespace telltale::proto {

/// What one rule has learned of one series, as named numbers that belong to the rule's type. No numbers: nothing.
struct LearnedModel {
  std::string tenant = "default", site, device, metric;
  std::string rule;
  std::string type;           // "unusual", "zscore", "frozen"
  std::uint32_t version = 1;  // of the type's numbers
  std::vector<std::pair<std::string, std::vector<double>>> numbers;
  friend bool operator==(const LearnedModel&, const LearnedModel&) = default;
};

void encode(const LearnedModel& model, ByteWriter& out);
/// Any bytes are safe; false when they are no model.
[[nodiscard]] bool decode(ByteReader& in, LearnedModel& model);

/// A file of models for people and other gateways: JSON, numbers as short as they can be read back exactly. `as_of`:
/// the state of what time this is.
[[nodiscard]] std::string models_to_json(const std::vector<LearnedModel>& models, Timestamp as_of);
/// The error is a sentence that begins with the place: "line 12: …" or "models[3].state.readings: …".
[[nodiscard]] Result<std::vector<LearnedModel>, std::string> models_from_json(std::string_view text);

}  // namespace telltale::proto

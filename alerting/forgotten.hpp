#pragma once

#include <optional>
#include <string_view>

#include "proto/alert.hpp"

namespace telltale::alerting {

/// The transition that ends an alert of which nothing is left but its payload on alert-state/…: `removed`, with the
/// next number. Nothing when the payload is none of ours or the alert is over already.
[[nodiscard]] std::optional<proto::AlertTransition> forgotten(std::string_view payload, Timestamp at);

}  // namespace telltale::alerting

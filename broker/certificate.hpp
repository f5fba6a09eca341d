#pragma once

#include <optional>
#include <string>

namespace telltale::broker {

/// Whole days until the first certificate of a PEM file ends, by the machine's clock; negative when it has ended,
/// nothing when there is none that can be read. Cost: reads the file.
[[nodiscard]] std::optional<int> certificate_days_left(const std::string& file);

}  // namespace telltale::broker

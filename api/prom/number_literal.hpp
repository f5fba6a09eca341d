#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace telltale::api::prom {

/// A number as PromQL 2.42 writes it: 1, 1.5e3, .5, 0x1F, 017 (octal), Inf and NaN in any case. None for other text.
[[nodiscard]] std::optional<double> read_number_literal(std::string_view text);

/// As Prometheus' API writes values: 21.42, 1e-07, 1e+21, NaN, +Inf, -Inf (util/jsonutil, MarshalFloat).
[[nodiscard]] std::string sample_text(double value);

}  // namespace telltale::api::prom

#pragma once

#include <string_view>

#include "api/prom/expression.hpp"
#include "api/prom/token_cursor.hpp"

namespace telltale::api::prom {

/// Reads a selector from behind its metric's name ("" = it has none), with its range and offset:
/// {device="a"}[5m] offset 1h. Errors: bad_data with the place.
[[nodiscard]] Result<Selector, QueryError> read_selector(TokenCursor& at, std::string_view name);

}  // namespace telltale::api::prom

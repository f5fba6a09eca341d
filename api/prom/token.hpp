#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/prom/error.hpp"

namespace telltale::api::prom {

enum class TokenKind : std::uint8_t { identifier, number, duration, string, symbol, end };

struct Token {
  TokenKind kind;
  std::string_view source;  // as it stands in the query
  std::string text;         // of a string: without quotes and escapes
  std::size_t at;           // byte in the query
};

/// Cuts a query into tokens; the last one is `end`. Comments and white space fall away.
/// `query` outlives the tokens. Cost: linear.
/// Errors: bad_data with the place, as line:column.
[[nodiscard]] Result<std::vector<Token>, QueryError> tokens_of(std::string_view query);

/// "1:7: parse error: " of a byte of the query.
[[nodiscard]] std::string place_of(std::string_view query, std::size_t at);

}  // namespace telltale::api::prom

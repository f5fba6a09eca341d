#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "proto/result.hpp"

namespace telltale::api::prom {

/// What a client does next: change the request (bad_data, HTTP 400), or ask for less (execution, HTTP 422).
enum class ErrorType : std::uint8_t { bad_data, execution };

struct QueryError {
  ErrorType type = ErrorType::bad_data;
  std::string text;
};

[[nodiscard]] inline auto bad_data(std::string text) { return fail(QueryError{ErrorType::bad_data, std::move(text)}); }
[[nodiscard]] inline auto cannot_execute(std::string text) {
  return fail(QueryError{ErrorType::execution, std::move(text)});
}

}  // namespace telltale::api::prom

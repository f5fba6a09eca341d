#pragma once

// Inside api only; who calls it includes rapidjson/document.h.
#include <rapidjson/fwd.h>

#include "api/http_message.hpp"
#include "proto/result.hpp"

namespace telltale::api {

/// The JSON object in the body of a request. However deep it is nested, parsing costs no stack.
/// Errors: 415 when it is not called JSON, 400 when it is none, or no object.
[[nodiscard]] Result<rapidjson::Document, Problem> parse_object(const Request& request);

[[nodiscard]] Problem bad_body(std::string detail);

}  // namespace telltale::api

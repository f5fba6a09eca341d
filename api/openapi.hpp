#pragma once

#include <string_view>

namespace telltale::api {

/// openapi.json of this folder (OpenAPI 3.1).
extern const std::string_view openapi_json;

}  // namespace telltale::api

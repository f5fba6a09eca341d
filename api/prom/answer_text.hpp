#pragma once

#include <string>

#include "api/http_message.hpp"
#include "api/prom/evaluator.hpp"

namespace telltale::api::prom {

/// {"status":"success","data":…}; `data` is JSON.
[[nodiscard]] Response success(const std::string& data);
/// {"status":"error",…} with 400 or 422 (https://prometheus.io/docs/prometheus/2.42/querying/api/#format-overview).
[[nodiscard]] Response failure(const QueryError& error);

[[nodiscard]] std::string labels_text(const Labels& labels);
/// What /query answers: "scalar", "vector" or "matrix".
[[nodiscard]] std::string instant_text(const Value& value, const Steps& steps);
/// What /query_range answers: "matrix", ascending by labels. Precondition: no range vector.
[[nodiscard]] std::string matrix_text(Value value, const Steps& steps);

}  // namespace telltale::api::prom

#pragma once

#include <string>
#include <string_view>

#include "api/grafana_body.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

/// One question of Grafana's.
struct GrafanaQuestion {
  const Question& asked;
  const GrafanaBody& body;
};

Answer grafana_query(const GrafanaQuestion& question);
Answer grafana_annotations(const GrafanaQuestion& question);

/// What a handler of /api/v1 answers the same caller to GET with this query string.
[[nodiscard]] Answer ask_rest(const Question& question, Answer (*handler)(const Question&), std::string query);
/// Adds "name=value", percent-encoded.
void add_parameter(std::string& query, std::string_view name, std::string_view value);

[[nodiscard]] Problem bad_grafana_body(std::string_view pointer, std::string detail);

}  // namespace telltale::api

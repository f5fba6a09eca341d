#include "api/json_document.hpp"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include "api/body_json.hpp"

namespace telltale::api {

Problem bad_body(std::string detail) { return {400, "validation", "The body is not valid", std::move(detail)}; }

Result<rapidjson::Document, Problem> parse_object(const Request& request) {
  if (auto problem = not_json(request)) return fail(*std::move(problem));
  constexpr unsigned flags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;
  rapidjson::Document json;
  json.Parse<flags>(request.body.data(), request.body.size());
  if (json.HasParseError()) {
    return fail(
        bad_body("byte " + std::to_string(json.GetErrorOffset()) + ": " + GetParseError_En(json.GetParseError())));
  }
  if (!json.IsObject()) return fail(bad_body("a JSON object is needed"));
  return json;
}

}  // namespace telltale::api

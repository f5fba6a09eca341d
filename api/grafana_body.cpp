#include "api/grafana_body.hpp"

#include <rapidjson/error/en.h>
#include <rapidjson/pointer.h>

#include "api/body_json.hpp"

namespace telltale::api {

Result<GrafanaBody, Problem> GrafanaBody::read(const Request& request) {
  if (auto problem = not_json(request)) return fail(*std::move(problem));
  GrafanaBody body;
  // Iterative: the depth of a hostile body costs no stack.
  constexpr unsigned flags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;
  auto& json = body.json_;
  json.Parse<flags>(request.body.data(), request.body.size());
  const auto bad = [](std::string detail) {
    return fail(Problem{400, "validation", "The body is not valid", std::move(detail)});
  };
  if (json.HasParseError()) {
    return bad("byte " + std::to_string(json.GetErrorOffset()) + ": " + GetParseError_En(json.GetParseError()));
  }
  if (!json.IsObject()) return bad("a JSON object is needed");
  return body;
}

std::optional<std::string> GrafanaBody::text(std::string_view pointer) const {
  const auto* found = rapidjson::Pointer(pointer.data(), pointer.size()).Get(json_);
  if (found == nullptr || !found->IsString()) return std::nullopt;
  return std::string(found->GetString(), found->GetStringLength());
}

std::optional<std::string> text_of(const rapidjson::Value& object, const char* member) {
  if (!object.IsObject()) return std::nullopt;
  const auto found = object.FindMember(member);
  if (found == object.MemberEnd() || !found->value.IsString()) return std::nullopt;
  return std::string(found->value.GetString(), found->value.GetStringLength());
}

}  // namespace telltale::api

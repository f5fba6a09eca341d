#pragma once

#include <rapidjson/document.h>

#include <optional>
#include <string>
#include <string_view>

#include "api/http_message.hpp"
#include "proto/result.hpp"

namespace telltale::api {

/// The JSON object that Grafana sends. Unlike BodyJson, members that nobody knows are nobody's business: there are
/// many, and other ones in each version.
class GrafanaBody {
 public:
  /// Errors: 415, 400 as BodyJson.
  [[nodiscard]] static Result<GrafanaBody, Problem> read(const Request& request);

  [[nodiscard]] const rapidjson::Value& root() const { return json_; }
  /// The text at a path such as "/range/from"; nothing when there is none.
  [[nodiscard]] std::optional<std::string> text(std::string_view pointer) const;

 private:
  rapidjson::Document json_;
};

[[nodiscard]] std::optional<std::string> text_of(const rapidjson::Value& object, const char* member);

}  // namespace telltale::api

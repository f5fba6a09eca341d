#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/http_message.hpp"
#include "proto/result.hpp"

namespace telltale::api {

/// The JSON object that Grafana sends, asked by pointers such as "/range/from" (RFC 6901). Unlike BodyJson, members
/// that nobody knows are nobody's business: there are many, and other ones in each version.
class GrafanaBody {
 public:
  /// Errors: 415, 400 as BodyJson.
  [[nodiscard]] static Result<GrafanaBody, Problem> read(const Request& request);
  ~GrafanaBody();
  GrafanaBody(GrafanaBody&&) noexcept;
  GrafanaBody& operator=(GrafanaBody&&) noexcept;

  // Nothing when there is none, or one of another type.
  [[nodiscard]] std::optional<std::string> text(const std::string& pointer) const;
  [[nodiscard]] std::optional<std::uint64_t> whole(const std::string& pointer) const;
  [[nodiscard]] std::optional<std::size_t> size_of_array(const std::string& pointer) const;
  [[nodiscard]] bool is_object(const std::string& pointer) const;

 private:
  struct Document;
  explicit GrafanaBody(std::unique_ptr<Document> document);
  std::unique_ptr<Document> document_;
};

}  // namespace telltale::api

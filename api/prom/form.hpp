#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http_message.hpp"
#include "api/prom/error.hpp"
#include "proto/clock.hpp"

namespace telltale::api::prom {

/// The parameters of a request as Prometheus reads them: of a POSTed form, then of the query string; '+' is a space; of
/// those given twice the first counts; unknown ones are nobody's business (Grafana sends some).
class Form {
 public:
  /// bad_data when the percent-encoding is malformed.
  [[nodiscard]] static Result<Form, QueryError> read(const Request& request);

  [[nodiscard]] std::optional<std::string_view> first(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
  /// Seconds since 1970, fractions allowed, or RFC 3339.
  [[nodiscard]] Result<std::optional<Timestamp>, QueryError> time(std::string_view name) const;
  /// Seconds, fractions allowed, or "15s"; at least 1 ms.
  [[nodiscard]] Result<std::optional<Millis>, QueryError> step(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

}  // namespace telltale::api::prom

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/prom/error.hpp"
#include "api/prom/labels.hpp"

namespace re2 {
class RE2;
}

namespace telltale::api::prom {

enum class MatchKind : std::uint8_t { equal, not_equal, regex, not_regex };

/// One condition on a label. Regular expressions are RE2's, as Prometheus' are, and must match the whole value.
/// Cost: linear in the value, whatever the expression. Bound: 1 MiB for a compiled expression.
class Matcher {
 public:
  /// bad_data when the regular expression is none.
  [[nodiscard]] static Result<Matcher, QueryError> make(std::string label, MatchKind kind, std::string value);

  [[nodiscard]] bool matches(std::string_view value) const;
  [[nodiscard]] bool matches(const Labels& labels) const { return matches(labels.get(label_)); }
  [[nodiscard]] const std::string& label() const noexcept { return label_; }

 private:
  Matcher() = default;

  std::string label_, value_;
  MatchKind kind_ = MatchKind::equal;
  std::shared_ptr<const re2::RE2> regex_;  // shared by copies of the matcher: immutable, and costly to compile
};

}  // namespace telltale::api::prom

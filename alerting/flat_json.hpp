#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace telltale::alerting {

/// The first `limit_bytes` of any bytes as valid UTF-8: what is not is replaced by U+FFFD, a character that the
/// limit cuts is left out.
[[nodiscard]] std::string as_utf8(std::string_view bytes, std::size_t limit_bytes = std::string_view::npos);

/// One flat JSON object under the rules of contracts 5: keys in the order they are given, no null, numbers finite.
/// A number that is not finite is an absent value, and so an absent key. Strings become valid UTF-8.
class FlatObject {
 public:
  FlatObject();
  ~FlatObject();
  FlatObject(FlatObject&&) noexcept;
  FlatObject& operator=(FlatObject&&) noexcept;

  FlatObject& text(std::string_view key, std::string_view value);
  FlatObject& integer(std::string_view key, std::int64_t value);
  FlatObject& count(std::string_view key, std::uint64_t value);
  FlatObject& boolean(std::string_view key, bool value);
  /// Shortest text that reads back as the same double: 86.2, 80.
  FlatObject& number(std::string_view key, double value);
  /// As number(), but with a fraction or exponent always (48.0): consumers that tell integers from floats by their
  /// spelling see one type.
  FlatObject& statistic(std::string_view key, double value);

  /// Closes the object; the last call.
  [[nodiscard]] std::string str();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::alerting

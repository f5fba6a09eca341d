#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/json_text.hpp"
#include "proto/clock.hpp"
#include "proto/number_text.hpp"
#include "proto/timestamp.hpp"

namespace telltale::api {

/// Appends one JSON object to a text, member by member; it is closed when it goes. A value that is not there is a key
/// that is not there.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  ~JsonObject() { out_ += '}'; }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;

  JsonObject& text(std::string_view key, std::string_view value) {
    append_json_string(member(key), value);
    return *this;
  }
  JsonObject& integer(std::string_view key, std::int64_t value) {
    append_integer(member(key), value);
    return *this;
  }
  JsonObject& count(std::string_view key, std::uint64_t value) {
    append_integer(member(key), value);
    return *this;
  }
  /// Left out when it is not finite.
  JsonObject& number(std::string_view key, double value) {
    if (std::isfinite(value)) proto::append_number(member(key), value);
    return *this;
  }
  /// `time` and `ts` (contracts 3).
  JsonObject& moment(Timestamp at) {
    members("\"time\":\"");
    proto::append_rfc3339(out_, at);
    out_ += "\",\"ts\":";
    append_integer(out_, to_ms(at));
    return *this;
  }
  /// Members that are written already, with commas between them.
  JsonObject& members(std::string_view text) {
    if (out_.back() != '{') out_ += ',';
    out_ += text;
    return *this;
  }
  /// Starts a member; its value is appended to what this gives.
  std::string& member(std::string_view key) {
    if (out_.back() != '{') out_ += ',';
    append_json_string(out_, key);
    return out_ += ':';
  }

 private:
  static void append_integer(std::string& out, std::integral auto value) {
    char text[24];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }

  std::string& out_;
};

/// Puts a comma before an item of an array, unless it is the first.
inline std::string& next_item(std::string& out) { return out.back() == '[' ? out : out += ','; }

}  // namespace telltale::api

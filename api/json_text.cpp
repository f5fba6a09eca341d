#include "api/json_text.hpp"

#include <algorithm>
#include <cstdint>

namespace telltale::api {

namespace {

/// Length of the well-formed UTF-8 sequence at the beginning (Unicode 15, table 3-7), or 0.
std::size_t sequence_length(std::string_view s) {
  const auto at = [&](std::size_t i) { return i < s.size() ? static_cast<std::uint8_t>(s[i]) : std::uint8_t{0}; };
  const auto within = [](std::uint8_t b, int low, int high) { return b >= low && b <= high; };
  const auto b0 = at(0);
  if (b0 < 0x80) return 1;
  if (within(b0, 0xC2, 0xDF)) return within(at(1), 0x80, 0xBF) ? 2 : 0;
  if (within(b0, 0xE0, 0xEF)) {
    const int low = b0 == 0xE0 ? 0xA0 : 0x80;
    const int high = b0 == 0xED ? 0x9F : 0xBF;
    return within(at(1), low, high) && within(at(2), 0x80, 0xBF) ? 3 : 0;
  }
  if (within(b0, 0xF0, 0xF4)) {
    const int low = b0 == 0xF0 ? 0x90 : 0x80;
    const int high = b0 == 0xF4 ? 0x8F : 0xBF;
    return within(at(1), low, high) && within(at(2), 0x80, 0xBF) && within(at(3), 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

/// Needs no escape, and is a character by itself.
bool plain(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

void append_control(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  const auto byte = static_cast<std::uint8_t>(c);
  out += "\\u00";
  out += hex[byte >> 4];
  out += hex[byte & 15];
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const auto end_of_plain = static_cast<std::size_t>(std::ranges::find_if_not(text, plain) - text.begin());
    out.append(text.substr(0, end_of_plain));
    text.remove_prefix(end_of_plain);
    if (text.empty()) break;
    const auto n = sequence_length(text);
    if (n == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
      continue;
    }
    if (n > 1) {
      out.append(text.substr(0, n));
    } else {
      switch (const char c = text.front()) {
        case '"':
          out += "\\\"";
          break;
        case '\\':
          out += "\\\\";
          break;
        case '\n':
          out += "\\n";
          break;
        case '\r':
          out += "\\r";
          break;
        case '\t':
          out += "\\t";
          break;
        default:
          append_control(out, c);
      }
    }
    text.remove_prefix(n);
  }
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_json_string(out, text);
  return out;
}

}  // namespace telltale::api

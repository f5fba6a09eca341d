#include "api/prom/string_literal.hpp"

#include <charconv>
#include <cstdint>

namespace telltale::api::prom {

namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
    }
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

/// `digits` of the base, as many as that; false when they are not there.
bool read_code(std::string_view text, std::size_t digits, int base, std::uint32_t& code) {
  if (text.size() < digits) return false;
  const auto* const end = text.data() + digits;
  const auto [stop, error] = std::from_chars(text.data(), end, code, base);
  return error == std::errc{} && stop == end;
}

/// What stands behind a backslash; gives how many bytes it took, 0 = it is no escape.
std::size_t append_escape(std::string& out, std::string_view text, char quote) {
  constexpr std::string_view letters = "abfnrtv\\";
  constexpr std::string_view meanings = "\a\b\f\n\r\t\v\\";
  const char c = text.empty() ? '\0' : text.front();
  if (c == quote) {
    out += c;
    return 1;
  }
  if (const auto place = letters.find(c); !text.empty() && place != std::string_view::npos) {
    out += meanings[place];
    return 1;
  }
  std::uint32_t code = 0;
  if (c >= '0' && c <= '7') {
    if (!read_code(text, 3, 8, code) || code > 0xFF) return 0;
    out += static_cast<char>(code);
    return 3;
  }
  const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits == 0 || !read_code(text.substr(1), digits, 16, code)) return 0;
  if (c == 'x') {
    out += static_cast<char>(code);
  } else {
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return 0;
    append_utf8(out, code);
  }
  return digits + 1;
}

}  // namespace

Result<std::string, QueryError> read_string_literal(std::string_view query, std::size_t& at) {
  const char quote = query[at++];
  std::string text;
  while (at < query.size() && query[at] != quote) {
    const char c = query[at];
    if (quote != '`' && c == '\n') break;
    ++at;
    if (quote == '`' || c != '\\') {
      text += c;
      continue;
    }
    const auto taken = append_escape(text, query.substr(at), quote);
    if (taken == 0) return bad_data("unknown escape sequence in a string");
    at += taken;
  }
  if (at >= query.size() || query[at] != quote) return bad_data("unterminated quoted string");
  ++at;
  return text;
}

}  // namespace telltale::api::prom

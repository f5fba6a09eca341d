#include "api/cursor.hpp"

#include "api/api_key.hpp"

namespace telltale::api {

namespace {

constexpr std::size_t check_bytes = 6;

std::string check_of(std::string_view question, std::string_view position) {
  return sha256(std::string(question) + '\n' + std::string(position)).substr(0, check_bytes);
}

int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

}  // namespace

std::string make_cursor(std::string_view question, std::string_view position) {
  return hex_text(check_of(question, position) + std::string(position));
}

std::optional<std::string> read_cursor(std::string_view question, std::string_view cursor) {
  if (cursor.size() % 2 != 0 || cursor.size() < 2 * check_bytes) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < cursor.size(); i += 2) {
    const int high = digit(cursor[i]);
    const int low = digit(cursor[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  const auto position = bytes.substr(check_bytes);
  if (bytes.substr(0, check_bytes) != check_of(question, position)) return std::nullopt;
  return position;
}

}  // namespace telltale::api

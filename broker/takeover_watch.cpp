#include "broker/takeover_watch.hpp"

#include <charconv>
#include <optional>

namespace telltale::broker {
namespace {

// Our own status messages (contracts 1) are flat and without escapes, so their fields are found by name.
std::string_view behind_key(std::string_view json, std::string_view key) {
  const std::string quoted = '"' + std::string(key) + "\":";
  const auto at = json.find(quoted);
  return at == std::string_view::npos ? std::string_view{} : json.substr(at + quoted.size());
}

std::string_view text_field(std::string_view json, std::string_view key) {
  auto rest = behind_key(json, key);
  if (!rest.starts_with('"')) return {};
  rest.remove_prefix(1);
  return rest.substr(0, rest.find('"'));
}

std::optional<Timestamp> time_field(std::string_view json, std::string_view key) {
  const auto rest = behind_key(json, key);
  std::int64_t ms = 0;
  if (std::from_chars(rest.data(), rest.data() + rest.size(), ms).ec != std::errc{}) return std::nullopt;
  return from_ms(ms);
}

}  // namespace

void TakeoverWatch::status_seen(std::string_view payload, Copy copy) {
  const auto nonce = text_field(payload, "nonce");
  const auto born = time_field(payload, "ts");
  const bool foreign = !nonce_.empty() && !nonce.empty() && nonce != nonce_;
  const bool after_us = copy == Copy::live || (born && *born >= started_);
  foreign_online_ = foreign && after_us && text_field(payload, "state") == "online";
}

}  // namespace telltale::broker

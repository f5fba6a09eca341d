#include "analytics/alert_id.hpp"

namespace telltale::analytics {

namespace {

constexpr std::uint64_t fnv_offset = 0xcbf29ce484222325;
constexpr std::uint64_t fnv_prime = 0x100000001b3;

void mix(std::uint64_t& hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * fnv_prime;
  hash = (hash ^ 0xFF) * fnv_prime;  // 0xFF is in no name: "ab","c" differs from "a","bc"
}

std::uint64_t finish(std::uint64_t x) {  // splitmix64
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9;
  x ^= x >> 27;
  x *= 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

std::uint64_t alert_identity(const proto::AlertTransition& alert) {
  std::uint64_t hash = fnv_offset;
  for (const auto* part : {&alert.rule, &alert.tenant, &alert.site, &alert.device, &alert.metric}) mix(hash, *part);
  return hash;
}

std::uint64_t alert_hash(std::uint64_t identity, Timestamp start) {
  std::uint64_t hash = identity;
  auto ms = static_cast<std::uint64_t>(to_ms(start));
  for (int i = 0; i < 8; ++i, ms >>= 8) hash = (hash ^ (ms & 0xFF)) * fnv_prime;
  return finish(hash);
}

std::string alert_id(std::uint64_t hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id = "a-";
  for (int shift = 60; shift >= 0; shift -= 4) id += digits[(hash >> shift) & 15];
  return id;
}

std::optional<std::uint64_t> parse_alert_id(std::string_view id) {
  if (id.size() != 18 || !id.starts_with("a-")) return std::nullopt;
  std::uint64_t hash = 0;
  for (const char c : id.substr(2)) {
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    hash = hash << 4 | digit;
  }
  return hash;
}

std::uint64_t token_hash(std::string_view text) {
  std::uint64_t hash = fnv_offset;
  mix(hash, text);
  return hash == 0 ? 1 : hash;
}

}  // namespace telltale::analytics

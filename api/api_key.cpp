#include "api/api_key.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

namespace telltale::api {

namespace {

constexpr std::string_view prefix = "tt_";
constexpr std::size_t id_bytes = 6;
constexpr std::size_t secret_bytes = 32;

template <std::size_t n>
std::string random_hex() {
  std::array<std::uint8_t, n> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(n)) != 1) throw std::runtime_error("no random numbers");
  return hex_text({reinterpret_cast<const char*>(bytes.data()), n});
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

ApiKey make_api_key() { return {random_hex<id_bytes>(), random_hex<secret_bytes>()}; }

std::string to_text(const ApiKey& key) { return std::string(prefix) + key.id + "_" + key.secret; }

std::optional<ApiKey> parse_api_key(std::string_view text) {
  constexpr auto secret_at = prefix.size() + 2 * id_bytes + 1;
  if (text.size() != secret_at + 2 * secret_bytes || !text.starts_with(prefix) || text[secret_at - 1] != '_') {
    return std::nullopt;
  }
  const auto id = text.substr(prefix.size(), 2 * id_bytes);
  const auto secret = text.substr(secret_at);
  if (!is_hex(id) || !is_hex(secret)) return std::nullopt;
  return ApiKey{std::string(id), std::string(secret)};
}

std::string sha256(std::string_view bytes) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 is not available");
  }
  return {reinterpret_cast<const char*>(digest.data()), size};
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hex_text(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace telltale::api

#include <openssl/evp.h>

#include <array>
#include <catch2/catch.hpp>

#include "notify/rate_limit.hpp"
#include "notify/request.hpp"
#include "notify/retry.hpp"
#include "notify/signature.hpp"
#include "tests/notify/scene.hpp"

using namespace telltale;
using namespace std::chrono_literals;
using notify::Verdict;

namespace {

std::string sha256(const std::string& bytes) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return {digest.begin(), digest.end()};
}

/// RFC 2104, written out; keys up to a block.
std::string hmac_by_hand(std::string key, const std::string& text) {
  key.resize(64, '\0');
  std::string inner = key, outer = key;
  for (auto& c : inner) c = static_cast<char>(c ^ 0x36);
  for (auto& c : outer) c = static_cast<char>(c ^ 0x5c);
  std::string hex;
  for (const char c : sha256(outer + sha256(inner + text))) {
    constexpr std::string_view digits = "0123456789abcdef";
    hex += digits[static_cast<unsigned char>(c) >> 4];
    hex += digits[static_cast<unsigned char>(c) & 15U];
  }
  return hex;
}

}  // namespace

TEST_CASE("a signature is the HMAC of time, dot and body", "[notify]") {
  const auto* body = GENERATE("", "{}", R"({"version":"4","alerts":[]})");
  CHECK(notify::sign(body, "open sesame", from_ms(1763700042999)) ==
        "t=1763700042,v1=" + hmac_by_hand("open sesame", std::string("1763700042.") + body));
}

TEST_CASE("retries are signed anew and carry the same delivery", "[notify]") {
  auto channel = test::channel("ops");
  channel.secret = "s";
  const auto first = notify::make_request(channel, "telltale/1", "d1", "{}", from_ms(1763700042000));
  const auto second = notify::make_request(channel, "telltale/1", "d1", "{}", from_ms(1763700043000));
  CHECK(test::header(first, "X-Telltale-Signature") == notify::sign("{}", "s", from_ms(1763700042000)));
  CHECK(test::header(first, "X-Telltale-Signature") != test::header(second, "X-Telltale-Signature"));
  CHECK(test::header(first, "X-Telltale-Delivery") == "d1");
  CHECK(test::header(second, "X-Telltale-Delivery") == "d1");
  CHECK(test::header(first, "User-Agent") == "telltale/1");
  CHECK(test::header(first, "Content-Type") == "application/json");
}

TEST_CASE("which answers are tried again", "[notify]") {
  auto [status, verdict] = GENERATE(table<long, Verdict>({
      {200, Verdict::accepted},
      {202, Verdict::accepted},
      {299, Verdict::accepted},
      {301, Verdict::refused},
      {400, Verdict::refused},
      {401, Verdict::refused},
      {404, Verdict::refused},
      {408, Verdict::retry},
      {410, Verdict::refused},
      {422, Verdict::refused},
      {429, Verdict::retry},
      {500, Verdict::retry},
      {502, Verdict::retry},
      {503, Verdict::retry},
      {599, Verdict::retry},
  }));
  CAPTURE(status);
  CHECK(notify::verdict_of_http(status) == verdict);
}

TEST_CASE("which answers of a mail server are tried again", "[notify]") {
  auto [code, verdict] = GENERATE(table<long, Verdict>({
      {0, Verdict::retry},
      {220, Verdict::retry},
      {421, Verdict::retry},
      {451, Verdict::retry},
      {535, Verdict::refused},
      {550, Verdict::refused},
      {554, Verdict::refused},
  }));
  CAPTURE(code);
  CHECK(notify::verdict_of_smtp(code) == verdict);
}

TEST_CASE("the back-off doubles from a second to five minutes", "[notify]") {
  CHECK(notify::backoff(1) == 1s);
  CHECK(notify::backoff(2) == 2s);
  CHECK(notify::backoff(9) == 256s);
  CHECK(notify::backoff(10) == 5min);
  CHECK(notify::backoff(4'000'000'000) == 5min);
}

TEST_CASE("the last attempt is an hour after the first, whatever the receiver asks for", "[notify]") {
  const Timestamp first = from_ms(1'000'000);
  CHECK(notify::next_attempt(1, first, first, {}) == first + 1s);
  CHECK(notify::next_attempt(1, first, first, Millis{120'000}) == first + 2min);
  CHECK(notify::next_attempt(3, first, first + 10s, Millis{1'000}) == first + 14s);
  CHECK(notify::next_attempt(1, first, first, Millis{24 * 3600 * 1000}) == first + 1h);
  CHECK(notify::next_attempt(20, first, first + 59min, {}) == first + 1h);
  CHECK_FALSE(notify::next_attempt(21, first, first + 1h, {}));
}

TEST_CASE("a rate limit gives a minute's worth at once and then its share", "[notify]") {
  const Timestamp start = from_ms(1'763'700'000'000);
  notify::RateLimit rate(2);
  CHECK(rate.take(start));
  CHECK(rate.take(start));
  CHECK_FALSE(rate.take(start));
  CHECK(rate.ready_at(start) == start + 30s);
  CHECK_FALSE(rate.take(start + 29s));
  CHECK(rate.take(start + 30s));
  CHECK_FALSE(rate.take(start + 31s));
  notify::RateLimit none(0);
  for (int i = 0; i < 1000; ++i) CHECK(none.take(start));
}

TEST_CASE("routing is by severity and patterns", "[notify]") {
  notify::Alert alert;
  alert.severity = proto::Severity::warning;
  alert.tenant = "default";
  alert.site = "site1";
  alert.device = "pump-3";
  alert.rule = "too-hot";
  notify::Channel channel;
  CHECK(channel.takes(alert));
  channel.device = "pump-*";
  channel.severities = {proto::Severity::warning};
  CHECK(channel.takes(alert));
  channel.severities = {proto::Severity::critical};
  CHECK_FALSE(channel.takes(alert));
  channel.severities = {};
  channel.rule = "offline";
  CHECK_FALSE(channel.takes(alert));
}

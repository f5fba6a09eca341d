#include <catch2/catch.hpp>

#include "api/health.hpp"
#include "api/json_text.hpp"

namespace telltale::api {
namespace {

TEST_CASE("readiness is ok only when every check is", "[api]") {
  auto [mqtt, storage, status, body] = GENERATE(table<const char*, const char*, unsigned, const char*>({
      {"ok", "ok", 200, R"({"status":"ok","checks":{"mqtt":"ok","storage":"ok"}})"},
      {"down", "ok", 503, R"({"status":"degraded","checks":{"mqtt":"down","storage":"ok"}})"},
      {"ok", "disk-low", 503, R"({"status":"degraded","checks":{"mqtt":"ok","storage":"disk-low"}})"},
      {"ok", "", 503, R"({"status":"degraded","checks":{"mqtt":"ok","storage":""}})"},
  }));
  const auto route = readyz_route({{"mqtt", [mqtt = mqtt] { return std::string(mqtt); }},
                                   {"storage", [storage = storage] { return std::string(storage); }}});
  const auto response = route.handler({});
  CHECK(response.status == status);
  CHECK(response.body == body);
}

TEST_CASE("any bytes become a valid JSON string", "[api]") {
  auto [bytes, text] = GENERATE(table<std::string, std::string>({
      {"plain", R"("plain")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {std::string("\0\n\r\t\x1f\x7f", 6), R"("\u0000\n\r\t\u001f\u007f")"},
      {"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80", "\"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80\""},
      {"\xC3", "\"\xEF\xBF\xBD\""},
      {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},  // a surrogate
      {"\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                  // over-long
  }));
  CHECK(json_string(bytes) == text);
}

}  // namespace
}  // namespace telltale::api

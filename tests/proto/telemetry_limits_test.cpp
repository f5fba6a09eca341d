#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "tests/proto/decoding.hpp"

using namespace telltale;
using namespace telltale::proto;
using telltale::test::Decoding;

namespace {

const std::string topic = "telemetry/site1/esp32-7";

std::string metrics(std::size_t n) {
  std::string payload = "{\"seq\":1";
  for (std::size_t i = 0; i < n; ++i) payload += ",\"m" + std::to_string(i) + "\":1";
  return payload + "}";
}

std::string rows(std::size_t n) {
  std::string payload = "[";
  for (std::size_t i = 0; i < n; ++i) payload += (i == 0 ? "" : ",") + std::string("{\"t\":1}");
  return payload + "]";
}

std::string repeated(std::string_view text, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("a message at a limit is taken, one above is refused whole", "[proto][lesson-02]") {
  Decoding decode;
  CHECK(decode.refusal(topic, metrics(256)).empty());
  CHECK(decode.out.samples.size() == 256);
  CHECK(decode.refusal(topic, metrics(257)) == "too_many_metrics");
  CHECK(decode.out.samples.empty());
  CHECK(decode.dropped() == 0);

  CHECK(decode.refusal(topic, rows(1000)).empty());
  CHECK(decode.out.samples.size() == 1000);
  CHECK(decode.refusal(topic, rows(1001)) == "too_many_rows");
  CHECK(decode.refusal(topic, "{\"batch\":" + rows(1001) + "}") == "too_many_rows");
  CHECK(decode.out.samples.empty());
}

TEST_CASE("ten thousand metrics are refused, wherever they hide", "[proto][lesson-02]") {
  DecoderOptions options;
  options.max_payload_bytes = 1024 * 1024;
  Decoding decode(options);
  CHECK(decode(topic, metrics(10'000)) == "too_many_metrics: row 0: more than 256 metrics");
  CHECK(decode.refusal(topic, "{\"a\":" + metrics(10'000) + "}") == "too_many_metrics");
  CHECK(decode.refusal(topic, "{\"values\":" + metrics(10'000) + "}") == "too_many_metrics");
  CHECK(decode.refusal(topic, "{\"t\":1,\"tags\":" + metrics(10'000) + "}") == "too_many_metrics");
  CHECK(decode.refusal(topic, "{\"t\":1,\"units\":" + metrics(10'000) + "}") == "too_many_metrics");
  CHECK(decode(topic, "[{\"t\":1}," + metrics(300) + "]") == "too_many_metrics: row 1: more than 256 metrics");
  CHECK(decode.out.samples.empty());
}

TEST_CASE("dropped values count as metrics, so that they cannot get around the limit", "[proto]") {
  std::string payload = "{\"seq\":1";
  for (int i = 0; i < 300; ++i) payload += ",\"m" + std::to_string(i) + "\":null";
  Decoding decode;
  CHECK(decode.refusal(topic, payload + "}") == "too_many_metrics");
}

TEST_CASE("a payload of 64 KiB is taken, one byte more is not", "[proto][lesson-02]") {
  const std::string head = R"({"t":1,"s":")";
  const std::string tail = "\"}";
  Decoding decode;
  const std::string filling(64 * 1024 - head.size() - tail.size(), 'x');
  CHECK(decode.refusal(topic, head + filling + tail).empty());
  CHECK(decode.out.samples.size() == 2);
  CHECK(decode(topic, head + filling + "x" + tail) == "too_large: 65537 bytes, allowed are 65536");
  CHECK(decode.out.device == "esp32-7");
  CHECK(decode.refusal("status/site1/esp32-7", std::string(70'000, 'x')) == "too_large");
}

TEST_CASE("deep nesting is refused without using the stack", "[proto][lesson-02]") {
  Decoding decode;
  for (const std::string open : {"[", "{\"a\":", "[{\"a\":"}) {
    CAPTURE(open);
    CHECK(decode.refusal(topic, repeated(open, 10'000)) == "too_deep");
    CHECK(decode.refusal(topic, "{\"x\":" + repeated(open, 64'000 / open.size())) == "too_deep");
  }
  CHECK(decode.refusal(topic, "{\"x\":" + repeated("[", 63) + repeated("]", 63) + "}").empty());
  CHECK(decode.dropped(DropReason::array_value) == 1);
  CHECK(decode.refusal(topic, "{\"x\":" + repeated("[", 64) + repeated("]", 64) + "}") == "too_deep");
}

TEST_CASE("what is not UTF-8 is refused with its place", "[proto][lesson-02]") {
  const auto [payload, offset] = GENERATE(table<std::string, std::string>({
      {"{\"a\":\"\xff\"}", "byte 6:"},
      {"{\"\xc3\":1}", "byte 2:"},
      {"{\"a\":\"\xc0\x80\"}", "byte 6:"},                   // overlong NUL
      {"{\"a\":\"\xed\xa0\x80\"}", "byte 6:"},               // surrogate
      {"{\"a\":\"\xf4\x90\x80\x80\"}", "byte 6:"},           // beyond U+10FFFF
      {"{\"a\":\"0123456789abcdef\xe2\x82\"}", "byte 22:"},  // cut short
      {"{\"a\":\"\\udc00\"}", "byte"},                       // lone surrogate as an escape
      {"\x80", "byte 0:"},
  }));
  CAPTURE(payload);
  Decoding decode;
  const auto refusal = decode(topic, payload);
  CHECK(refusal.find("bad_utf8: " + offset) == 0);
}

TEST_CASE("a JSON error names the byte", "[proto]") {
  const auto [payload, expected] = GENERATE(table<std::string, std::string>({
      {R"({"a":1,})", "byte 7:"},
      {R"({"a":1)", "byte 6:"},
      {R"({"a" 1})", "byte 5:"},
      {R"({"a":1} x)", "byte 8:"},
      {R"({"a":1}{"a":2})", "byte 7:"},
      {"{\"a\":\"x", "byte"},
      {"[1,", "byte 3:"},
      {" ", "byte 1:"},
      {std::string("\0", 1), "byte 0:"},
      {std::string("{\"a\":1}\0x", 9), "byte 7:"},
      {std::string("{\"a\":\"x\0y\"}", 11), "byte 7:"},
      {"{\"a\":\"\t\"}", "byte"},
  }));
  CAPTURE(payload);
  Decoding decode;
  const auto refusal = decode(topic, payload);
  CAPTURE(refusal);
  CHECK(refusal.find("bad_json: " + expected) == 0);
}

TEST_CASE("NUL characters behind the JSON value are tolerated", "[proto]") {
  Decoding decode;
  CHECK(decode(topic, std::string("{\"a\":1}\0", 8)) == "a=1");
  CHECK(decode(topic, std::string("{\"a\":1} \n\0\0\0", 12)) == "a=1");
  CHECK(decode(topic + "/t", std::string("23.4\0", 5)) == "t=23.4");
}

TEST_CASE("a hundred refused messages leave nothing behind", "[proto][lesson-02]") {
  Decoding decode;
  for (int i = 0; i < 100; ++i) {
    CHECK_FALSE(decode.refusal(topic, "{\"a\":1,\"b\":nan,\"a\":2,\"tags\":{\"x\":1}").empty());
    CHECK(decode.out.samples.empty());
    CHECK(decode.out.tags.empty());
    CHECK(decode.dropped() == 0);
  }
  CHECK(decode(topic, R"({"a":1})") == "a=1");
}

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "tests/proto/decoding.hpp"

using namespace telltale;
using namespace telltale::proto;
using telltale::test::Decoding;

namespace {
const std::string topic = "telemetry/site1/esp32-7";
}

TEST_CASE("values of every kind become what contracts 2 says", "[proto]") {
  const auto [payload, expected] = GENERATE(table<std::string, std::string>({
      {R"({"a":21.4})", "a=21.4"},
      {R"({"a":-62.5e-3})", "a=-0.0625"},
      {R"({"a":0})", "a=0"},
      {R"({"a":0.1})", "a=0.1"},
      {R"({"a":true,"b":false})", "a=true b=false"},
      {R"({"a":"open"})", "a='open'"},
      {R"({"a":""})", "a=''"},
      {R"({"a":"21.4"})", "a='21.4'"},
      {R"({"a":"h\u00e9\n\"x\" \ud83d\ude00"})", "a='hé\n\"x\" 😀'"},
      {R"({"\u0061":1})", "a=1"},
      {R"({"bme280":{"t":21}})", "bme280_t=21"},
      {R"({"a":{"b":{"c":{"d":{"e":1}}}}})", "a_b_c_d_e=1"},
      {R"({"a":{},"b":1})", "b=1"},
      {R"({"a":{"":2}})", "a_=2"},
      {R"({"a":1e-400})", "a=0"},
      {R"({"a":123456789012345678901234567890})", "a=1.2345678901234568e+29"},
  }));
  CAPTURE(payload);
  Decoding decode;
  CHECK(decode(topic, payload) == expected);
  CHECK(decode.dropped() == 0);
}

TEST_CASE("whole numbers beyond 2^53 keep every digit", "[proto][lesson-14]") {
  const auto [payload, expected] = GENERATE(table<std::string, std::string>({
      {R"({"a":537})", "a=537"},
      {R"({"a":537.0})", "a=537"},
      {R"({"a":9007199254740992})", "a=9007199254740992"},
      {R"({"a":9007199254740993})", "a=i9007199254740993"},
      {R"({"a":-9007199254740993})", "a=i-9007199254740993"},
      {R"({"a":9223372036854775807})", "a=i9223372036854775807"},
      {R"({"a":-9223372036854775808})", "a=i-9223372036854775808"},
      {R"({"a":9223372036854775808})", "a=9223372036854775808"},
      {R"({"a":9007199254740993.0})", "a=9007199254740992"},
  }));
  CAPTURE(payload);
  Decoding decode;
  CHECK(decode(topic, payload) == expected);
}

TEST_CASE("a failed sensor's nan, inf and null are no reading, and never zero", "[proto][lesson-15]") {
  const auto token =
      GENERATE(as<std::string>(), "null", "nan", "NaN", "NAN", "nAn", "-nan", "-NAN", "inf", "Inf", "INF", "-inf",
               "infinity", "Infinity", "INFINITY", "-Infinity", "+inf", "+nan", "1e400", "-1e400");
  CAPTURE(token);
  Decoding decode;
  CHECK(decode(topic, R"({"humidity":48,"temperature":)" + token + R"(,"door":true})") == "humidity=48 door=true");
  CHECK(decode.dropped(DropReason::null_value) == 1);
  CHECK(decode(topic, R"({"temperature":)" + token + "}").empty());
  CHECK(decode.taken());
  CHECK(decode(topic, R"([{"t":)" + token + R"(},{"t": )" + token + R"( },{"t":2}])") == "t=2");
  CHECK(decode(topic + "/temperature", token).empty());
  CHECK(decode.taken());
  CHECK(decode.dropped(DropReason::null_value) == 1);
}

TEST_CASE("strings that look like failed sensors stay as they are", "[proto][lesson-15]") {
  const auto text = GENERATE(as<std::string>(), "nan", "INF", ":nan,", "a\\\"nan", "\\\\", "\\\\\\\"inf", "1e400",
                             "infinity", "{nan}", "null");
  CAPTURE(text);
  Decoding decode;
  std::string unescaped;
  for (std::size_t i = 0; i < text.size(); ++i) unescaped += text[i] == '\\' ? text[++i] : text[i];
  CHECK(decode(topic, R"({"NAN":")" + text + R"(","b":NAN})") == "NAN='" + unescaped + "'");
  CHECK(decode.dropped(DropReason::null_value) == 1);
}

TEST_CASE("words that are no values are errors", "[proto][lesson-15]") {
  const auto token = GENERATE(as<std::string>(), "nanx", "infin", "nul", "True", "NULL", "--nan", "1nan", "nan1", "-",
                              "+1", ".5", "0x10", "01", "'a'", "open");
  CAPTURE(token);
  Decoding decode;
  CHECK(decode.refusal(topic, R"({"t":)" + token + "}") == "bad_json");
}

TEST_CASE("a bad metric is dropped alone and counted", "[proto]") {
  const auto [payload, expected, reason] = GENERATE(table<std::string, std::string, DropReason>({
      {R"({"a":1,"2b":2})", "a=1", DropReason::bad_name},
      {R"({"a":1,"":2})", "a=1", DropReason::bad_name},
      {R"({"a":1,"b c":2})", "a=1", DropReason::bad_name},
      {R"({"a":1,"é":2})", "a=1", DropReason::bad_name},
      {R"({"a":1,"b":[1,2]})", "a=1", DropReason::array_value},
      {R"({"a":1,"b":{"c":[]}})", "a=1", DropReason::array_value},
      {R"({"a":{"b":{"c":{"d":{"e":{"f":1}}}}},"z":2})", "z=2", DropReason::too_deep},
      {R"({"a":1,"b":null})", "a=1", DropReason::null_value},
  }));
  CAPTURE(payload);
  Decoding decode;
  CHECK(decode(topic, payload) == expected);
  CHECK(decode.dropped(reason) == 1);
}

TEST_CASE("a name that flattening makes too long is dropped", "[proto]") {
  Decoding decode;
  const std::string thirty(30, 'n');
  CHECK(decode(topic, R"({")" + thirty + R"(":{")" + thirty + R"(":1},"ok":2})") == "ok=2");
  CHECK(decode.dropped(DropReason::bad_name) == 1);
}

TEST_CASE("of duplicate keys the last wins and the others are counted", "[proto]") {
  const auto [payload, expected, count] = GENERATE(table<std::string, std::string, std::uint32_t>({
      {R"({"a":1,"a":2})", "a=2", 1},
      {R"({"a":1,"b":5,"a":2,"a":3})", "b=5 a=3", 2},
      {R"({"a":1,"a":null})", "", 1},
      {R"({"a":null,"a":1})", "a=1", 1},
      {R"({"a":1,"\u0061":2})", "a=2", 1},
      {R"({"ts":12,"a":1,"ts":1763700000})", "a=1@1763700000000", 1},
      {R"({"a":{"b":1,"b":2}})", "a_b=2", 1},
      {R"({"a":{"b":1},"a":{"c":2}})", "a_c=2", 1},
      {R"({"a_b":1,"a":{"b":2}})", "a_b=2", 1},
      {R"({"t":1,"values":{"t":2}})", "t=2", 1},
      {R"([{"a":1},{"a":2}])", "a=1 a=2", 0},
  }));
  CAPTURE(payload);
  Decoding decode;
  CHECK(decode(topic, payload) == expected);
  CHECK(decode.dropped(DropReason::duplicate_key) == count);
}

TEST_CASE("duplicates are found among many keys as well", "[proto]") {
  std::string payload = "{";
  for (int i = 0; i < 100; ++i) payload += "\"k" + std::to_string(i % 60) + "\":" + std::to_string(i) + ",";
  payload.back() = '}';
  Decoding decode;
  decode(topic, payload);
  CHECK(decode.out.samples.size() == 60);
  CHECK(decode.dropped(DropReason::duplicate_key) == 40);
  for (const auto& sample : decode.out.samples) {
    const auto k = std::stoi(std::string(sample.metric.substr(1)));
    CHECK(sample.number == (k < 40 ? k + 60 : k));
  }
}

TEST_CASE("text of a metric that is declared numeric is read as a number where it is one", "[proto][lesson-15]") {
  DecoderOptions options;
  options.numeric_metrics = {"temp*", "count"};
  const auto [payload, expected] = GENERATE(table<std::string, std::string>({
      {R"({"temperature":"21.4"})", "temperature=21.4"},
      {R"({"temperature":" -3 "})", "temperature=-3"},
      {R"({"count":"9007199254740993"})", "count=i9007199254740993"},
      {R"({"temperature":"n/a"})", "temperature='n/a'"},
      {R"({"temperature":"21.4 C"})", "temperature='21.4 C'"},
      {R"({"temperature":"nan"})", ""},
      {R"({"door":"21.4"})", "door='21.4'"},
  }));
  CAPTURE(payload);
  Decoding decode(options);
  CHECK(decode(topic, payload) == expected);
  CHECK(decode.dropped(DropReason::null_value) == (expected.empty() ? 1 : 0));
}

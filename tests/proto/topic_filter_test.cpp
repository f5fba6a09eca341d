#include "proto/topic_filter.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "proto/config_error.hpp"
#include "proto/topic_template.hpp"

using namespace telltale::proto;

TEST_CASE("a topic filter is checked before it is sent to a broker", "[proto][lesson-30]") {
  const auto [filter, valid] = GENERATE(table<std::string, bool>({
      {"#", true},
      {"+", true},
      {"+/+", true},
      {"telemetry/#", true},
      {"telemetry/+/esp32-7/#", true},
      {"/foo", true},
      {"a//b", true},
      {"$share/g/telemetry/#", true},
      {"$SYS/#", true},
      {"", false},
      {"foo/#/baz", false},
      {"foo#", false},
      {"foo/#bar", false},
      {"foo+/bar", false},
      {"foo/+bar", false},
      {"##", false},
      {"$share/g", false},
      {"$share//a", false},
      {"$share/+/a", false},
      {"$share/g/", false},
      {std::string("a\0b", 3), false},
      {std::string(65536, 'a'), false},
  }));
  CAPTURE(filter);
  const auto fault = topic_filter_fault(filter);
  CHECK(fault.has_value() != valid);
}

TEST_CASE("filters match topics as MQTT 5 says in 4.7", "[proto]") {
  const auto [filter, topic, expected] = GENERATE(table<std::string, std::string, bool>({
      {"a/b", "a/b", true},
      {"a/b", "a/b/c", false},
      {"a/b/c", "a/b", false},
      {"a/+", "a/b", true},
      {"a/+", "a/", true},
      {"a/+", "a", false},
      {"a/+", "a/b/c", false},
      {"+/+", "/finance", true},
      {"/+", "/finance", true},
      {"+", "/finance", false},
      {"a/#", "a", true},
      {"a/#", "a/b/c", true},
      {"a/#", "ab", false},
      {"a/+/#", "a/b", true},
      {"a/+/#", "a", false},
      {"#", "a/b", true},
      {"#", "$SYS/broker", false},
      {"+/broker", "$SYS/broker", false},
      {"$SYS/#", "$SYS/broker", true},
      {"a/b/#", "a/c", false},
      {"a//b", "a//b", true},
      {"a/+/b", "a//b", true},
      {"$share/g/a/+", "a/b", true},
      {"$share/g/a/+", "b/b", false},
      {"a", "", false},
  }));
  CAPTURE(filter, topic);
  CHECK(filter_matches(filter, topic) == expected);
}

TEST_CASE("a mapping's template gives the filter to subscribe to", "[proto]") {
  const auto [text, filter] = GENERATE(table<std::string, std::string>({
      {"tele/{device}/SENSOR", "tele/+/SENSOR"},
      {"sensors/{metric}/{device}", "sensors/+/+"},
      {"spBv1.0/{group}/{type=DDATA|NDATA}/{edge}/{rest...}", "spBv1.0/+/+/+/#"},
      {"{_}/events/rpc", "+/events/rpc"},
      {"{all...}", "#"},
      {"/x/{device}", "/x/+"},
  }));
  CAPTURE(text);
  CHECK(topic_filter_of(text) == filter);
  CHECK_FALSE(topic_filter_fault(topic_filter_of(text)));
}

TEST_CASE("a template that cannot work is refused", "[proto][lesson-30]") {
  const auto text =
      GENERATE(as<std::string>(), "", "{rest...}/x", "a/{device", "a/x{device}", "a/{device}x", "a/{}", "a/{1}",
               "a/{de vice}", "a/{x=}", "a/{x=a||b}", "a/{device}/{device}", "a/+/b", "a/#", "a/{...}", "a/}{/b");
  CAPTURE(text);
  CHECK_THROWS_AS(TopicTemplate(text), ConfigError);
}

TEST_CASE("a template takes exactly the topics of its shape", "[proto]") {
  const auto [text, topic, expected] = GENERATE(table<std::string, std::string, std::string>({
      {"tele/{device}/SENSOR", "tele/plug3/SENSOR", "tele|plug3|SENSOR"},
      {"tele/{device}/SENSOR", "tele/plug3/LWT", "-"},
      {"tele/{device}/SENSOR", "tele/plug3", "-"},
      {"tele/{device}/SENSOR", "tele/plug3/SENSOR/x", "-"},
      {"a/{k=x|y}", "a/x", "a|x"},
      {"a/{k=x|y}", "a/z", "-"},
      {"a/{_}/c", "a/b/c", "a|b|c"},
      {"a/{rest...}", "a", "a|"},
      {"a/{rest...}", "a/", "a|"},
      {"a/{rest...}", "a/b/c", "a|b/c"},
      {"a/{rest...}", "b", "-"},
  }));
  CAPTURE(text, topic);
  std::vector<std::string_view> levels;
  std::string got = "-";
  if (TopicTemplate(text).match(topic, levels)) {
    got.clear();
    for (const auto& level : levels) got += (&level == levels.data() ? "" : "|") + std::string(level);
  }
  CHECK(got == expected);
}

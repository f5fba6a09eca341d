#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <tuple>

#include "proto/config_error.hpp"
#include "proto/decoder.hpp"

using namespace telltale::proto;

TEST_CASE("a mapping that cannot work is refused at start, by name and cause", "[proto][lesson-30]") {
  using Spoil = std::function<void(Mapping&)>;
  const auto [cause, spoil] = GENERATE(table<std::string, Spoil>({
      {"published by the service itself", [](Mapping& m) { m.topic = "alerts/{_}/{device}"; }},
      {"published by the service itself", [](Mapping& m) { m.topic = "aggregates/{device}"; }},
      {"published by the service itself", [](Mapping& m) { m.topic = "control-reply/{device}"; }},
      {"never reaches a mapping", [](Mapping& m) { m.topic = "telemetry/{_}/{device}"; }},
      {"is empty", [](Mapping& m) { m.topic = ""; }},
      {"must be the last level", [](Mapping& m) { m.topic = "a/{rest...}/{device}"; }},
      {"nothing names the device", [](Mapping& m) { m.topic = "a/{name}"; }},
      {"has no level {edge}", [](Mapping& m) { m.device = "{edge}:x"; }},
      {"is not a site", [](Mapping& m) { m.set = {{"site", "Home Sweet"}}; }},
      {"is not a device", [](Mapping& m) { m.set = {{"device", "my device"}}; }},
      {"cannot be a tag", [](Mapping& m) { m.set = {{"the room", "attic"}}; }},
      {"nothing names the metric", [](Mapping& m) { m.metrics.clear(); }},
      {"listed or auto", [](Mapping& m) { m.metrics_auto = true; }},
      {"start with '/'", [](Mapping& m) { m.metrics = {{"t", "t", ""}}; }},
      {"'~' is followed by", [](Mapping& m) { m.metrics = {{"/a~3", "t", ""}}; }},
      {"{2} has no star", [](Mapping& m) { m.metrics = {{"/*/t", "{2}_t", ""}}; }},
      {"'{' without '}'", [](Mapping& m) { m.metrics = {{"/*/t", "{1_t", ""}}; }},
      {"more than 8 stars", [](Mapping& m) { m.metrics = {{"/*/*/*/*/*/*/*/*/*", "t", ""}}; }},
      {"is not a metric name", [](Mapping& m) { m.metrics = {{"/2 m", "", ""}}; }},
      {"a metric has no name", [](Mapping& m) { m.metrics = {{"", "", ""}}; }},
      {"unknown time zone", [](Mapping& m) { m.time = Mapping::Time{"/t", "Europe/Pragg"}; }},
      {"start with '/'", [](Mapping& m) { m.time = Mapping::Time{"t", ""}; }},
      {"start with '/'", [](Mapping& m) { m.ignore = {"x"}; }},
      {"enum belongs to codec plain", [](Mapping& m) { m.enum_values = {{"a", 1}}; }},
      {"codec plain has no pointers", [](Mapping& m) { m.codec = Mapping::Codec::plain; }},
      {"codec plain has one value",
       [](Mapping& m) {
         m.codec = Mapping::Codec::plain;
         m.metrics = {{"", "a", ""}, {"", "b", ""}};
       }},
      {"codec plain has one value",
       [](Mapping& m) {
         m.codec = Mapping::Codec::plain;
         m.metrics.clear();
         m.metrics_auto = true;
       }},
      {"role status has no metrics", [](Mapping& m) { m.role = Mapping::Role::status; }},
      {"without stars",
       [](Mapping& m) {
         m.role = Mapping::Role::status;
         m.metrics.clear();
         m.state_at = "/*";
       }},
  }));
  Mapping mapping;
  mapping.name = "attic";
  mapping.topic = "a/{device}";
  mapping.metrics = {{"/t", "t", ""}};
  DecoderOptions options;
  options.mappings = {mapping};
  CHECK_NOTHROW(Decoder{options});

  spoil(options.mappings.front());
  CAPTURE(cause);
  std::string message;
  try {
    const Decoder decoder(options);
  } catch (const ConfigError& e) {
    message = e.what();
  }
  CAPTURE(message);
  CHECK(message.find("mapping 'attic'") == 0);
  CHECK(message.find(cause) != std::string::npos);
}

TEST_CASE("an unknown zone of the decoder is refused at start", "[proto][lesson-30]") {
  DecoderOptions options;
  options.zone = "Mars/Olympus";
  CHECK_THROWS_AS(Decoder{options}, ConfigError);
}

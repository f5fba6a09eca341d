#include <catch2/catch.hpp>

#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;

TEST_CASE("a rule without `for` fires at the first reading and clears at the first at or past `clear`",
          "[analytics][lesson-27]") {
  Story story(only(too_hot()));
  story.temperature(70).advance(1s).temperature(80).advance(1s).temperature(86.2);
  REQUIRE(story.alerts() == Strings{"firing too-hot esp32-7"});
  const auto fired = story.last_alert();
  CHECK(fired.n == 1);
  CHECK(fired.ts == story.now());
  CHECK(fired.started == story.now());
  CHECK(fired.count == 1);
  CHECK(fired.value == 86.2);
  CHECK(fired.threshold == 80.0);
  CHECK(fired.severity == proto::Severity::critical);
  CHECK(fired.summary == "temperature 86.2 Cel > 80 on esp32-7");
  CHECK(fired.id.size() == 18);
  CHECK(fired.id.starts_with("a-"));

  story.advance(1s).temperature(78).advance(1s).temperature(90).advance(1s).temperature(79);
  CHECK(story.alerts().size() == 1);

  story.advance(1s).temperature(75);
  CHECK(story.alerts() == Strings{"firing too-hot esp32-7", "resolved too-hot esp32-7"});
  CHECK(story.last_alert().id == fired.id);
  CHECK(story.last_alert().n == 2);
  CHECK(story.last_alert().count == 2);
  CHECK(story.last_alert().value == 75.0);
}

TEST_CASE("limits are exclusive when they fire and inclusive when they clear", "[analytics]") {
  using Row = std::tuple<std::optional<double>, std::optional<double>, std::optional<double>, double, double, double>;
  // above, below, clear; a value that just keeps it quiet, one that fires, one that clears
  auto [above, below, clear, quiet, fires, clears] =
      GENERATE(table<std::optional<double>, std::optional<double>, std::optional<double>, double, double, double>({
          Row{80, {}, {}, 80, 80.1, 80},
          Row{80, {}, 75, 80, 80.1, 75},
          Row{{}, 5, {}, 5, 4.9, 5},
          Row{{}, 5, 7, 5, 4.9, 7},
          Row{80, 5, {}, 80, 81, 80},
          Row{80, 5, {}, 5, 4, 5},
          Row{80, 5, 60, 80, 81, 60},
          Row{-10, {}, -15, -10, -9, -15},
      }));
  auto rule = too_hot();
  rule.check = proto::ThresholdCheck{above, below, clear};
  CAPTURE(above, below, clear, quiet);
  Story story(only(rule));
  story.temperature(quiet).advance(1s);
  CHECK(story.alerts().empty());
  story.temperature(fires).advance(1s);
  CHECK(story.alerts().size() == 1);
  story.temperature(clears);
  CHECK(story.alerts() == Strings{"firing too-hot esp32-7", "resolved too-hot esp32-7"});
}

TEST_CASE("`for` is event time: the first reading that still violates after it fires", "[analytics]") {
  auto rule = too_hot();
  rule.persistence = Millis{10s};
  Story story(only(rule));
  const auto start = story.now();
  story.temperature(85);
  CHECK(story.engine.next_deadline() == start + 10s);
  story.advance(5s).temperature(86).advance(4999ms).temperature(87);
  CHECK(story.alerts().empty());
  story.advance(1ms).temperature(88);
  REQUIRE(story.alerts() == Strings{"firing too-hot esp32-7"});
  CHECK(story.last_alert().started == start);
  CHECK(story.last_alert().count >= 3);
  CHECK(story.last_alert().ts == start + 10s);
}

TEST_CASE("a batch of buffered readings fires by its own times, without waiting", "[analytics]") {
  auto rule = too_hot();
  rule.persistence = Millis{10s};
  Story story(only(rule));
  story.series("site1/esp32-7", "temperature");
  proto::Batch batch;
  for (int i = 0; i < 11; ++i)
    batch.readings.push_back(story.reading("site1/esp32-7", "temperature", 85, story.now() - 10s + i * 1s));
  story.batch(batch);
  CHECK(story.alerts() == Strings{"firing too-hot esp32-7"});
  CHECK(story.last_alert().count == 11);
}

TEST_CASE("one good reading starts `for` anew", "[analytics][lesson-27]") {
  auto rule = too_hot();
  rule.persistence = Millis{10s};
  Story story(only(rule));
  story.temperature(85).advance(9s).temperature(79).advance(1s).temperature(85).pass(9s);
  CHECK(story.alerts().empty());
  story.pass(1s);
  CHECK(story.alerts() == Strings{"firing too-hot esp32-7"});
}

TEST_CASE("`for` fires by deadline while the series is fresh, and not when it is stale", "[analytics]") {
  auto [length, fires] = GENERATE(table<Millis, bool>({{10s, true}, {89s, true}, {90s, false}, {300s, false}}));
  auto rule = too_hot();
  rule.persistence = length;
  CAPTURE(length.count());
  Story story(only(rule));
  const auto start = story.now();
  story.temperature(85).pass(length);
  CHECK(story.alerts().empty() != fires);
  if (fires) {
    CHECK(story.last_alert().ts == start + length);
    CHECK(story.last_alert().value == 85.0);
  } else {
    story.temperature(85.5);
    CHECK(story.alerts() == Strings{"firing too-hot esp32-7"});
    CHECK(story.last_alert().started == start);
  }
}

TEST_CASE("N of M fires when N of the last M readings violated", "[analytics]") {
  auto rule = too_hot();
  rule.persistence = proto::NofM{3, 5};
  Story story(only(rule));
  const auto feed = [&](std::initializer_list<double> values) {
    for (const double v : values) story.advance(1s).temperature(v);
  };
  feed({85, 70, 85, 70, 70, 85, 70, 85});
  CHECK(story.alerts().empty());
  feed({85});
  CHECK(story.alerts() == Strings{"firing too-hot esp32-7"});
  feed({70});
  CHECK(story.alerts().size() == 2);
  feed({85, 85});
  CHECK(story.alerts().size() == 2);
}

TEST_CASE("only readings newer than the newest reach a rule", "[analytics]") {
  Story story(only(too_hot()));
  const auto start = story.now();
  story.temperature(70);
  story.reads_at("site1/esp32-7", "temperature", 95, start);        // the same time again
  story.reads_at("site1/esp32-7", "temperature", 95, start - 10s);  // out of order
  CHECK(story.alerts().empty());
  story.reads_at("site1/esp32-7", "temperature", 95, start + 1ms);
  CHECK(story.alerts().size() == 1);
  story.reads_at("site1/esp32-7", "temperature", 20, start - 1s);
  CHECK(story.alerts().size() == 1);
}

TEST_CASE("readings older than live_max_age and a heartbeat are history: they neither fire nor resolve",
          "[analytics]") {
  auto [age, live] = GENERATE(table<Millis, bool>({{180s, true}, {180s + 1ms, false}, {2h, false}}));
  CAPTURE(age.count());
  Story story(only(too_hot()));
  story.advance(24h).reads_at("site1/esp32-7", "temperature", 95, story.now() - age);
  CHECK(story.alerts().empty() != live);
}

TEST_CASE("a value of the backlog is judged once, the last of its series, when we have caught up",
          "[analytics][lesson-25]") {
  Story story(only(too_hot()));
  story.link(proto::LinkState::started).link(proto::LinkState::up);
  for (const double v : {95.0, 96.0, 97.0, 71.0})
    story.advance(1ms).reads_at("site1/a", "temperature", v, story.now(), proto::TsSource::backlog);
  for (const double v : {71.0, 98.0})
    story.advance(1ms).reads_at("site1/b", "temperature", v, story.now(), proto::TsSource::backlog);
  CHECK(story.alerts().empty());
  story.advance(1s).link(proto::LinkState::caught_up);
  REQUIRE(story.alerts() == Strings{"firing too-hot b"});
  CHECK(story.last_alert().value == 98.0);
  CHECK(story.last_alert().count == 1);
  story.link(proto::LinkState::caught_up);
  CHECK(story.alerts().size() == 1);
}

TEST_CASE("retained copies, text, NaN and infinity are not judged", "[analytics][lesson-12]") {
  Story story(only(too_hot()));
  story.temperature(70).advance(1s);
  story.event(proto::RetainedValue{story.series("site1/esp32-7", "temperature"), story.now(), 99});
  story.temperature(std::nan("")).temperature(HUGE_VAL);
  auto text = story.reading("site1/esp32-7", "temperature", 99, story.now());
  text.type = proto::ValueType::text;
  proto::Batch batch;
  batch.readings.push_back(text);
  story.batch(batch);
  CHECK(story.alerts().empty());
  story.temperature(81);
  CHECK(story.alerts().size() == 1);
}

TEST_CASE("a message template is filled", "[analytics]") {
  auto rule = too_hot();
  rule.message = "{site}/{device}: {metric} is {value} {unit}, limit {threshold} {what}";
  rule.runbook = "https://wiki.example/hot";
  Story story(only(rule));
  story.temperature(86.25);
  CHECK(story.last_alert().summary == "site1/esp32-7: temperature is 86.25 Cel, limit 80 {what}");
  CHECK(story.last_alert().runbook == "https://wiki.example/hot");
}

TEST_CASE("a unit that a metric does not have leaves no second space in a message", "[analytics]") {
  const auto [message, summary] = GENERATE(table<std::string, std::string>({
      {"{value} {unit} > {threshold}", "86.25 > 80"},
      {"limit {threshold} {unit}, now {value} {unit}", "limit 80, now 86.25"},
      {"{unit} {value}", "86.25"},
      {"[{unit}]", "[]"},
      {"{value}{unit} on {device}", "86.25 on esp32-7"},
  }));
  auto rule = too_hot();
  rule.message = message;
  Story story(only(rule));
  story.series("site1/esp32-7", "temperature", "");
  story.temperature(86.25);
  CHECK(story.last_alert().summary == summary);
}

TEST_CASE("an alert does not start after it was raised", "[analytics]") {
  Story story(only(too_hot()));
  proto::Batch batch;
  batch.readings.push_back(story.reading("site1/esp32-7", "temperature", 99, story.now() + 7ms,
                                         proto::TsSource::receive));  // stamped while its batch was open
  story.batch(batch);
  CHECK(story.last_alert().ts == story.now());
  CHECK(story.last_alert().started == story.now());
}

TEST_CASE("a rule watches the series that its patterns and tags match", "[analytics]") {
  auto rule = too_hot();
  rule.site = "hall*";
  rule.device = "esp32-*";
  rule.tags = {{"fw", "1.4.*"}};
  Story story(only(rule));
  const auto hot = [&](const std::string& device, const std::string& metric) {
    story.advance(1s).reads(device, metric, 99);
  };
  hot("hall1/esp32-1", "temperature");
  CHECK(story.alerts().empty());
  story.event(proto::DeviceTags{story.device("hall1/esp32-1"), {{"fw", "1.4.2"}, {"room", "7"}}});
  for (const auto* path : {"hall1/esp32-1", "yard/esp32-1", "hall1/pi-1"}) hot(path, "temperature");
  hot("hall1/esp32-1", "humidity");
  CHECK(story.alerts() == Strings{"firing too-hot esp32-1"});
  story.event(proto::DeviceTags{story.device("hall1/esp32-1"), {{"fw", "1.5.0"}}});
  CHECK(story.alerts() == Strings{"firing too-hot esp32-1", "removed too-hot esp32-1"});
}

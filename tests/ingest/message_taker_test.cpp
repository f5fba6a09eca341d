#include "ingest/message_taker.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/recording.hpp"

using namespace telltale;
using namespace std::chrono_literals;
using ingest::MessageTaker;
using ingest::WriterOptions;
using proto::Outcome;

namespace {

const auto now = from_ms(1'763'700'000'000);

/// A taker, an open batch, and messages from text.
struct Bench {
  explicit Bench(WriterOptions options = make_options()) : taker(options, {}, {}, metrics) {
    taker.connected(1, true);
    taker.caught_up(true);
  }
  static WriterOptions make_options() {
    WriterOptions options;
    options.filters = {"telemetry/#", "status/#"};
    return options;
  }
  Outcome take(std::string_view topic, std::string payload, broker::InboundMessage flags = {}) {
    payload.push_back('\0');
    flags.topic = topic;
    flags.payload = payload.data();
    flags.payload_size = static_cast<std::uint32_t>(payload.size() - 1);
    if (flags.original_size == 0) flags.original_size = flags.payload_size;
    return taker.take(flags, at, batch);
  }
  template <class E>
  std::vector<E> events() const {
    std::vector<E> found;
    for (const auto& placed : batch.events) {
      if (const auto* e = std::get_if<E>(&placed.event)) found.push_back(*e);
    }
    return found;
  }
  Timestamp at = now;
  test::PlainMetrics metrics;
  MessageTaker taker;
  proto::Batch batch;
};

broker::InboundMessage qos1(std::uint16_t id, bool dup = false) {
  broker::InboundMessage m{};
  m.qos = 1;
  m.packet_id = id;
  m.dup = dup;
  return m;
}

broker::InboundMessage retained() {
  auto m = qos1(1);
  m.retain = true;
  return m;
}

}  // namespace

TEST_CASE("a device and its series are announced before their first reading, once", "[ingest]") {
  Bench b;
  CHECK(b.take("telemetry/s/d", R"({"temperature":21.5,"humidity":40})") == Outcome::stored);
  CHECK(b.take("telemetry/s/d", R"({"humidity":41,"temperature":21.6})") == Outcome::stored);
  CHECK(b.events<proto::NewDevice>().size() == 1);
  CHECK(b.events<proto::NewSeries>().size() == 2);
  REQUIRE(b.batch.readings.size() == 4);
  CHECK(b.batch.readings[0].series == b.batch.readings[3].series);
  for (const auto& placed : b.batch.events) CHECK(placed.before_reading <= 1);
}

TEST_CASE("stamps on receipt are strictly increasing per series, so that nothing collapses", "[ingest]") {
  Bench b;
  for (int i = 0; i < 5; ++i) (void)b.take("telemetry/s/d/level", "1");
  REQUIRE(b.batch.readings.size() == 5);
  for (int i = 0; i < 5; ++i) {
    CHECK(b.batch.readings[static_cast<std::size_t>(i)].ts == now + std::chrono::milliseconds(i));
    CHECK(b.batch.readings[static_cast<std::size_t>(i)].source == proto::TsSource::receive);
  }
}

TEST_CASE("a stamp of ours takes no reading's place, though our clock was set back", "[ingest]") {
  Bench b;
  const auto ms = to_ms(now);
  for (int i = 0; i < 3; ++i) (void)b.take("telemetry/s/d", R"({"level":1,"ts":)" + std::to_string(ms + i) + "}");
  b.at = now - std::chrono::hours(1);
  (void)b.take("telemetry/s/d", R"({"level":2,"ts":)" + std::to_string(ms + 3) + "}");  // for us an hour ahead
  b.at = now + std::chrono::milliseconds(1);
  (void)b.take("telemetry/s/d/level", "3");
  REQUIRE(b.batch.readings.size() == 5);
  for (std::size_t i = 1; i < 5; ++i) CHECK(b.batch.readings[i].ts > b.batch.readings[i - 1].ts);
  CHECK(b.batch.readings[3].source == proto::TsSource::receive);
}

TEST_CASE("what a device answers is told once, and an old acknowledgement not at all", "[ingest]") {
  std::vector<std::string> told;
  auto options = Bench::make_options();
  options.limits.max_devices = 1;
  options.on_reply = [&](const proto::DeviceReply& reply) {
    told.push_back(std::string(reply.device) + ' ' + std::string(reply.name) + ' ' + std::string(reply.id));
  };
  Bench b(options);
  b.take("ack/s/d/reset", R"({"id":"c-1"})", qos1(1));
  b.take("ack/s/d/reset", R"({"id":"c-2"})", retained());
  b.take("ack/s/d/reset", "done");
  b.take("status/s/d", R"({"state":"online","config_version":7})", retained());
  b.take("status/s/d", R"({"state":"dancing","config_version":8})");  // a dead letter
  b.take("status/s/d", R"({"state":"online"})");
  b.take("status/s/other", R"({"state":"online","config_version":7})");  // more than the allowed devices
  CHECK(told == std::vector<std::string>{"d reset c-1", "d  7"});
}

TEST_CASE("before the marker readings without own time are backlog", "[ingest]") {
  Bench b;
  b.taker.caught_up(false);
  (void)b.take("telemetry/s/d", R"({"a":1})");
  (void)b.take("telemetry/s/d", R"({"ts":1763699999,"a":1})");
  REQUIRE(b.batch.readings.size() == 2);
  CHECK(b.batch.readings[0].source == proto::TsSource::backlog);
  CHECK(b.batch.readings[1].source == proto::TsSource::device);
}

TEST_CASE("every message has its outcome", "[ingest]") {
  struct Row {
    const char* topic;
    const char* payload;
    Outcome outcome;
  };
  const auto row = GENERATE(values<Row>({
      {"telemetry/s/d", R"({"a":1})", Outcome::stored},
      {"telemetry/s/d", R"({"a":null})", Outcome::empty},
      {"telemetry/s/d", "", Outcome::empty},
      {"telemetry/s/d", R"({"a":)", Outcome::dead_letter},
      {"telemetry/BAD/d", R"({"a":1})", Outcome::dead_letter},
      {"status/s/d", "online", Outcome::status},
      {"status/s/d", "perhaps", Outcome::dead_letter},
      {"ack/s/d/reset", R"({"id":"c-1","ok":true})", Outcome::status},
      {"control/alert/a-1/ack", R"({"by":"ana"})", Outcome::status},
      {"alerts/info/s/d/r/m", "{}", Outcome::ignored},
  }));
  CAPTURE(row.topic, row.payload);
  Bench b;
  CHECK(b.take(row.topic, row.payload) == row.outcome);
  CHECK(b.events<proto::DeadLetter>().size() == (row.outcome == Outcome::dead_letter ? 1 : 0));
}

TEST_CASE("a dead letter keeps the payload as it came, although decoding works in place", "[ingest]") {
  Bench b;
  const std::string payload = R"({"a":"x\ny","b":[1,2,{"c":"d\t"}]} tail)";
  CHECK(b.take("telemetry/s/d", payload) == Outcome::dead_letter);
  const auto letters = b.events<proto::DeadLetter>();
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].payload == payload);
  CHECK(letters[0].payload_bytes == payload.size());
  CHECK(b.metrics.value(R"(telltale_dead_letters_total{reason="bad_json"})") == 1);
}

TEST_CASE("a frame over the limit is a dead letter with its first kilobyte", "[ingest]") {
  Bench b;
  auto flags = qos1(1);
  flags.original_size = 1'000'000;
  CHECK(b.take("telemetry/s/d", std::string(1024, '7'), flags) == Outcome::dead_letter);
  REQUIRE(b.events<proto::DeadLetter>().size() == 1);
  CHECK(b.events<proto::DeadLetter>()[0].payload_bytes == 1'000'000);
}

TEST_CASE("a redelivered message is stored once, and recorded again", "[ingest][lesson-19]") {
  Bench b;
  CHECK(b.take("telemetry/s/d", R"({"a":1})", qos1(5)) == Outcome::stored);
  b.taker.connected(2, true);
  CHECK(b.take("telemetry/s/d", R"({"a":1})", qos1(5, true)) == Outcome::duplicate);
  CHECK(b.take("telemetry/s/d", R"({"a":1})", qos1(6, true)) == Outcome::stored);
  CHECK(b.batch.readings.size() == 2);
  CHECK(b.batch.packets.size() == 3);
}

TEST_CASE("the copy for a later overlapping filter is not counted twice", "[ingest][lesson-19]") {
  WriterOptions options;
  options.filters = {"telemetry/+/d", "telemetry/#"};
  Bench b{options};
  auto second = qos1(2);
  second.filter = 1;
  CHECK(b.take("telemetry/s/d", R"({"a":1})", qos1(1)) == Outcome::stored);
  CHECK(b.take("telemetry/s/d", R"({"a":1})", second) == Outcome::overlap);
  CHECK(b.take("telemetry/s/other", R"({"a":1})", second) == Outcome::stored);
  auto of_an_earlier_run = qos1(3);
  of_an_earlier_run.filter = 2;
  CHECK(b.take("telemetry/s/d", R"({"a":1})", of_an_earlier_run) == Outcome::overlap);
  CHECK(b.take("sensors/a/d", "1", of_an_earlier_run) != Outcome::overlap);
  auto unknown = qos1(4);
  unknown.filter = 0xFFFF;
  CHECK(b.take("telemetry/s/d", R"({"a":1})", unknown) == Outcome::stored);
}

TEST_CASE("a filter that the broker refuses makes no copies, so those of the next filter count",
          "[ingest][lesson-19]") {
  WriterOptions options;
  options.filters = {"telemetry/+/d", "telemetry/#"};
  Bench b{options};
  auto second = qos1(1);
  second.filter = 1;
  CHECK(b.take("telemetry/s/d", R"({"a":1})", second) == Outcome::overlap);
  b.taker.use_filters({"telemetry/#"});
  auto first_of_all = qos1(2);
  first_of_all.filter = 0;
  CHECK(b.take("telemetry/s/d", R"({"a":1})", first_of_all) == Outcome::stored);
}

TEST_CASE("a retained copy is last value only, and only with a time of its own", "[ingest][lesson-12][lesson-13]") {
  Bench b;
  CHECK(b.take("telemetry/s/d", R"({"ts":1763600000,"a":1})", retained()) == Outcome::retained);
  CHECK(b.take("telemetry/s/d", R"({"a":2})", retained()) == Outcome::retained);
  CHECK(b.take("status/s/d", "online", retained()) == Outcome::retained);
  CHECK(b.batch.readings.empty());
  CHECK(b.events<proto::Heard>().empty());
  REQUIRE(b.events<proto::RetainedValue>().size() == 1);
  CHECK(b.events<proto::RetainedValue>()[0].value == 1);
  REQUIRE(b.events<proto::DeviceStatus>().size() == 1);
  CHECK(b.events<proto::DeviceStatus>()[0].retained);
}

TEST_CASE("of a message with some readings older than the store keeps, those are left out and counted", "[ingest]") {
  auto options = Bench::make_options();
  options.limits.max_age = Millis{3'600'000};
  Bench b{options};
  CHECK(b.take("telemetry/s/d", R"([{"ts":1763600000,"a":1},{"ts":1763699990,"a":2}])") == Outcome::stored);
  CHECK(b.batch.readings.size() == 1);
  CHECK(b.metrics.counter("telltale_samples_dropped_total", "", {{"reason", "too_late"}}).value() == 1);
}

TEST_CASE("a message with nothing but readings that are too old is told the limit", "[ingest]") {
  auto options = Bench::make_options();
  options.limits.max_age = Millis{6 * 86'400'000};
  Bench b{options};
  CHECK(b.take("telemetry/s/d", R"({"ts":1763000000,"a":1})") == Outcome::dead_letter);
  REQUIRE(b.events<proto::DeadLetter>().size() == 1);
  CHECK(b.events<proto::DeadLetter>()[0].detail == "all readings are older than 6d, the most that is taken back");
}

TEST_CASE("readings of one message that another value for the same time replaces are counted", "[ingest]") {
  const auto [payload, collapsed] = GENERATE(table<const char*, std::uint64_t>({
      {R"([{"ts":1763699990,"c":2},{"ts":1763699990,"c":3}])", 1},
      {R"([{"ts":1763699990,"c":2},{"ts":1763699991,"c":2},{"ts":1763699990,"c":3},{"ts":1763699990,"c":4}])", 2},
      {R"([{"ts":1763699990,"c":"open"},{"ts":1763699990,"c":"shut"}])", 1},
      {R"([{"ts":1763699990,"c":2},{"ts":1763699990,"c":2}])", 0},  // said twice
      {R"([{"ts":1763699990,"c":2,"a":1},{"ts":1763699991,"c":3,"a":1}])", 0},
      {R"([{"c":2},{"c":3}])", 0},  // no time of their own
      {R"({"ts":1763699990,"b":2,"a":3})", 0},
  }));
  CAPTURE(payload);
  Bench b;
  CHECK(b.take("telemetry/s/d", R"({"ts":1763699000,"a":1,"b":1})") == Outcome::stored);
  CHECK(b.take("telemetry/s/d", payload) == Outcome::stored);
  CHECK(b.metrics.counter("telltale_samples_dropped_total", "", {{"reason", "collapsed"}}).value() == collapsed);
}

TEST_CASE("a live birth with the retain flag is a birth", "[ingest]") {
  Bench b;
  CHECK(b.take("status/s/d", R"({"state":"online"})", qos1(1)) == Outcome::status);
  REQUIRE(b.events<proto::DeviceStatus>().size() == 1);
  CHECK_FALSE(b.events<proto::DeviceStatus>()[0].retained);
}

TEST_CASE("a message over the series limit stores nothing of itself and says so once", "[ingest]") {
  auto options = Bench::make_options();
  options.limits.max_series = 2;
  Bench b{options};
  CHECK(b.take("telemetry/s/d", R"({"a":1})") == Outcome::stored);
  CHECK(b.take("telemetry/s/d", R"({"a":1,"b":2,"c":3})") == Outcome::dead_letter);
  CHECK(b.taker.take_limit_hit());
  CHECK_FALSE(b.taker.take_limit_hit());
  CHECK(b.batch.readings.size() == 1);
  CHECK(b.take("telemetry/s/d", R"({"a":1,"b":2})") == Outcome::stored);
  CHECK(b.events<proto::DeadLetter>()[0].reason == proto::DeadLetterReason::series_limit);
}

TEST_CASE("a device with hundreds of metrics finds each of them again", "[ingest]") {
  Bench b;
  const auto payload = [](int from) {
    std::string text = "{";
    for (int i = 0; i < 100; ++i) text += (i ? ",\"m" : "\"m") + std::to_string((from + i) % 300) + "\":1";
    return text + "}";
  };
  for (int from = 0; from < 300; from += 100) CHECK(b.take("telemetry/s/d", payload(from)) == Outcome::stored);
  for (int from = 50; from < 300; from += 77) CHECK(b.take("telemetry/s/d", payload(from)) == Outcome::stored);
  CHECK(b.events<proto::NewSeries>().size() == 300);
  CHECK(b.taker.registry().series() == 300);
}

TEST_CASE("units and tags are told when they change", "[ingest]") {
  Bench b;
  const auto* first = R"({"values":{"t":1},"units":{"t":"Cel"},"tags":{"fw":"1.4.2"}})";
  (void)b.take("telemetry/s/d", first);
  (void)b.take("telemetry/s/d", first);
  (void)b.take("telemetry/s/d", R"({"values":{"t":1},"units":{"t":"K"},"tags":{"fw":"1.4.3"}})");
  CHECK(b.events<proto::NewSeries>()[0].unit == "Cel");
  REQUIRE(b.events<proto::SeriesUnit>().size() == 1);
  CHECK(b.events<proto::SeriesUnit>()[0].unit == "K");
  CHECK(b.events<proto::DeviceTags>().size() == 2);
}

TEST_CASE("a device that was removed and reports again is a new one with new numbers", "[ingest]") {
  Bench bench;
  bench.take("telemetry/site1/d1", R"({"a":1,"b":2})");
  bench.take("telemetry/site1/d2", R"({"a":1})");
  CHECK(bench.take("control/device/site1/d1/remove", R"({"by":"ana"})") == Outcome::status);
  CHECK(bench.take("control/device/site1/d1/remove", "", retained()) == Outcome::retained);
  CHECK(bench.taker.registry().devices() == 1);
  CHECK(bench.taker.registry().series() == 1);
  bench.take("telemetry/site1/d1", R"({"b":3})");
  const auto removed = bench.events<proto::DevicesRemoved>();
  REQUIRE(removed.size() == 1);
  CHECK(removed[0] ==
        proto::DevicesRemoved{
            "default", "site1", "d1", "ana", "", {proto::DeviceKey{1}}, {proto::SeriesId{1}, proto::SeriesId{2}}});
  CHECK(bench.events<proto::NewDevice>().back() == proto::NewDevice{proto::DeviceKey{3}, "default", "site1", "d1"});
  CHECK(bench.events<proto::NewSeries>().back() == proto::NewSeries{proto::SeriesId{4}, proto::DeviceKey{3}, "b", ""});
  CHECK(bench.batch.readings.back().series == proto::SeriesId{4});
}

TEST_CASE("an order to remove names a device, a site or a tenant; what is not known is said", "[ingest]") {
  auto options = Bench::make_options();
  options.decoder.multi_tenant = true;
  Bench bench(options);
  for (const auto* who :
       {"acme/telemetry/site1/d1", "acme/telemetry/site1/d2", "acme/telemetry/site10/d1", "acme2/telemetry/site1/d1"})
    bench.take(who, R"({"a":1})");
  const auto [topic, keys] = GENERATE(table<std::string, std::vector<std::uint32_t>>({
      {"acme/control/device/site1/d2/remove", {2}},
      {"acme/control/device/site1/-/remove", {1, 2}},
      {"acme/control/device/-/-/remove", {1, 2, 3}},
      {"acme2/control/device/-/-/remove", {4}},
      {"acme2/control/device/site1/d2/remove", {}},
      {"other/control/device/-/-/remove", {}},
  }));
  CAPTURE(topic);
  CHECK(bench.take(topic, "") == Outcome::status);
  std::vector<std::uint32_t> found;
  const auto removed = bench.events<proto::DevicesRemoved>().back();
  for (const auto key : removed.devices) found.push_back(to_number(key));
  CHECK(found == keys);
  CHECK(bench.taker.registry().devices() == 4 - keys.size());
}

TEST_CASE("a device that floods is held to its rate, and others are not", "[ingest]") {
  auto options = Bench::make_options();
  options.limits.device_messages_per_minute = 6;
  Bench b(options);
  const auto stored_of = [&](const char* topic, int sent) {
    int stored = 0;
    for (int i = 0; i < sent; ++i) stored += b.take(topic, R"({"t":1})") == Outcome::stored ? 1 : 0;
    return stored;
  };
  CHECK(stored_of("telemetry/s/flood", 1000) == 61);  // ten minutes' worth behind the message that made it known
  CHECK(stored_of("telemetry/s/calm", 5) == 5);
  b.at += 30s;
  CHECK(stored_of("telemetry/s/flood", 1000) == 3);
  b.at += 24h;
  CHECK(stored_of("telemetry/s/flood", 1000) == 60);
  b.at -= 12h;  // the clock was set back
  CHECK(stored_of("telemetry/s/flood", 10) == 0);
  b.taker.caught_up(false);
  CHECK(stored_of("telemetry/s/flood", 500) == 500);  // the broker's backlog
  const auto letters = b.events<proto::DeadLetter>();
  REQUIRE_FALSE(letters.empty());
  CHECK(letters.front().reason == proto::DeadLetterReason::device_limit);
  CHECK(letters.front().detail == "more than 6 messages a minute");
}

TEST_CASE("who floods under its own name from ever new sites is held to the same rate", "[ingest]") {
  auto options = Bench::make_options();
  options.limits.device_messages_per_minute = 6;
  const auto [prefix, suffix, payload, outcome] = GENERATE(
      table<std::string, std::string, std::string, Outcome>({{"telemetry/", "", R"({"t":1})", Outcome::stored},
                                                             {"status/", "", "online", Outcome::status},
                                                             {"ack/", "/open", R"({"id":"c-1"})", Outcome::status}}));
  CAPTURE(prefix);
  Bench b(options);
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    taken += b.take(prefix + "s" + std::to_string(i) + "/flood" + suffix, payload) == outcome ? 1 : 0;
  }
  CHECK(taken == 61);
  CHECK(b.taker.registry().devices() == 61);
  CHECK(b.take(prefix + "s999/calm" + suffix, payload) == outcome);
}

TEST_CASE("who floods with what cannot be read keeps as little of it as who floods otherwise", "[ingest]") {
  auto options = Bench::make_options();
  options.limits.device_messages_per_minute = 6;
  Bench b(options);
  const std::string junk(10'000, '{');
  CHECK(b.take("telemetry/s/flood", R"({"t":1})") == Outcome::stored);
  for (int i = 0; i < 1000; ++i) CHECK(b.take("telemetry/s/flood", junk) == Outcome::dead_letter);
  CHECK(b.take("telemetry/s/calm", R"({"t":1})") == Outcome::stored);
  CHECK(b.take("telemetry/s/calm", junk) == Outcome::dead_letter);
  const auto letters = b.events<proto::DeadLetter>();
  REQUIRE(letters.size() == 1001);
  CHECK(std::ranges::count(letters, junk, &proto::DeadLetter::payload) ==
        6);  // 59 messages or KiB are left, and one more
  CHECK(letters.back().payload == junk);
  CHECK(letters[60].payload.size() == 200);
  CHECK(letters[60].payload_bytes == junk.size());
  CHECK(letters[60].reason == proto::DeadLetterReason::bad_json);  // what is wrong with it is said all the same
}

TEST_CASE("whoever is not known by name shares what is kept of what cannot be read", "[ingest]") {
  const auto topic = GENERATE(as<std::string>(), "telemetry/s/d/a/b", "telemetry/s/never-good");
  auto options = Bench::make_options();
  options.limits.device_messages_per_minute = 6;
  Bench b(options);
  const std::string junk(10'000, '{');
  for (int i = 0; i < 100; ++i) CHECK(b.take(topic, junk) == Outcome::dead_letter);
  CHECK(b.take("telemetry/s/calm", R"({"t":1})") == Outcome::stored);  // what is good is not held against anybody
  const auto letters = b.events<proto::DeadLetter>();
  REQUIRE(letters.size() == 100);
  CHECK(std::ranges::count(letters, junk, &proto::DeadLetter::payload) == 5);
  CHECK(letters.back().payload.size() == 200);
  CHECK(letters.back().reason != proto::DeadLetterReason::device_limit);
}

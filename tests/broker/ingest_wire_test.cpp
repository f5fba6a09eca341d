#include <atomic>
#include <catch2/catch.hpp>

#include "broker/ingest_session.hpp"
#include "tests/broker/fake_broker.hpp"
#include "tests/broker/session_fixture.hpp"

using namespace telltale;
using namespace telltale::test;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

broker::IngestOptions options_for(const FakeBroker& fake, std::vector<std::string> filters = {"a/#"}) {
  return quick_options(fake.port(), std::move(filters));
}

}  // namespace

TEST_CASE("CONNECT asks for a lasting session", "[broker][lesson-11]") {
  FakeBroker fake;
  auto options = options_for(fake);
  options.client_id = "fixed";
  RecordedSession ours(options);
  const Packet connect = fake.accept_connect();
  CHECK(connect.first_byte == 0x10);
  CHECK(connect.body == "\x00\x04MQTT\x05\x00\x00\x0F\x08\x11\x00\x09\x3A\x80\x21\x4E\x20\x00\x05"s + "fixed");
  fake.close();  // nothing to wait for at the end
}

TEST_CASE("nothing is subscribed before the epoch is in the log, then every filter by itself", "[broker]") {
  FakeBroker fake;
  std::mutex mutex;
  std::vector<std::uint32_t> epochs;
  RealClock clock;
  RecordingLogger log;
  PlainMetrics metrics;
  auto options = options_for(fake, {"a/#", "b/+"});
  options.previous_filters = {"old/#", "a/#"};
  broker::IngestSession session(options, clock, log, metrics,
                                [&](broker::SessionItem item) {
                                  const std::lock_guard lock(mutex);
                                  if (const auto* c = std::get_if<broker::Connected>(&item)) epochs.push_back(c->epoch);
                                },
                                {});
  session.start();
  fake.accept_connect({}, 1);
  REQUIRE(eventually([&] {
    const std::lock_guard lock(mutex);
    return epochs == std::vector<std::uint32_t>{1};
  }));
  session.epoch_logged(7);  // of another connection: nothing happens
  session.epoch_logged(1);
  session.epoch_logged(1);  // said twice: subscribed once
  const auto packets = fake.read_until(0xA2);
  REQUIRE(packets.size() == 6);
  const auto filter_of = [](const Packet& p) { return p.body.substr(2 + 1 + static_cast<std::size_t>(p.body[2]) + 2); };
  CHECK(filter_of(packets[0]) == "a/#\x11");
  CHECK(filter_of(packets[1]) == "b/+\x11");
  CHECK(filter_of(packets[2]) == "service/telltale/marker\x11");
  CHECK(filter_of(packets[3]) == "service/telltale/status\x01");
  CHECK(filter_of(packets[4]) == "$SYS/broker/publish/messages/dropped\x00"s);
  CHECK(filter_of(packets[5]) == "old/#");
  for (int i = 0; i < 5; ++i) {
    CHECK(packets[static_cast<std::size_t>(i)].first_byte == 0x82);
    CHECK(packets[static_cast<std::size_t>(i)].body[3] == 0x0B);  // a subscription identifier
  }
  session.stop();
}

TEST_CASE("what the broker takes away from the session is a problem in plain words", "[broker]") {
  const auto [properties, problem] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"\x11\x00\x00\x0E\x10"s, "the broker keeps our session only 3600 s instead of 604800 s"},
      {"\x11\x00\x10\x00\x00"s, ""},
      {"\x24\x01"s, ""},
      {"\x24\x00"s, "the broker does not offer QoS 1: messages can be lost"},
      {"\x29\x00"s, "the broker has no subscription identifiers: overlapping filters store twice"},
  }));
  CAPTURE(problem);
  FakeBroker fake;
  RecordedSession ours(options_for(fake));
  fake.accept_connect(properties);
  REQUIRE(eventually([&] { return ours.session().status().connected; }));
  CHECK(ours.session().status().problem == problem);
  fake.close();  // nothing to wait for at the end
}

TEST_CASE("a refused connection says why, once, and is tried again", "[broker]") {
  const auto [answer, problem] = GENERATE(table<std::string, std::string>({
      {"\x20\x03\x00\x87\x00"s, "refuses the connection: not authorized (0x87)"},
      {"\x20\x03\x00\x84\x00"s, "answers in MQTT 3.1.1; MQTT 5 is needed"},
      {"\x20\x02\x00\x01"s, "answers in MQTT 3.1.1; MQTT 5 is needed"},
      {"\x20\x02\x00\x00"s, "answers in MQTT 3.1.1; MQTT 5 is needed"},
      {"\x20\x08\x00\x86\x05\x1F\x00\x02no"s, "bad user name or password (0x86) (no)"},
      {"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 60\r\n\r\n" + std::string(60, '.'),
       "does not keep to MQTT 5"},
      {"\x30\x04\x00\x01t\x00"s, "a packet type that a broker may not send now"},
      {"", "closed the connection instead of answering CONNECT"},
  }));
  CAPTURE(problem);
  FakeBroker fake;
  RecordedSession ours(options_for(fake));
  for (int round = 0; round < 3; ++round) {
    fake.accept();
    (void)fake.read();
    fake.send(answer);
    fake.close();
  }
  fake.accept();  // the answer of the round before has been read
  CHECK(ours.session().status().problem.find(problem) != std::string::npos);
  CHECK(ours.log().count_containing(problem) == 1);
  CHECK(ours.story().empty());
  fake.close();  // nothing to wait for at the end
}

TEST_CASE("a filter that is granted otherwise than asked is not subscribed", "[broker]") {
  FakeBroker fake;
  RecordedSession ours(options_for(fake));
  fake.accept_connect();
  for (int i = 0; i < 4; ++i) {
    const Packet subscribe = fake.read();
    fake.send("\x90\x04"s + subscribe.body.substr(0, 2) + "\0"s + (i == 0 ? "\x87"s : i == 3 ? "\0"s : "\x01"s));
  }
  REQUIRE(eventually([&] { return !ours.session().status().problem.empty(); }));
  CHECK(ours.session().status().problem == "the broker refuses the filter 'a/#': not authorized (0x87)");
  CHECK_FALSE(ours.session().status().subscribed);
  CHECK(ours.granted().empty());
  fake.close();  // nothing to wait for at the end
}

TEST_CASE("a refused filter does not stand before the ones that the broker serves", "[broker][lesson-19]") {
  FakeBroker fake;
  auto options = options_for(fake);
  options.filters = {"a/#", "+/x"};
  RecordedSession ours(options);
  fake.accept_connect();
  std::string identifier;  // of +/x, as it stands in the SUBSCRIBE's properties
  for (int i = 0; i < 5; ++i) {
    const Packet subscribe = fake.read();
    if (i == 1) identifier = subscribe.body.substr(3, static_cast<std::size_t>(subscribe.body[2]));
    fake.send("\x90\x04"s + subscribe.body.substr(0, 2) + "\0"s + (i == 0 ? "\x87"s : i == 4 ? "\0"s : "\x01"s));
  }
  const std::string body = "\0\3a/x"s + "\0\7"s + static_cast<char>(identifier.size()) + identifier + "1";
  fake.send("\x32"s + static_cast<char>(body.size()) + body);
  REQUIRE(eventually([&] { return ours.message_count() == 1; }));
  CHECK(ours.count_in_story("filters +/x") == 1);
  CHECK(ours.messages()[0].filter == 0);
  CHECK(ours.granted() == std::vector<std::string>{"+/x"});
  fake.close();  // nothing to wait for at the end
}

TEST_CASE("PUBACKs go out in order and in one write, before DISCONNECT, and nothing is unsubscribed",
          "[broker][lesson-10]") {
  FakeBroker fake;
  RecordedSession ours(options_for(fake), Acknowledging::by_hand);
  fake.accept_connect();
  fake.grant_all();
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  fake.send(publish_packet("a/x", "1", 11) + publish_packet("a/x", "2", 0) +
            publish_packet("service/telltale/status", "{}", 12) + publish_packet("a/x", "3", 5) +
            publish_packet("a/x", "4", 13));
  REQUIRE(eventually([&] { return ours.message_count() == 4; }));
  ours.session().acknowledge(1, 1);
  ours.session().acknowledge(1, 2);
  ours.stop();
  std::vector<std::string> after_marker;
  for (const auto& packet : fake.read_until(0xE0)) {
    CHECK(packet.first_byte != 0xA2);
    if (packet.first_byte == 0x40) after_marker.push_back(packet.body);
  }
  // The first acknowledges the marker, which came back under its own packet id.
  REQUIRE(after_marker.size() == 4);
  CHECK(after_marker[1] == "\x00\x0B"s);
  CHECK(after_marker[2] == "\x00\x0C"s);
  CHECK(after_marker[3] == "\x00\x05"s);
}

TEST_CASE("the broker's keepalive is adopted: pings come in time, silence ends the connection", "[broker]") {
  FakeBroker fake;
  auto options = options_for(fake);
  options.keepalive_s = 600;
  RecordedSession ours(options);
  fake.accept_connect("\x13\x00\x01"s);
  fake.grant_all();
  CHECK(fake.read_until(0xC0).back().body.empty());
  CHECK(fake.peer_closes());
  REQUIRE(eventually([&] { return ours.count_in_story("disconnected 1: nothing heard") == 1; }));
  fake.close();  // nothing to wait for at the end
}

TEST_CASE("a window that the broker oversteps stops the reading", "[broker]") {
  FakeBroker fake;
  auto options = options_for(fake);
  options.receive_maximum = 10;
  RecordedSession ours(options, Acknowledging::by_hand);
  fake.accept_connect();
  fake.grant_all();
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  for (std::uint16_t id = 1; id <= 10; ++id) fake.send(publish_packet("a/x", "m", id));
  REQUIRE(eventually([&] { return ours.message_count() == 10; }));
  fake.send(publish_packet("a/x", "late", 11));
  CHECK_FALSE(eventually([&] { return ours.message_count() > 10; }, 100ms));
  ours.session().acknowledge(1, 1);
  CHECK(eventually([&] { return ours.message_count() == 11; }));
  fake.close();  // nothing to wait for at the end
}

TEST_CASE("a new connection is not read before the receiver has reached it", "[broker]") {
  FakeBroker fake;
  std::atomic<std::size_t> connected = 0, messages = 0;
  RealClock clock;
  RecordingLogger log;
  PlainMetrics metrics;
  broker::IngestSession session(options_for(fake), clock, log, metrics,
                                [&](const broker::SessionItem& item) {
                                  if (std::holds_alternative<broker::Connected>(item)) ++connected;
                                  if (const auto* a = std::get_if<broker::Arrivals>(&item))
                                    messages += a->messages.size();
                                },
                                {});
  session.start();
  fake.accept_connect({}, 1);
  REQUIRE(eventually([&] { return connected == 1; }));
  fake.send(publish_packet("a/x", "backlog", 1));
  CHECK_FALSE(eventually([&] { return messages > 0; }, 100ms));
  session.epoch_logged(1);
  CHECK(eventually([&] { return messages == 1; }));
  fake.close();  // nothing to wait for at the end
  session.stop();
}

TEST_CASE("a refused marker is a problem, because we would never be caught up", "[broker]") {
  FakeBroker fake;
  RecordedSession ours(options_for(fake));
  fake.accept_connect();
  fake.grant_all();
  fake.send("\x40\x03\x00\x05\x87"s);
  REQUIRE(eventually([&] { return !ours.session().status().problem.empty(); }));
  CHECK(ours.session().status().problem.find("service/telltale/marker': not authorized (0x87)") != std::string::npos);
  fake.close();  // nothing to wait for at the end
}

TEST_CASE("after stop_reading nothing more is handed on, and acknowledging still works", "[broker]") {
  FakeBroker fake;
  RecordedSession ours(options_for(fake), Acknowledging::by_hand);
  fake.accept_connect();
  fake.grant_all();
  fake.send(publish_packet("a/x", "first", 21));
  REQUIRE(eventually([&] { return ours.message_count() == 1; }));
  ours.session().stop_reading();
  fake.send(publish_packet("a/x", "second", 22));
  (void)eventually([&] { return ours.message_count() > 1; }, 50ms);
  const auto handed_on = ours.message_count();
  fake.send(publish_packet("a/x", "third", 23));
  CHECK_FALSE(eventually([&] { return ours.message_count() > handed_on; }, 100ms));
  ours.session().acknowledge(1, 1);
  ours.stop();
  std::vector<std::string> acknowledged;
  for (const auto& packet : fake.read_until(0xE0)) {
    if (packet.first_byte == 0x40) acknowledged.push_back(packet.body);
  }
  CHECK(acknowledged.back() == "\x00\x15"s);
}

TEST_CASE("what breaks the protocol ends the connection with its reason, and the next one works", "[broker]") {
  const auto [bytes, reason] = GENERATE(table<std::string, std::string>({
      {"\x30\x07\x00\x01t\x03\x23\x00\x01"s, "topic alias"},
      {"\x90\x04\x7F\x7F\x00\x01"s, "may not send now"},
      {"\x30\xFF\xFF\xFF\xFF\x01"s, "longer than four bytes"},
      {"\x62\x02\x00\x01"s, "may not send now"},
      {"\x20\x03\x00\x00\x00"s, "may not send now"},
      {"\x90\xFF\xFF\x7F"s, "larger than any"},
  }));
  CAPTURE(reason);
  FakeBroker fake;
  RecordedSession ours(options_for(fake));
  fake.accept_connect();
  fake.grant_all();
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  fake.send(bytes);
  CHECK(fake.peer_closes());
  REQUIRE(eventually([&] { return ours.count_in_story("disconnected 1") == 1; }));
  CHECK(ours.story().back().find(reason) != std::string::npos);
  fake.accept_connect();
  fake.grant_all();
  CHECK(eventually([&] { return ours.caught_up(); }));
  fake.close();  // nothing to wait for at the end
}

TEST_CASE("the broker's own words on a DISCONNECT are told", "[broker][lesson-06]") {
  FakeBroker fake;
  RecordedSession ours(options_for(fake));
  fake.accept_connect();
  fake.grant_all();
  fake.send("\xE0\x01\x8E"s);
  REQUIRE(eventually([&] { return ours.count_in_story("disconnected 1") == 1; }));
  CHECK(ours.story().back().find("session taken over (0x8E)") != std::string::npos);
  CHECK_FALSE(ours.session().status().taken_over);  // no foreign nonce: tried again
  fake.accept_connect();
  fake.close();  // nothing to wait for at the end
}

TEST_CASE("an old marker out of the queue is not mistaken for ours", "[broker]") {
  FakeBroker fake;
  RecordedSession ours(options_for(fake));
  fake.accept_connect();
  fake.send(publish_packet("service/telltale/marker", R"({"nonce":"ours","run":"1","epoch":1})", 77));
  fake.send(publish_packet("a/x", "backlog", 78));
  REQUIRE(eventually([&] { return ours.message_count() == 1; }));
  CHECK_FALSE(ours.caught_up());
  fake.grant_all();
  REQUIRE(eventually([&] { return ours.caught_up(); }));
  CHECK(ours.story() == std::vector<std::string>{"connected 1 new", "message backlog", "caught up 1"});
  fake.close();  // nothing to wait for at the end
}

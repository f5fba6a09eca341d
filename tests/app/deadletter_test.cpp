#include <catch2/catch.hpp>
#include <sstream>

#include "app/command_deadletter_list.hpp"
#include "app/command_deadletter_replay.hpp"
#include "tests/app/stored_data.hpp"

namespace telltale::app {
namespace {

using devices::Message;
using devices::WireEvent;
using Letters = std::vector<store::Reader::DeadLetterRow>;

/// A broker that answers at once, or not at all.
class FakeWire final : public devices::Wire {
 public:
  enum class Mood { answers, silent, refuses, drops };
  FakeWire(Mood mood, test::SimulatedClock& clock) : mood_(mood), clock_(clock) {}

  void open(const Message&) override {
    if (mood_ == Mood::silent) return;
    events_.push_back({mood_ == Mood::refuses ? WireEvent::Kind::lost : WireEvent::Kind::opened});
  }
  bool send(const Message& message, std::uint64_t ticket) override {
    sent.push_back(message);
    events_.push_back({mood_ == Mood::drops ? WireEvent::Kind::lost : WireEvent::Kind::delivered, ticket});
    return true;
  }
  void subscribe(const std::vector<std::string>&) override {}
  void close() override { closed = true; }
  void cut() override {}
  std::vector<WireEvent> take_events() override { return std::exchange(events_, {}); }
  void wait(Millis timeout) override { clock_.advance(timeout); }

  std::vector<Message> sent;
  bool closed = false;

 private:
  Mood mood_;
  test::SimulatedClock& clock_;
  std::vector<WireEvent> events_;
};

Letters three() {
  const auto row = [](std::int64_t id, const char* payload, std::uint64_t bytes) {
    return store::Reader::DeadLetterRow{id,   from_ms(1000 * id), "bad_json", "t/" + std::to_string(id), payload, "why",
                                        bytes};
  };
  return {row(3, "c", 1), row(2, "b", 70'000), row(1, "a", 1)};  // newest first
}

TEST_CASE("dead letters are listed newest first, harmless for a terminal", "[app]") {
  const test::StoredData data;
  const auto letters = store::Reader(data.path()).dead_letters(10);
  REQUIRE(letters.size() == 2);
  std::ostringstream out;
  print_dead_letters(letters, "table", out);
  CHECK(out.str().find(
            "bad_topic  \"telemetry/x\"  100000 bytes\n    \"\\\"line\\n\"\n    \"topic levels are missing\"\n") !=
        std::string::npos);
  CHECK(out.str().find("bad_topic") < out.str().find("bad_json"));

  std::ostringstream json;
  print_dead_letters(chosen_letters(letters, "bad_json", 0), "json", json);
  CHECK(
      json.str().find(
          R"("ts":1763700000000,"time":"2025-11-21T04:40:00Z","reason":"bad_json","topic":"telemetry/site1/esp32-7","payload_bytes":5,"payload":"{\"t\":","detail":"byte 5: no value"})") !=
      std::string::npos);
}

TEST_CASE("letters are chosen by reason first and then by number", "[app]") {
  auto letters = three();
  letters[0].reason = "bad_utf8";
  CHECK(chosen_letters(letters, "", 0).size() == 3);
  CHECK(chosen_letters(letters, "", 2).size() == 2);
  CHECK(chosen_letters(letters, "bad_json", 1).at(0).id == 2);
  CHECK(chosen_letters(letters, "too_deep", 1).empty());
}

TEST_CASE("dead letters are sent again oldest first, whole ones only, never retained", "[app]") {
  test::SimulatedClock clock;
  FakeWire wire(FakeWire::Mood::answers, clock);
  std::ostringstream err;
  const auto count = replay_dead_letters(three(), wire, "mqtt://h:1883", clock, err);
  CHECK(count.complete);
  CHECK(count.sent == 2);
  CHECK(count.cut_short == 1);
  CHECK(wire.sent == std::vector<Message>{{"t/1", "a", 1, false}, {"t/3", "c", 1, false}});
  CHECK(wire.closed);
}

TEST_CASE("a broker that is away, silent or lost ends the replay with a reason", "[app]") {
  auto [mood, part] = GENERATE(table<FakeWire::Mood, const char*>({
      {FakeWire::Mood::refuses, "cannot connect to mqtt://h:1883"},
      {FakeWire::Mood::silent, "cannot connect to mqtt://h:1883"},
      {FakeWire::Mood::drops, "the connection to mqtt://h:1883 was lost"},
  }));
  test::SimulatedClock clock;
  FakeWire wire(mood, clock);
  std::ostringstream err;
  const auto count = replay_dead_letters(three(), wire, "mqtt://h:1883", clock, err);
  CHECK(!count.complete);
  CHECK(err.str().find(part) != std::string::npos);
  CHECK(wire.closed);
}

}  // namespace
}  // namespace telltale::app

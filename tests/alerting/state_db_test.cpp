#include "store/state_db.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "store/sqlite.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace telltale;
using store::FindingPosition;
using store::StateDb;

namespace {

StateDb::QueuedEvent event(std::string payload) { return {.topic = "alerts/a", .payload = std::move(payload)}; }
StateDb::TableTopic topic(std::string name, std::string payload) {
  return {.topic = std::move(name), .payload = std::move(payload)};
}

}  // namespace

TEST_CASE("a change is there after the file was closed and opened", "[store]") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "state.db";
  {
    StateDb state(file);
    CHECK_FALSE(state.emitted_upto());
    CHECK_FALSE(state.load_checkpoint());
    state.apply(
        {.events = {event("one"), event("two")},
         .topics = {topic("presence/a", "online")},
         .history = {{.id = "a-1", .n = 1, .ts_ms = 5, .tenant = "default", .topic = "alerts/a", .payload = "{}"}},
         .emitted_upto = {{3, 17}, 2}});
    state.save_checkpoint({{3, 16}, std::string("\0\xFF bytes", 8)});
    state.put("filters", "telemetry/#");
  }
  const StateDb state(file);
  CHECK(state.emitted_upto() == FindingPosition{{3, 17}, 2});
  const auto queued = state.queued(0, 10);
  REQUIRE(queued.size() == 2);
  CHECK(queued[0].payload == "one");
  CHECK(queued[1].payload == "two");
  CHECK(queued[1].expiry_s == 300);
  REQUIRE(state.unsent_topics(10).size() == 1);
  CHECK(state.unsent_topics(10)[0].payload == "online");
  REQUIRE(state.history().size() == 1);
  CHECK(state.history()[0].id == "a-1");
  const auto checkpoint = state.load_checkpoint();
  REQUIRE(checkpoint);
  CHECK(checkpoint->position == proto::LogPosition{3, 16});
  CHECK(checkpoint->value == std::string("\0\xFF bytes", 8));
  CHECK(state.get("filters") == "telemetry/#");
  CHECK_FALSE(state.get("nothing"));
}

TEST_CASE("delivered events are forgotten with all before them, and their numbers never return", "[store]") {
  const test::TemporaryFolder folder;
  StateDb state(folder.path() / "state.db");
  state.apply({.events = {event("1"), event("2"), event("3")}, .topics = {}, .history = {}, .emitted_upto = {}});
  const auto rows = state.queued(0, 10);
  state.delivered(rows[1].row);
  REQUIRE(state.queued(0, 10).size() == 1);
  CHECK(state.queued(0, 10)[0].payload == "3");
  state.delivered(rows[2].row);
  state.apply({.events = {event("4")}, .topics = {}, .history = {}, .emitted_upto = {}});
  REQUIRE(state.queued(rows[2].row, 10).size() == 1);
  CHECK(state.queued(rows[2].row, 10)[0].row > rows[2].row);
}

TEST_CASE("a topic is unsent until its newest version was sent", "[store]") {
  const test::TemporaryFolder folder;
  StateDb state(folder.path() / "state.db");
  state.topic_changed(topic("presence/a", "1"));
  state.topic_changed(topic("presence/a", "2"));
  const auto newest = state.unsent_topics(10);
  REQUIRE(newest.size() == 1);
  CHECK(newest[0].payload == "2");

  state.topic_sent("presence/a", newest[0].version - 1);
  CHECK(state.unsent_topics(10).size() == 1);
  state.topic_sent("presence/a", newest[0].version);
  CHECK(state.unsent_topics(10).empty());

  state.topic_stale("presence/a");
  REQUIRE(state.unsent_topics(10).size() == 1);
  CHECK(state.unsent_topics(10)[0].payload == "2");
}

TEST_CASE("a removed topic is forgotten once it was sent, unless something newer waits", "[store]") {
  const test::TemporaryFolder folder;
  StateDb state(folder.path() / "state.db");
  auto removed = topic("alert-state/a", "removed");
  removed.remove_after_send = true;
  removed.expiry_s = 60;
  state.topic_changed(removed);
  CHECK(state.unsent_topics(1)[0].expiry_s == 60);

  SECTION("sent") {
    state.topic_sent("alert-state/a", 1);
    CHECK(state.all_topics().empty());
  }
  SECTION("fires again before it was sent") {
    state.topic_changed(topic("alert-state/a", "firing"));
    state.topic_sent("alert-state/a", 1);
    REQUIRE(state.unsent_topics(10).size() == 1);
    CHECK(state.unsent_topics(10)[0].payload == "firing");
    state.topic_sent("alert-state/a", 2);
    CHECK(state.all_topics().size() == 1);
  }
}

TEST_CASE("changes made together are made all or none", "[store]") {
  const test::TemporaryFolder folder;
  StateDb state(folder.path() / "state.db");
  struct Interrupted {};
  const auto interrupted = [&] {
    state.together([&] {
      state.topic_changed(topic("presence/a", "1"));
      state.put("key", "value");
      throw Interrupted{};
    });
  };
  CHECK_THROWS_AS(interrupted(), Interrupted);
  CHECK(state.all_topics().empty());
  CHECK_FALSE(state.get("key"));
  CHECK(state.backlog().topics == 0);
}

TEST_CASE("a transition is in the history once", "[store]") {
  const test::TemporaryFolder folder;
  StateDb state(folder.path() / "state.db");
  const auto row = [](std::uint32_t n) {
    return StateDb::HistoryRow{
        .id = "a-1", .n = n, .ts_ms = 0, .tenant = {}, .topic = {}, .payload = std::to_string(n)};
  };
  state.apply({.events = {}, .topics = {}, .history = {row(1), row(2)}, .emitted_upto = {}});
  state.apply({.events = {}, .topics = {}, .history = {row(2), row(3)}, .emitted_upto = {}});
  CHECK(state.history().size() == 3);
  CHECK(state.newest_transition("a-1")->n == 3);
  CHECK_FALSE(state.newest_transition("a-2"));
}

TEST_CASE("a state.db of a newer version is refused with its name", "[store]") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "state.db";
  { const StateDb state(file); }
  store::Database(file, store::Database::Mode::full).exec("PRAGMA user_version = 99");
  CHECK_THROWS_WITH(StateDb(file), Catch::Contains("state.db") && Catch::Contains("99"));
}

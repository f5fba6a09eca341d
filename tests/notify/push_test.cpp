#include <catch2/catch.hpp>

#include "tests/notify/scene.hpp"

using namespace telltale;
using namespace std::chrono_literals;
using notify::Outcome;
using notify::Verdict;
using proto::AlertState;
using test::NotifyScene;

namespace {

notify::Channel alertmanager() { return test::channel("am", notify::ChannelKind::alertmanager); }

/// The endsAt of each alert in a push, in order of the body.
std::vector<std::string> ends(const std::string& body) {
  std::vector<std::string> all;
  const std::string key = "\"endsAt\":\"";
  for (auto at = body.find(key); at != std::string::npos; at = body.find(key, at + 1)) {
    all.push_back(body.substr(at + key.size(), body.find('"', at + key.size()) - at - key.size()));
  }
  return all;
}

using Ends = std::vector<std::string>;

}  // namespace

TEST_CASE("Alertmanager is pushed at once, every minute with an end four minutes ahead, and the real end once",
          "[notify]") {
  NotifyScene scene({alertmanager()});  // it is 2025-11-21T04:40:00Z
  scene.say(AlertState::firing);
  REQUIRE(scene.bodies().size() == 1);
  CHECK(scene.transfer.accepted[0].request.url == "http://receiver.test/am/api/v2/alerts");
  CHECK(ends(scene.bodies()[0]) == Ends{"2025-11-21T04:44:00Z"});
  scene.run_for(2min);
  REQUIRE(scene.bodies().size() == 3);
  CHECK(ends(scene.bodies()[2]) == Ends{"2025-11-21T04:46:00Z"});
  scene.run_for(30s);
  scene.say(AlertState::resolved);
  REQUIRE(scene.bodies().size() == 4);
  CHECK(ends(scene.bodies()[3]) == Ends{"2025-11-21T04:42:30Z"});
  scene.run_for(1h);
  CHECK(scene.bodies().size() == 4);
}

TEST_CASE("one push carries everything that fires", "[notify]") {
  NotifyScene scene({alertmanager()});
  for (const auto* device : {"d1", "d2", "d3"}) scene.say(AlertState::firing, device);
  scene.run_for(1min);
  CHECK(ends(scene.bodies().back()).size() == 3);
  CHECK(scene.bodies().size() == 4);
}

TEST_CASE("an Alertmanager that is away gets what fires when it is back, with new times", "[notify]") {
  NotifyScene scene({alertmanager()});
  bool down = true;
  scene.transfer.answer = [&](const notify::Request&) {
    return Outcome{.verdict = down ? Verdict::retry : Verdict::accepted, .detail = {}};
  };
  scene.say(AlertState::firing, "d1");
  scene.say(AlertState::firing, "d2");
  scene.run_for(20min);
  scene.say(AlertState::resolved, "d2");
  down = false;
  scene.run_for(1min);
  REQUIRE(scene.bodies().size() == 1);
  CHECK(ends(scene.bodies()[0]).size() == 1);
  CHECK(ends(scene.bodies()[0])[0] > "2025-11-21T05:04:00Z");
}

TEST_CASE("an end that Alertmanager did not take is pushed again, also after a restart", "[notify]") {
  NotifyScene scene({alertmanager()});
  scene.say(AlertState::firing);
  scene.transfer.answer = [](const notify::Request&) { return Outcome{.verdict = Verdict::retry, .detail = {}}; };
  scene.say(AlertState::resolved);
  scene.run_for(10s);
  scene.restart();
  scene.transfer.answer = [](const notify::Request&) { return Outcome{.verdict = Verdict::accepted, .detail = {}}; };
  scene.run_for(1h);
  CHECK(scene.bodies().size() == 2);
  CHECK(ends(scene.bodies().back()) == Ends{"2025-11-21T04:40:00Z"});
}

TEST_CASE("an hour of failure is counted once and does not end the pushes", "[notify]") {
  NotifyScene scene({alertmanager()});
  scene.transfer.answer = [](const notify::Request&) {
    return Outcome{.verdict = Verdict::retry, .detail = "no route"};
  };
  scene.say(AlertState::firing);
  scene.run_for(61min);
  CHECK(scene.count("am", "failed") == 1);
  scene.transfer.answer = [](const notify::Request&) { return Outcome{.verdict = Verdict::accepted, .detail = {}}; };
  scene.run_for(1min);
  CHECK(scene.count("am", "sent") >= 1);
}

TEST_CASE("what was acknowledged here is not pushed any more", "[notify]") {
  NotifyScene scene({alertmanager()});
  scene.say(AlertState::firing);
  scene.say(AlertState::acknowledged);
  scene.run_for(10min);
  CHECK(scene.bodies().size() == 1);
  scene.say(AlertState::resolved);
  scene.run_for(1min);
  CHECK(scene.bodies().size() == 2);
}

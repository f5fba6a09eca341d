#include "notify/notifier.hpp"

#include <catch2/catch.hpp>
#include <regex>

#include "tests/notify/scene.hpp"
#include "tests/support/full_disk.hpp"

using namespace telltale;
using namespace std::chrono_literals;
using notify::Outcome;
using notify::Verdict;
using proto::AlertState;
using test::NotifyScene;

namespace {

/// "firing esp32-7:firing" "resolved esp32-7:resolved": what a webhook body says, in short.
std::string gist(const std::string& body) {
  static const std::regex status(R"re("status":"(\w+)")re"),
      alert(R"re("status":"(\w+)","labels":\{[^}]*"device":"([^"]+)")re");
  std::smatch whole;
  std::regex_search(body, whole, status);
  std::string out = whole[1];
  for (std::sregex_iterator at(body.begin(), body.end(), alert), end; at != end; ++at) {
    out += " " + (*at)[2].str() + ":" + (*at)[1].str();
  }
  return out;
}

std::vector<std::string> gists(const NotifyScene& scene) {
  std::vector<std::string> all;
  for (const auto& body : scene.bodies()) all.push_back(gist(body));
  return all;
}

using Gists = std::vector<std::string>;

}  // namespace

TEST_CASE("an alert is told of after the grouping wait, and its end as well", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  scene.say(AlertState::firing);
  scene.run_for(9s);
  CHECK(scene.bodies().empty());
  scene.run_for(1s);
  CHECK(gists(scene) == Gists{"firing esp32-7:firing"});
  scene.run_for(1min);
  scene.say(AlertState::resolved);
  scene.run_for(10s);
  CHECK(gists(scene) == Gists{"firing esp32-7:firing", "resolved esp32-7:resolved"});
  scene.run_for(6h);
  CHECK(scene.bodies().size() == 2);
  CHECK(scene.count("ops", "sent") == 2);
}

TEST_CASE("alerts of one rule and device within the wait are one message", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  for (const auto* metric : {"t1", "t2", "t3"}) {
    auto alert = test::too_hot();
    alert.id = std::string("a-") + metric;
    alert.metric = metric;
    scene.say(alert);
    scene.run_for(2s);
  }
  scene.say(AlertState::firing, "other");
  scene.run_for(10s);
  CHECK(gists(scene) == Gists{"firing esp32-7:firing esp32-7:firing esp32-7:firing", "firing other:firing"});
}

TEST_CASE("an alert that ends within the wait is not told of", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  scene.say(AlertState::firing);
  scene.run_for(5s);
  scene.say(AlertState::resolved);
  scene.run_for(1h);
  CHECK(scene.bodies().empty());
}

TEST_CASE("an alert that ends within the wait is told of when the message goes out for another one", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  auto brief = test::too_hot(), lasting = test::too_hot();
  brief.id = "a-brief";
  lasting.id = "a-lasting";
  lasting.metric = "humidity";
  scene.say(brief);
  scene.say(lasting);
  brief.state = AlertState::resolved;
  scene.say(brief);
  scene.run_for(10s);
  CHECK(gists(scene) == Gists{"firing esp32-7:firing esp32-7:resolved"});
  scene.run_for(5h);  // and never again
  CHECK(gists(scene).back() == "firing esp32-7:firing");
  CHECK(scene.bodies().size() == 2);
}

TEST_CASE("while it fires it is repeated", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  scene.say(AlertState::firing);
  scene.run_for(10s + 4h - 1s);
  CHECK(scene.bodies().size() == 1);
  scene.run_for(1s);
  CHECK(scene.bodies().size() == 2);
  scene.run_for(4h);
  CHECK(scene.bodies().size() == 3);
}

TEST_CASE("what was acknowledged or silenced is not told of, its end only when its firing was", "[notify]") {
  const auto quiet = GENERATE(AlertState::acknowledged, AlertState::silenced);
  NotifyScene scene({test::channel("ops")});
  SECTION("before the wait is over") {
    scene.say(AlertState::firing);
    scene.say(quiet);
    scene.run_for(5h);
    scene.say(AlertState::resolved);
    scene.run_for(1h);
    CHECK(scene.bodies().empty());
  }
  SECTION("later: no repetition, but the end") {
    scene.say(AlertState::firing);
    scene.run_for(10s);
    scene.say(quiet);
    scene.run_for(9h);
    CHECK(scene.bodies().size() == 1);
    scene.say(AlertState::resolved);
    scene.run_for(10s);
    CHECK(gists(scene) == Gists{"firing esp32-7:firing", "resolved esp32-7:resolved"});
  }
  SECTION("a silence that ends while it fires") {
    scene.say(AlertState::firing);
    scene.say(quiet);
    scene.run_for(1h);
    scene.say(AlertState::firing);
    scene.run_for(10s);
    CHECK(gists(scene) == Gists{"firing esp32-7:firing"});
  }
}

TEST_CASE("channels hear of what they asked for", "[notify]") {
  auto critical = test::channel("critical"), site2 = test::channel("site2"), no_end = test::channel("no-end");
  critical.severities = {proto::Severity::critical};
  site2.site = "site2";
  no_end.resolve = false;
  no_end.rule = "too-*";
  NotifyScene scene({critical, site2, no_end});
  scene.say(AlertState::firing, "d1", "too-hot", proto::Severity::warning);
  scene.say(AlertState::firing, "d2", "offline", proto::Severity::critical);
  scene.run_for(11s);
  scene.say(AlertState::resolved, "d1", "too-hot", proto::Severity::warning);
  scene.say(AlertState::resolved, "d2", "offline", proto::Severity::critical);
  scene.run_for(1min);
  CHECK(scene.count("critical", "sent") == 2);
  CHECK(scene.count("site2", "sent") == 0);
  CHECK(scene.count("no-end", "sent") == 1);
}

TEST_CASE("a change of severity ends one alert and begins another, for those who asked for either", "[notify]") {
  auto critical = test::channel("critical"), warning = test::channel("warning"), all = test::channel("all");
  critical.severities = {proto::Severity::critical};
  warning.severities = {proto::Severity::warning};
  NotifyScene scene({critical, warning, all});
  scene.say(AlertState::firing, "d", "too-hot", proto::Severity::warning);
  scene.run_for(1min);
  scene.say(AlertState::resolved, "d", "too-hot", proto::Severity::warning);
  scene.say(AlertState::firing, "d", "too-hot", proto::Severity::critical);
  scene.run_for(1min);
  std::map<std::string, Gists> by_channel;
  for (const auto& sent : scene.transfer.accepted) {
    by_channel[sent.request.url.substr(21)].push_back(gist(sent.request.body));
  }
  CHECK(by_channel["critical"] == Gists{"firing d:firing"});
  CHECK(by_channel["warning"] == Gists{"firing d:firing", "resolved d:resolved"});
  CHECK(by_channel["all"] == Gists{"firing d:firing", "firing d:firing d:resolved"});
}

TEST_CASE("flapping is told of once", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  scene.say(AlertState::firing);
  scene.run_for(1min);
  scene.say(AlertState::resolved);
  scene.run_for(3s);
  scene.say(AlertState::flapping);
  scene.run_for(1h);
  CHECK(gists(scene) == Gists{"firing esp32-7:firing"});
  scene.say(AlertState::resolved);
  scene.run_for(1min);
  CHECK(gists(scene).back() == "resolved esp32-7:resolved");
  scene.say(AlertState::flapping);
  scene.run_for(1min);
  CHECK(gists(scene).back() == "firing esp32-7:firing");
  CHECK(scene.bodies().size() == 3);
}

TEST_CASE("a lost link is told of at once", "[notify]") {
  auto slow = test::channel("ops");
  slow.rate_limit = 1;
  NotifyScene scene({slow});
  scene.say(AlertState::firing);
  scene.run_for(10s);
  scene.say(AlertState::firing, "-", "link-down");
  CHECK(gists(scene) == Gists{"firing esp32-7:firing", "firing -:firing"});
}

TEST_CASE("a channel sends no more than its rate limit, and what waits is told as it is then", "[notify]") {
  auto slow = test::channel("ops");
  slow.rate_limit = 2;
  NotifyScene scene({slow});
  for (const auto* device : {"d1", "d2", "d3", "d4"}) scene.say(AlertState::firing, device);
  scene.run_for(10s);
  CHECK(gists(scene) == Gists{"firing d1:firing", "firing d2:firing"});
  scene.say(AlertState::resolved, "d4");
  scene.run_for(29s);
  CHECK(scene.bodies().size() == 2);
  scene.run_for(10min);
  CHECK(gists(scene) == Gists{"firing d1:firing", "firing d2:firing", "firing d3:firing"});
}

TEST_CASE("a full queue drops what is new, and counts it", "[notify]") {
  auto small = test::channel("ops");
  small.queue = 2;
  NotifyScene scene({small});
  for (const auto* device : {"d1", "d2", "d3"}) scene.say(AlertState::firing, device);
  CHECK(scene.count("ops", "dropped") == 1);
  CHECK(scene.metrics.value(R"(telltale_queue_dropped_total{queue="notify:ops"})") == 1);
  scene.run_for(10s);
  CHECK(scene.bodies().size() == 2);
  scene.say(AlertState::resolved, "d3");
  scene.run_for(1min);
  CHECK(scene.bodies().size() == 2);
}

TEST_CASE("a receiver that is away is tried again, with the same delivery, longer and longer apart", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  scene.transfer.answer = [](const notify::Request&) {
    return Outcome{.verdict = Verdict::retry, .detail = "HTTP 503"};
  };
  scene.say(AlertState::firing);
  scene.run_for(10s);
  const auto begin = scene.transfer.attempts.at(0).at;
  scene.run_for(2h);
  std::vector<std::int64_t> seconds;
  for (const auto& attempt : scene.transfer.attempts) {
    if (attempt.at - begin > 1h) break;
    seconds.push_back((attempt.at - begin) / 1s);
    CHECK(test::header(attempt.request, "X-Telltale-Delivery") == "d1");
    CHECK(attempt.request.body == scene.transfer.attempts[0].request.body);
  }
  CHECK(seconds == std::vector<std::int64_t>{0,    1,    3,    7,    15,   31,   63,   127,  255,  511, 811,
                                             1111, 1411, 1711, 2011, 2311, 2611, 2911, 3211, 3511, 3600});
  CHECK(scene.count("ops", "failed") == 1);
  CHECK(scene.log.count_containing("given up after an hour: HTTP 503") == 1);
}

TEST_CASE("a webhook that is down for an hour and back: each alert is told of once", "[notify]") {
  NotifyScene scene({test::channel("ops"), test::channel("well")});
  bool down = true;
  scene.transfer.answer = [&](const notify::Request& request) {
    return down && request.url.ends_with("ops") ? Outcome{.verdict = Verdict::retry, .detail = "no connection"}
                                                : Outcome{.verdict = Verdict::accepted, .detail = {}};
  };
  scene.say(AlertState::firing, "early");  // and fires still when it is back
  scene.run_for(10min);
  scene.say(AlertState::firing, "brief");  // ends while the receiver is away
  scene.run_for(10min);
  scene.say(AlertState::resolved, "brief");
  scene.run_for(30min);
  scene.say(AlertState::firing, "late");
  scene.run_for(10min + 5s);
  down = false;
  scene.run_for(20min);
  Gists ops, well;
  for (const auto& sent : scene.transfer.accepted) {
    (sent.request.url.ends_with("ops") ? ops : well).push_back(gist(sent.request.body));
  }
  CHECK(well == Gists{"firing early:firing", "firing brief:firing", "resolved brief:resolved", "firing late:firing"});
  std::sort(ops.begin(), ops.end());
  CHECK(ops == Gists{"firing brief:firing", "firing early:firing", "firing late:firing", "resolved brief:resolved"});
  CHECK(scene.log.count_containing("channel ops does not deliver") == 1);
  CHECK(scene.log.count_containing("channel ops delivers again") == 1);
}

TEST_CASE("an alert that nobody could be told of for an hour is told of soon after, if it still fires", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  bool down = true;
  scene.transfer.answer = [&](const notify::Request&) {
    return Outcome{.verdict = down ? Verdict::retry : Verdict::accepted, .detail = {}};
  };
  scene.say(AlertState::firing, "ended");
  scene.say(AlertState::firing, "lasting");
  scene.run_for(30min);
  scene.say(AlertState::resolved, "ended");
  scene.run_for(32min);
  CHECK(scene.count("ops", "failed") == 2);
  down = false;
  scene.run_for(5min);
  CHECK(gists(scene) == Gists{"firing lasting:firing"});
}

TEST_CASE("what a receiver refuses is not tried again before the repeat interval", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  scene.transfer.answer = [](const notify::Request&) {
    return Outcome{.verdict = Verdict::refused, .detail = "HTTP 401"};
  };
  scene.say(AlertState::firing);
  scene.run_for(4h);
  CHECK(scene.transfer.attempts.size() == 1);
  CHECK(scene.count("ops", "refused") == 1);
  CHECK(scene.log.count_containing("was refused: HTTP 401") == 1);
  scene.say(AlertState::resolved);
  scene.run_for(1h);
  CHECK(scene.transfer.attempts.size() == 1);
}

TEST_CASE("a receiver is not tried before the time that it asks for", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  scene.transfer.answer = [&](const notify::Request&) {
    return Outcome{.verdict = scene.transfer.attempts.size() < 2 ? Verdict::retry : Verdict::accepted,
                   .retry_after = 90s,
                   .detail = "HTTP 429"};
  };
  scene.say(AlertState::firing);
  scene.run_for(10s + 89s);
  CHECK(scene.transfer.attempts.size() == 1);
  scene.run_for(1s);
  CHECK(scene.bodies().size() == 1);
}

TEST_CASE("a restart goes on: the wait, the repeat, the retries with the same delivery, the end", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  scene.say(AlertState::firing);
  scene.run_for(6s);
  scene.restart();
  scene.run_for(3s);
  CHECK(scene.bodies().empty());
  scene.transfer.answer = [](const notify::Request&) { return Outcome{.verdict = Verdict::retry, .detail = {}}; };
  scene.run_for(1s);
  REQUIRE(scene.transfer.attempts.size() == 1);
  scene.restart();
  scene.transfer.answer = [](const notify::Request&) { return Outcome{.verdict = Verdict::accepted, .detail = {}}; };
  scene.run_for(1s);
  REQUIRE(scene.transfer.accepted.size() == 1);
  CHECK(test::header(scene.transfer.accepted[0].request, "X-Telltale-Delivery") == "d1");
  scene.restart();
  scene.run_for(4h - 1s);
  CHECK(scene.bodies().size() == 1);
  scene.run_for(1s);
  CHECK(scene.bodies().size() == 2);
  scene.restart();
  scene.say(AlertState::resolved);
  scene.run_for(10s);
  CHECK(gists(scene).back() == "resolved esp32-7:resolved");
  scene.restart();
  scene.run_for(10h);
  CHECK(scene.bodies().size() == 3);
}

TEST_CASE("a receiver that never answers holds up its own channel only", "[notify]") {
  NotifyScene scene({test::channel("dead"), test::channel("well")});
  scene.transfer.answer = [](const notify::Request& request) -> std::optional<Outcome> {
    if (request.url.ends_with("dead")) return std::nullopt;
    return Outcome{.verdict = Verdict::accepted, .detail = {}};
  };
  for (const auto* device : {"d1", "d2"}) scene.say(AlertState::firing, device);
  scene.run_for(1min);
  CHECK(scene.transfer.attempts.size() == 3);  // one request at a time for a channel
  CHECK(gists(scene) == Gists{"firing d1:firing", "firing d2:firing"});
}

TEST_CASE("channels come and go without a restart", "[notify]") {
  NotifyScene scene({test::channel("old")});
  scene.say(AlertState::firing);
  scene.run_for(1min);
  CHECK(scene.count("old", "sent") == 1);
  scene.options.channels = {test::channel("new")};
  scene.notifier().reload(scene.options);
  scene.run_for(10s);
  CHECK(scene.count("new", "sent") == 1);  // of what fires already
  scene.say(AlertState::resolved);
  scene.run_for(1min);
  CHECK(scene.count("new", "sent") == 2);
  CHECK(scene.count("old", "sent") == 1);
  scene.restart();
  scene.run_for(5h);
  CHECK(scene.bodies().size() == 3);
}

TEST_CASE("another receiver for a channel takes over what waits", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  scene.transfer.answer = [](const notify::Request& request) {
    return Outcome{.verdict = request.url.ends_with("right") ? Verdict::accepted : Verdict::retry, .detail = {}};
  };
  scene.say(AlertState::firing);
  scene.run_for(1min);
  scene.options.channels[0].url = "http://receiver.test/right";
  scene.notifier().reload(scene.options);
  scene.run_for(2min);
  REQUIRE(scene.transfer.accepted.size() == 1);
  CHECK(test::header(scene.transfer.accepted[0].request, "X-Telltale-Delivery") == "d1");
}

TEST_CASE("what cannot be noted down is not sent, and goes out once when there is space again", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  scene.say(AlertState::firing, "d1");
  scene.run_for(1min);
  scene.say(AlertState::firing, "d2");
  {
    const test::FullDisk full;
    scene.run_for(1min);
  }
  CHECK(gists(scene) == Gists{"firing d1:firing"});
  CHECK(scene.log.count_containing("nobody is notified") == 1);
  scene.run_for(1min);
  CHECK(gists(scene) == Gists{"firing d1:firing", "firing d2:firing"});
  CHECK(scene.log.count_containing("notifications go on") == 1);
}

TEST_CASE("a new state.db starts anew instead of skipping what it says", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  scene.say(AlertState::firing, "d1");
  scene.run_for(1min);
  scene.state.reset();
  std::filesystem::remove(scene.folder.path() / "state.db-wal");
  std::filesystem::remove(scene.folder.path() / "state.db-shm");
  std::filesystem::remove(scene.folder.path() / "state.db");
  scene.state.emplace(scene.folder.path() / "state.db");
  scene.restart();
  scene.say(AlertState::firing, "d2");
  scene.run_for(6h);
  CHECK(gists(scene) == Gists{"firing d1:firing", "firing d2:firing", "firing d2:firing"});
}

TEST_CASE("a lost notify.db: what fires is told again, once, and its end as well", "[notify]") {
  NotifyScene scene({test::channel("ops")});
  scene.say(AlertState::firing, "d1");
  scene.say(AlertState::firing, "d2");
  scene.run_for(1min);
  scene.say(AlertState::resolved, "d2");
  scene.say(AlertState::firing, "d3");
  scene.run_for(1min);
  scene.transfer.accepted.clear();
  scene.lose_notify_db();
  scene.run_for(1min);
  CHECK(gists(scene) == Gists{"firing d1:firing", "firing d3:firing"});
  scene.say(AlertState::resolved, "d1");
  scene.run_for(1min);
  CHECK(gists(scene).back() == "resolved d1:resolved");
}

TEST_CASE("notices leave state.db once notify.db has them", "[notify]") {
  NotifyScene scene({});
  scene.say(AlertState::firing);
  scene.say(AlertState::resolved);
  scene.say(AlertState::firing);
  const store::NoticeReader notices(scene.folder.path() / "state.db");
  CHECK(notices.after(0, 10).size() == 1);
}

#include <catch2/catch.hpp>
#include <set>

#include "tests/alerting/service_bench.hpp"
#include "tests/bad_days/bad_day.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

std::vector<proto::Batch> log_of(const BadDay& day) {
  std::vector<proto::Batch> log;
  Story story;
  story.after_batch = [&](const proto::Batch& batch) {
    log.push_back(batch);
    log.back().id = log.size();
  };
  day.happens(story);
  return log;
}

/// "firing too-hot d0" of topic alerts/{severity}/{site}/{device}/{rule}/{metric} and its payload.
std::string told(const proto::Outgoing& message) {
  Strings levels;
  for (std::size_t at = 0; at != std::string::npos;) {
    const auto slash = message.topic.find('/', at);
    levels.push_back(message.topic.substr(at, slash - at));
    at = slash == std::string::npos ? slash : slash + 1;
  }
  const auto state = message.payload.find("\"state\":\"") + 9;
  return message.payload.substr(state, message.payload.find('"', state) - state) + ' ' + levels.at(4) + ' ' +
         levels.at(3);
}

void survive(const std::vector<BadDay>& days) {
  std::size_t kill_every = 3;
  for (const auto& day : days) {
    CAPTURE(day.name, kill_every);
    ServiceBench service;
    service.start_connected();
    std::size_t n = 0;
    for (const auto& batch : log_of(day)) {
      service.append(batch);
      const bool killed = ++n % kill_every == 0;
      if (!killed || n % 2 == 0) service.settle();
      if (!killed) continue;
      service.publisher.disconnect();
      service.crash();
      service.start();
      service.publisher.connect();
    }
    service.settle();
    Strings wire;
    std::set<std::string> seen;
    for (const auto& message : service.publisher.wire())
      if (message.topic.starts_with("alerts/") && seen.insert(message.payload).second) wire.push_back(told(message));
    CHECK(wire == day.told);
    kill_every = 3 + (kill_every + 4) % 13;
  }
}

}  // namespace

TEST_CASE("bad days are told the same through log, state.db and outbox, killed again and again",
          "[alerting][lesson-11][lesson-25]") {
  SECTION("of the service") { survive(days_of_the_service()); }
  SECTION("of the broker") { survive(days_of_the_broker()); }
  SECTION("of devices") { survive(days_of_devices()); }
  SECTION("of readings") { survive(days_of_readings()); }
}

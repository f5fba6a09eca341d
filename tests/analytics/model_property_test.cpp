#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "analytics/timer_wheel.hpp"
#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;

TEST_CASE("the timer wheel fires like a sorted list", "[analytics]") {
  CHECK(rc::check([](const std::vector<std::pair<std::uint32_t, std::uint8_t>>& script) {
    analytics::TimerWheel wheel;
    std::multimap<std::int64_t, std::uint64_t> model;  // keeps the order of insertion among equals
    std::int64_t now = 0;
    std::uint64_t subject = 0;
    for (const auto& [value, kind] : script) {
      const std::int64_t distance = value >> (kind % 28);
      if (kind < 170) {
        wheel.add({analytics::instant_from_ms(now + distance), ++subject, analytics::TimerKind::alert});
        model.emplace(now + distance, subject);
      } else {
        now += distance;
        while (const auto timer = wheel.take_due(analytics::instant_from_ms(now))) {
          RC_ASSERT(!model.empty());
          RC_ASSERT(timer->subject == model.begin()->second);
          RC_ASSERT(to_ms(timer->deadline) == model.begin()->first);
          model.erase(model.begin());
        }
        RC_ASSERT(model.empty() || model.begin()->first > now);
      }
      RC_ASSERT(wheel.earliest().has_value() == !model.empty());
      if (!model.empty()) RC_ASSERT(to_ms(*wheel.earliest()) == model.begin()->first);
    }
  }));
}

TEST_CASE("a device is stale or offline exactly when a naive watchdog says so", "[analytics][lesson-24]") {
  CHECK(rc::check([](const std::vector<std::uint32_t>& gaps) {
    const auto heartbeat = *rc::gen::inRange<std::int64_t>(1, 120);
    Story story(Story::quiet());
    story.listening().birth("site1/boiler", "", heartbeat);
    const Millis stale = std::max<Millis>(15s, Millis{heartbeat * 1500});
    const Millis offline = std::max<Millis>(30s, Millis{heartbeat * 3000});
    for (const auto raw : gaps) {
      // Around the boundaries more often than anywhere else.
      Millis gap{raw % 400'000};
      if (raw % 4 == 1) gap = stale + Millis{static_cast<int>(raw / 4 % 3) - 1};
      if (raw % 4 == 2) gap = offline + Millis{static_cast<int>(raw / 4 % 3) - 1};
      const bool ticks = raw % 5 == 0;
      story.forget();
      const auto heard = story.now();
      if (ticks) {
        story.pass(gap);
      } else {
        story.advance(gap);
      }
      story.reads("site1/boiler", "t", 1);
      Strings expected;
      if (gap >= stale) expected.push_back("boiler stale timeout");
      if (gap >= offline) expected.push_back("boiler offline timeout");
      if (gap >= stale) expected.push_back("boiler online data");
      RC_ASSERT(story.presence() == expected);
      const auto all = story.all<proto::PresenceChange>();
      if (gap >= stale) RC_ASSERT(all[0].ts == heard + stale);
      if (gap >= offline) RC_ASSERT(all[1].ts == heard + offline);
    }
  }));
}

TEST_CASE("a window equals a naive recomputation of its readings, in any order, however often they come",
          "[analytics][lesson-18]") {
  CHECK(rc::check([](const std::vector<std::pair<std::uint16_t, std::int16_t>>& readings) {
    auto rules = Story::quiet();
    rules.windows = {10s};
    rules.allowed_lateness = 10s;
    Story story(rules);
    const auto start = story.now();
    std::map<Timestamp, std::map<Timestamp, double>> windows;
    story.advance(1h);
    for (const auto& [at, value] : readings) {
      const auto ts = start + 1h + Millis{at % 64 * 625 / 4 + 1};  // one a 64th of the window
      windows[start + 1h].try_emplace(ts, value);
      story.reads_at("site1/a", "t", value, ts);
    }
    story.pass(1min);
    const auto all = story.all<proto::WindowAggregate>();
    RC_ASSERT(all.size() == windows.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& values = windows[start + 1h];
      double sum = 0;
      double squares = 0;
      double low = 1e9;
      double high = -1e9;
      for (const auto& [ts, v] : values) {
        sum += v;
        low = std::min(low, v);
        high = std::max(high, v);
      }
      const double mean = sum / static_cast<double>(values.size());
      for (const auto& [ts, v] : values) squares += (v - mean) * (v - mean);
      RC_ASSERT(all[i].count == values.size());
      RC_ASSERT(std::abs(all[i].avg - mean) < 1e-6);
      RC_ASSERT(all[i].min == low);
      RC_ASSERT(all[i].max == high);
      RC_ASSERT(all[i].last == values.rbegin()->second);
      RC_ASSERT(std::abs(all[i].stddev - std::sqrt(squares / static_cast<double>(values.size()))) < 1e-6);
    }
  }));
}

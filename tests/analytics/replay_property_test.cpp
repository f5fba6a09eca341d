#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <set>

#include "tests/analytics/log_maker.hpp"
#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;
using analytics::Engine;
using Findings = std::vector<proto::Finding>;

namespace {

/// A log whose operators know the ids of its alerts.
std::vector<proto::Batch> make_log(std::uint64_t seed, std::size_t batches) {
  LogMaker maker(seed);
  Engine engine;
  Findings said;
  auto log = maker.make(1);
  engine.process(log.front(), said);
  while (log.size() < batches) {
    log.push_back(maker.next());
    const auto before = said.size();
    engine.process(log.back(), said);
    for (std::size_t i = before; i < said.size(); ++i)
      if (const auto* a = std::get_if<proto::AlertTransition>(&said[i])) maker.alert_ids.push_back(a->id);
    if (log.size() % 10 == 0) maker.models = engine.learned();
  }
  return log;
}

}  // namespace

TEST_CASE("a log gives the same findings and state wherever the engine is stopped and taken up again",
          "[analytics][lesson-25]") {
  int models_taken = 0, resets_taken = 0, local_hours = 0;
  CHECK(rc::check([&](std::uint64_t seed) {
    const auto log = make_log(seed, 120);
    const auto restart_every = *rc::gen::inRange<std::size_t>(1, 40);
    Engine whole;
    Engine pieces;
    Findings whole_said;
    Findings pieces_said;
    for (std::size_t i = 0; i < log.size(); ++i) {
      for (const auto& placed : log[i].events) {
        const auto* change = std::get_if<proto::ModelChange>(&placed.event);
        if (change != nullptr && whole.problem_with(change->model).empty())
          ++(change->model.numbers.empty() ? resets_taken : models_taken);
      }
      whole.process(log[i], whole_said);
      if (i % restart_every == 0) {
        const auto bytes = pieces.encode();
        auto next = Engine::decode(bytes);
        RC_ASSERT(next.has_value());
        RC_ASSERT(next->encode() == bytes);
        pieces = std::move(*next);
      }
      pieces.process(log[i], pieces_said);
      RC_ASSERT(whole.next_deadline() == pieces.next_deadline());
    }
    RC_ASSERT(whole_said == pieces_said);
    RC_ASSERT(whole.encode() == pieces.encode());
    const auto a = whole.census();
    const auto b = pieces.census();
    RC_ASSERT(std::equal(std::begin(a.devices), std::end(a.devices), std::begin(b.devices)));
    RC_ASSERT(std::equal(std::begin(a.alerts), std::end(a.alerts), std::begin(b.alerts)));
    RC_ASSERT(a.late_readings == b.late_readings);
    for (const auto& model : whole.learned()) local_hours += model.type == "unusual" && !whole.rules().zones.empty();
  }));
  CHECK(models_taken > 0);
  CHECK(resets_taken > 0);
  CHECK(local_hours > 0);
}

TEST_CASE("ticks add nothing: an engine that is asked at every deadline says the same as one that is not",
          "[analytics][lesson-24]") {
  CHECK(rc::check([](std::uint64_t seed) {
    const auto log = make_log(seed, 80);
    Engine lazy;
    Engine punctual;
    Findings lazy_said;
    Findings punctual_said;
    for (const auto& batch : log) {
      lazy.process(batch, lazy_said);
      // A step moves the time of ticks, and before a start nobody was there to tick.
      const bool apart = std::any_of(batch.events.begin(), batch.events.end(), [](const proto::PlacedEvent& placed) {
        const auto* link = std::get_if<proto::Link>(&placed.event);
        return std::holds_alternative<proto::ClockStep>(placed.event) ||
               (link != nullptr && link->state == proto::LinkState::started);
      });
      for (int i = 0; i < 1000 && !apart; ++i) {
        const auto due = punctual.next_deadline();
        if (!due || *due >= batch.log_time) break;
        proto::Batch tick;
        tick.log_time = *due;
        const auto before = punctual_said.size();
        punctual.process(tick, punctual_said);
        RC_ASSERT(punctual.next_deadline() != due || punctual_said.size() > before);
      }
      punctual.process(batch, punctual_said);
    }
    RC_ASSERT(lazy_said == punctual_said);
  }));
}

TEST_CASE("what is usual is remembered bit for bit wherever the engine is stopped", "[analytics][lesson-25]") {
  int with_alerts = 0;
  CHECK(rc::check([&](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    auto rules = Story::quiet();
    rules.rules.emplace_back();
    rules.rules.back().name = "unusual";
    rules.rules.back().check = proto::UnusualCheck{};
    Story whole(rules);
    Story pieces(rules);
    const auto restart_every = *rc::gen::inRange(1, 700);
    for (int i = 0; i < 700; ++i) {
      const double x = static_cast<double>(random() % 100) + (random() % 97 == 0 ? 5000 : 0);
      const Millis gap{random() % 50 == 0 ? random() % 100'000'000 : 300'000};
      if (i % restart_every == 0) {
        const auto bytes = pieces.engine.encode();
        auto next = Engine::decode(bytes);
        RC_ASSERT(next.has_value());
        RC_ASSERT(next->encode() == bytes);
        pieces.engine = std::move(*next);
      }
      for (auto* story : {&whole, &pieces}) story->advance(gap).temperature(x);
    }
    RC_ASSERT(whole.said == pieces.said);
    RC_ASSERT(whole.engine.encode() == pieces.engine.encode());
    with_alerts += whole.alerts().empty() ? 0 : 1;
  }));
  CHECK(with_alerts > 0);
}

TEST_CASE("every alert's transitions are numbered from 1, start active, and end resolved or removed", "[analytics]") {
  CHECK(rc::check([](std::uint64_t seed) {
    Engine engine;
    Findings said;
    for (const auto& batch : make_log(seed, 150)) engine.process(batch, said);
    std::map<std::string, proto::AlertTransition> last;
    for (const auto& finding : said) {
      const auto* a = std::get_if<proto::AlertTransition>(&finding);
      if (a == nullptr) continue;
      const auto found = last.find(a->id);
      if (found == last.end()) {
        RC_ASSERT(a->n == 1U);
        RC_ASSERT(a->state == proto::AlertState::firing || a->state == proto::AlertState::silenced);
      } else {
        RC_ASSERT(a->n == found->second.n + 1);
        RC_ASSERT(a->started == found->second.started);
        RC_ASSERT(a->active() || found->second.active());
        RC_ASSERT(a->severity == found->second.severity || !found->second.active());
      }
      RC_ASSERT(!a->value || std::isfinite(*a->value));
      last[a->id] = *a;
    }
    std::size_t active[3] = {};
    for (const auto& [id, a] : last)
      if (a.active()) ++active[static_cast<std::size_t>(a.severity)];
    const auto census = engine.census();
    RC_ASSERT(std::equal(std::begin(active), std::end(active), std::begin(census.alerts)));
  }));
}

TEST_CASE("presence is said when it changes and the census agrees with what was said", "[analytics]") {
  CHECK(rc::check([](std::uint64_t seed) {
    Engine engine;
    Findings said;
    for (const auto& batch : make_log(seed, 150)) engine.process(batch, said);
    std::map<std::string, proto::Presence> last;
    for (const auto& finding : said) {
      const auto* p = std::get_if<proto::PresenceChange>(&finding);
      if (p == nullptr) continue;
      const auto [at, first] = last.try_emplace(p->device, proto::Presence::unknown);
      RC_ASSERT(at->second != p->state);
      at->second = p->state;
    }
    std::size_t devices[6] = {LogMaker::devices - last.size()};
    for (const auto& [name, state] : last) ++devices[static_cast<std::size_t>(state)];
    const auto census = engine.census();
    RC_ASSERT(std::equal(std::begin(census.devices), std::end(census.devices), std::begin(devices)));
  }));
}

TEST_CASE("no bytes crash the decoder of states", "[analytics]") {
  CHECK(rc::check("random bytes", [](const std::string& bytes) { RC_ASSERT(!Engine::decode(bytes)); }));
  CHECK(rc::check("damaged states", [](std::uint64_t seed) {
    const auto log = make_log(seed, 60);
    Engine engine;
    Findings said;
    for (const auto& batch : log) engine.process(batch, said);
    auto bytes = engine.encode();
    const auto damages = *rc::gen::inRange(1, 4);
    for (int i = 0; i < damages; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
      bytes[at] = *rc::gen::arbitrary<char>();
    }
    if (*rc::gen::inRange(0, 3) == 0) bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size()));
    auto damaged = Engine::decode(bytes);
    if (!damaged) return;
    for (const auto& batch : log) damaged->process(batch, said);  // garbage in, but no crash
    static_cast<void>(damaged->census());
  }));
}

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "proto/rule.hpp"

using namespace telltale;
using namespace telltale::proto;

namespace {

std::optional<double> maybe_number() {
  if (*rc::gen::arbitrary<bool>()) return std::nullopt;
  return static_cast<double>(*rc::gen::arbitrary<int>()) / 8;
}

Rule any_rule() {
  Rule rule;
  for (auto* text : {&rule.name, &rule.tenant, &rule.site, &rule.device, &rule.metric, &rule.message, &rule.runbook}) {
    *text = *rc::gen::arbitrary<std::string>();
  }
  rule.tags = *rc::gen::arbitrary<std::vector<std::pair<std::string, std::string>>>();
  rule.except = *rc::gen::arbitrary<std::vector<std::string>>();
  switch (*rc::gen::inRange(0, 7)) {
    case 0:
      rule.check = ThresholdCheck{maybe_number(), maybe_number(), maybe_number()};
      break;
    case 1:
      rule.check = ZScoreCheck{4.5, maybe_number(), *rc::gen::arbitrary<std::uint32_t>(), 0.25,
                               *rc::gen::arbitrary<std::uint32_t>()};
      break;
    case 2:
      rule.check = RateCheck{2.5, maybe_number(), Millis{*rc::gen::arbitrary<std::int64_t>()},
                             Millis{*rc::gen::arbitrary<std::int64_t>()},
                             *rc::gen::element(RateDirection::both, RateDirection::up, RateDirection::down)};
      break;
    case 3:
      rule.check = FlatlineCheck{Millis{*rc::gen::arbitrary<std::int64_t>()}, 0.5};
      break;
    case 4:
      rule.check = MissingCheck{Millis{*rc::gen::arbitrary<std::int64_t>()}};
      break;
    case 5:
      rule.check = FrozenCheck{4.5, maybe_number(), *rc::gen::arbitrary<std::uint32_t>(), 0.25};
      break;
    default:
      rule.check = UnusualCheck{3.5, 1.25};
  }
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      break;
    case 1:
      rule.persistence = Millis{*rc::gen::arbitrary<std::int64_t>()};
      break;
    default:
      rule.persistence = NofM{*rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<std::uint32_t>()};
  }
  rule.cooldown = Millis{*rc::gen::arbitrary<std::int64_t>()};
  rule.severity = *rc::gen::element(Severity::info, Severity::warning, Severity::critical);
  if (*rc::gen::arbitrary<bool>())
    rule.escalate = {{Millis{*rc::gen::arbitrary<std::int64_t>()}, Severity::warning}, {Millis{7}, Severity::critical}};
  return rule;
}

RuleSet any_rule_set() {
  RuleSet rules;
  const auto n = *rc::gen::inRange(0, 5);
  for (int i = 0; i < n; ++i) rules.rules.push_back(any_rule());
  if (*rc::gen::arbitrary<bool>()) {
    rules.heartbeats.push_back({*rc::gen::arbitrary<std::string>(), "s", "d", *rc::gen::arbitrary<std::int64_t>()});
  }
  rules.default_heartbeat_s = *rc::gen::arbitrary<std::int64_t>();
  rules.live_max_age = Millis{*rc::gen::arbitrary<std::int64_t>()};
  rules.allowed_lateness = Millis{*rc::gen::arbitrary<std::int64_t>()};
  rules.windows = {Millis{10'000}, Millis{*rc::gen::arbitrary<std::int64_t>()}};
  rules.rollup_windows.clear();
  rules.offline_severity = *rc::gen::element(Severity::info, Severity::warning, Severity::critical);
  if (*rc::gen::arbitrary<bool>()) {
    MaintenanceWindow window;
    window.name = *rc::gen::arbitrary<std::string>();
    window.pattern.device = *rc::gen::arbitrary<std::string>();
    window.comment = *rc::gen::arbitrary<std::string>();
    window.weekdays = *rc::gen::arbitrary<std::uint8_t>();
    window.start = Millis{*rc::gen::inRange(0, 86'400'000)};
    window.duration = Millis{*rc::gen::inRange(0, 7 * 86'400'000)};
    window.zone = {"Some/Where", Millis{3'600'000}, {{from_ms(5), Millis{0}}, {from_ms(9), Millis{-60'000}}}};
    rules.maintenance = {window, window};
    rules.zones = {{"*", *rc::gen::arbitrary<std::string>(), window.zone}};
  }
  return rules;
}

}  // namespace

TEST_CASE("a rule set comes back from its bytes as it was", "[proto]") {
  CHECK(rc::check("encode, then decode", [] {
    const auto rules = any_rule_set();
    std::string bytes;
    ByteWriter out(bytes);
    encode(rules, out);
    ByteReader in(bytes);
    RuleSet back;
    RC_ASSERT(decode(in, back));
    RC_ASSERT(in.at_end());
    RC_ASSERT(back == rules);
  }));
}

TEST_CASE("bytes that are no rule set are refused, not trusted", "[proto]") {
  CHECK(rc::check("cut short", [] {
    std::string bytes;
    ByteWriter out(bytes);
    encode(any_rule_set(), out);
    bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size()));
    ByteReader in(bytes);
    RuleSet back;
    RC_ASSERT_FALSE(decode(in, back));
  }));
  CHECK(rc::check("random bytes", [] {
    auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    if (*rc::gen::arbitrary<bool>()) bytes.insert(0, 1, '\1');  // past the version
    ByteReader in(bytes);
    RuleSet back;
    static_cast<void>(decode(in, back));
  }));
}

TEST_CASE("varints keep every number", "[proto]") {
  CHECK(rc::check("varint and zigzag", [](std::uint64_t u, std::int64_t s) {
    std::string bytes;
    ByteWriter out(bytes);
    out.varint(u);
    out.zigzag(s);
    ByteReader in(bytes);
    RC_ASSERT(in.varint() == u);
    RC_ASSERT(in.zigzag() == s);
    RC_ASSERT(in.ok());
    RC_ASSERT(in.at_end());
  }));
}

TEST_CASE("a pattern matches as the naive definition says", "[proto]") {
  struct Naive {
    static bool match(std::string_view p, std::string_view t) {
      if (p.empty()) return t.empty();
      if (p.front() == '*') return match(p.substr(1), t) || (!t.empty() && match(p, t.substr(1)));
      return !t.empty() && p.front() == t.front() && match(p.substr(1), t.substr(1));
    }
  };
  CHECK(rc::check("patterns", [] {
    const auto letters = rc::gen::elementOf(std::string("ab*"));
    auto pattern = *rc::gen::container<std::string>(letters);
    auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab")));
    constexpr std::size_t small = 12;
    pattern.resize(std::min(pattern.size(), small));
    text.resize(std::min(text.size(), small));
    RC_ASSERT(matches(pattern, text) == Naive::match(pattern, text));
  }));
}

#include <catch2/catch.hpp>

#include "broker/backoff.hpp"
#include "broker/subscription_plan.hpp"
#include "broker/subscription_round.hpp"
#include "broker/takeover_watch.hpp"
#include "broker/unacknowledged_window.hpp"

using namespace telltale;
using namespace telltale::broker;
using namespace std::chrono_literals;
using namespace std::string_literals;

using Owner = UnacknowledgedWindow::Owner;

TEST_CASE("PUBACKs leave in arrival order, also those of our own messages", "[broker]") {
  UnacknowledgedWindow window({.messages = 100, .bytes = 1000});
  window.arrived(1, 10, Owner::session);
  window.arrived(2, 10, Owner::receiver);
  window.arrived(0, 10, Owner::receiver);  // QoS 0
  window.arrived(3, 10, Owner::session);
  window.arrived(4, 10, Owner::receiver);
  window.arrived(5, 10, Owner::receiver);
  std::string out;
  window.acknowledge(0, out);
  CHECK(out == "\x40\x02\x00\x01"s);
  out.clear();
  window.acknowledge(1, out);
  CHECK(out == "\x40\x02\x00\x02"s);
  out.clear();
  window.acknowledge(2, out);
  CHECK(out == "\x40\x02\x00\x03\x40\x02\x00\x04"s);
  CHECK(window.size() == 1);
  CHECK(window.bytes() == 10);
  out.clear();
  window.acknowledge(99, out);  // more than there are: an error of the caller that costs nothing
  CHECK(out == "\x40\x02\x00\x05"s);
  CHECK(window.size() == 0);
}

TEST_CASE("the window is full by messages or by bytes", "[broker]") {
  UnacknowledgedWindow window({.messages = 2, .bytes = 100});
  window.arrived(1, 10, Owner::receiver);
  CHECK_FALSE(window.full());
  window.arrived(2, 10, Owner::receiver);
  CHECK(window.full());
  window.clear();
  CHECK_FALSE(window.full());
  window.arrived(1, 100, Owner::receiver);
  CHECK(window.full());
}

TEST_CASE("back-off doubles to its ceiling, with full jitter, and starts anew", "[broker][lesson-08]") {
  const auto seed = GENERATE(range(0u, 20u));
  Backoff backoff(500ms, 30s, seed);
  Millis ceiling{500};
  Millis longest{0};
  for (int i = 0; i < 50; ++i) {
    const auto pause = backoff.next();
    CHECK(pause >= 0ms);
    CHECK(pause <= ceiling);
    ceiling = std::min<Millis>(ceiling * 2, 30s);
    longest = std::max(longest, pause);
  }
  CHECK(longest > 15s);
  backoff.reset();
  CHECK(backoff.next() <= 500ms);
}

TEST_CASE("identifiers belong to the filter's text, not to its place", "[broker][lesson-05]") {
  const SubscriptionPlan before({"a/#", "b/#"}, {}, "one");
  const SubscriptionPlan after({"b/#", "c/#", "a/#"}, {"a/#", "old/#"}, "one");
  CHECK(before.subscriptions()[0].identifier == after.subscriptions()[2].identifier);
  CHECK(before.subscriptions()[1].identifier == after.subscriptions()[0].identifier);
  CHECK(after.obsolete() == std::vector<std::string>{"old/#"});
  mqtt5::Publish publish;
  publish.topic = "a/x";
  publish.subscription_identifiers = {before.subscriptions()[0].identifier, 77};
  publish.subscription_identifier_count = 2;
  CHECK(after.meaning_of(publish).filter == 2);
  CHECK(after.meaning_of(publish).for_receiver());
}

TEST_CASE("filters of earlier runs come first, in their order, whatever the configuration says",
          "[broker][lesson-05]") {
  using Filters = std::vector<std::string>;
  const auto [configured, previous, ordered] = GENERATE(table<Filters, Filters, Filters>({
      {{"b/#", "a/#"}, {}, {"b/#", "a/#"}},
      {{"a/+/x", "a/#"}, {"a/#"}, {"a/#", "a/+/x"}},
      {{"new/#", "c/#", "b/#", "also/#"}, {"b/#", "gone/#", "c/#"}, {"b/#", "c/#", "new/#", "also/#"}},
  }));
  CHECK(by_age(configured, previous) == ordered);
}

TEST_CASE("a filter of an earlier run ranks behind those that were configured with it and still are",
          "[broker][lesson-05]") {
  const SubscriptionPlan before({"a/+", "a/#", "b/#"}, {}, "one");
  mqtt5::Publish publish;
  publish.topic = "a/x";
  publish.subscription_identifiers = {before.subscriptions()[0].identifier};
  publish.subscription_identifier_count = 1;
  const std::vector<std::string> previous{"a/+", "a/#", "b/#"};
  CHECK(SubscriptionPlan({"a/#", "b/#"}, previous, "one").meaning_of(publish).filter == 2);
  CHECK(SubscriptionPlan({"a/#", "c/#"}, previous, "one").meaning_of(publish).filter == 1);
  CHECK(SubscriptionPlan({"+/x"}, previous, "one").meaning_of(publish).filter == 0);
}

TEST_CASE("a message that names several filters counts for the first; unknown identifiers for none", "[broker]") {
  const SubscriptionPlan plan({"a/#", "a/+", "a/#"}, {}, "one");
  const auto& subscriptions = plan.subscriptions();
  REQUIRE(subscriptions.size() == 5);  // a filter that is written twice is subscribed once
  mqtt5::Publish publish;
  publish.topic = "a/x";
  publish.subscription_identifiers = {subscriptions[1].identifier, subscriptions[0].identifier};
  publish.subscription_identifier_count = 2;
  CHECK(plan.meaning_of(publish).filter == 0);
  publish.subscription_identifier_count = 1;
  CHECK(plan.meaning_of(publish).filter == 1);
  publish.subscription_identifiers = {1};
  CHECK(plan.meaning_of(publish).filter == SubscriptionPlan::no_filter);
  CHECK(plan.meaning_of(publish).for_receiver());
}

TEST_CASE("a filter ranks from when it is wanted until the broker has ended it, unless it is refused",
          "[broker][lesson-05]") {
  using Filters = std::vector<std::string>;
  SubscriptionPlan plan({"a/#", "b/#"}, {"b/#"}, "one");
  const auto copy_for = [&](const std::string& filter) {
    const SubscriptionPlan alone({filter}, {}, "one");  // identifiers do not depend on the plan
    mqtt5::Publish publish;
    publish.topic = "x/y";
    publish.subscription_identifiers = {alone.subscriptions()[0].identifier};
    publish.subscription_identifier_count = 1;
    return plan.meaning_of(publish).filter;
  };
  CHECK_FALSE(plan.served("a/#"));
  CHECK(plan.ranked() == Filters{"a/#", "b/#"});

  CHECK(plan.change({"c/#", "b/#"}));
  CHECK(plan.ranked() == Filters{"a/#", "b/#", "c/#"});
  CHECK(plan.obsolete() == Filters{"a/#"});
  CHECK(copy_for("a/#") == 0);  // the broker still makes a copy for it

  CHECK(plan.not_served("a/#"));
  CHECK(plan.ranked() == Filters{"b/#", "c/#"});
  CHECK(copy_for("a/#") == 1);  // behind what was there with it, before what is newer
  CHECK_FALSE(plan.not_served("a/#"));
  CHECK(plan.obsolete() == Filters{"a/#"});  // a broker with an old snapshot may have it again

  CHECK(plan.not_served("b/#"));  // refused at a later connection
  CHECK(plan.ranked() == Filters{"c/#"});
  CHECK(copy_for("c/#") == 0);
  CHECK(plan.served("b/#"));  // and granted again
  CHECK(plan.ranked() == Filters{"c/#", "b/#"});

  CHECK(plan.change({"a/#", "c/#", "b/#"}));  // wanted again
  CHECK(plan.obsolete().empty());
  CHECK(plan.ranked() == Filters{"c/#", "b/#", "a/#"});
  CHECK_FALSE(plan.change({"c/#", "a/#"}));
  CHECK(plan.obsolete() == Filters{"b/#"});
}

TEST_CASE("a later round asks only what the broker has not done yet", "[broker][lesson-05]") {
  SubscriptionPlan plan({"a/#", "b/#"}, {"old"}, "one");
  std::string out;
  SubscriptionRound first(plan, {.identifiers = true}, out, {});
  CHECK(first.suback(1, 1));
  const auto* refused = first.suback(2, 0x87);
  REQUIRE(refused);
  CHECK((refused->refused && refused->filter == "b/#"));
  CHECK(first.suback(3, 1));
  CHECK(first.suback(4, 1));
  CHECK(first.suback(5, 0));
  CHECK(first.complete());
  CHECK_FALSE(first.done());
  CHECK(first.not_ended() == std::vector<std::string>{"old"});
  CHECK(first.unsuback(6, 0));
  CHECK(first.done());
  CHECK(first.not_ended().empty());

  plan.change({"a/#", "b/#", "c/#"});
  out.clear();
  SubscriptionRound second(plan, {.identifiers = true}, out, first.settled());
  CHECK(out.find("a/#") == std::string::npos);
  CHECK(out.find("b/#") != std::string::npos);
  CHECK(out.find("old") == std::string::npos);
  CHECK(second.suback(7, 1));
  CHECK(second.suback(8, 1));
  CHECK(second.done());
}

TEST_CASE("our own topics are recognised without identifiers too", "[broker]") {
  const SubscriptionPlan plan({"a/#"}, {}, "one");
  mqtt5::Publish publish;
  publish.topic = plan.marker_topic();
  CHECK(plan.meaning_of(publish).own == SubscriptionPlan::Role::marker);
  CHECK_FALSE(plan.meaning_of(publish).for_receiver());
  const SubscriptionPlan with_user_filter({"service/one/marker"}, {}, "one");
  publish.subscription_identifiers = {with_user_filter.subscriptions()[0].identifier};
  publish.subscription_identifier_count = 1;
  CHECK(with_user_filter.meaning_of(publish).own == SubscriptionPlan::Role::marker);
  CHECK(with_user_filter.meaning_of(publish).for_receiver());
}

TEST_CASE("SUBACKs other than asked are problems, a refused $SYS is none", "[broker]") {
  const SubscriptionPlan plan({"a/#", "b/#"}, {"old"}, "one");
  std::string out;
  SubscriptionRound round(plan, {.identifiers = true}, out, {});
  CHECK(round.next_packet_id() == 7);
  CHECK(round.suback(1, 1));
  CHECK_FALSE(round.suback(1, 1));  // answered already
  CHECK_FALSE(round.suback(6, 0));  // that was the UNSUBSCRIBE
  CHECK(round.suback(2, 0));
  CHECK(round.suback(3, 1));
  CHECK(round.suback(5, 0x87));
  CHECK_FALSE(round.complete());
  CHECK(round.suback(4, 0x87));
  CHECK(round.complete());
  CHECK(round.unsuback(6, 0x11));
  CHECK(round.granted() == std::vector<std::string>{"a/#", "b/#"});
  CHECK(round.problem() ==
        "the broker grants the filter 'b/#' only QoS 0; the broker refuses the filter 'service/one/status': not "
        "authorized (0x87)");
}

TEST_CASE("taken over needs an unexplained close and a newer foreign instance", "[broker][lesson-06]") {
  using Copy = TakeoverWatch::Copy;
  const Timestamp started = from_ms(1'763'700'000'000);
  const auto t0 = std::chrono::steady_clock::time_point{} + 1h;
  const std::string newer = R"({"state":"online","version":"1","ts":1763700000001,"nonce":"theirs"})";
  const std::string older = R"({"state":"online","version":"1","ts":1763699999999,"nonce":"theirs"})";
  const std::string ours = R"({"state":"online","version":"1","ts":1763700000001,"nonce":"ours"})";
  const std::string offline = R"({"state":"offline","version":"1","ts":1763700000001,"nonce":"theirs"})";
  const auto [what, payload, copy, closed, expected] = GENERATE_COPY(table<std::string, std::string, Copy, bool, bool>({
      {"newer, retained", newer, Copy::retained, true, true},
      {"no close", newer, Copy::retained, false, false},
      {"left by an earlier run", older, Copy::retained, true, false},
      {"old clock, but live", older, Copy::live, true, true},
      {"our own", ours, Copy::live, true, false},
      {"gone again", offline, Copy::live, true, false},
      {"no JSON", "hello", Copy::live, true, false},
  }));
  CAPTURE(what);
  TakeoverWatch watch("ours", started);
  watch.status_seen(payload, copy);
  if (closed) watch.closed_without_reason(t0);
  CHECK(watch.taken_over(t0 + 1s) == expected);
  CHECK_FALSE(watch.taken_over(t0 + 61s));
  TakeoverWatch without_nonce("", started);
  without_nonce.status_seen(payload, copy);
  without_nonce.closed_without_reason(t0);
  CHECK_FALSE(without_nonce.taken_over(t0));
}

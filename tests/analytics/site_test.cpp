#include <catch2/catch.hpp>

#include "tests/analytics/story.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

std::string path(int i) { return "site1/d" + std::to_string(i); }

/// Ten devices of site1 with 10 s heartbeats, all heard within the last 9 s.
Story ten_awake() {
  Story story(Story::quiet());
  story.listening();
  for (int i = 0; i < 10; ++i) story.advance(1s).birth(path(i), "", 10);
  story.forget();
  return story;
}

/// `alive` devices go on for `span`, the others are silent.
void go_on(Story& story, Millis span, int from) {
  for (Millis t{0}; t < span; t += 5s) {
    for (int i = from; i < 10; ++i) story.reads(path(i), "t", 1);
    story.pass(5s);
  }
}

}  // namespace

TEST_CASE("most devices of a site silent within a minute are one alert, and each device's presence is still said",
          "[analytics][lesson-26]") {
  auto story = ten_awake();
  go_on(story, 60s, 6);
  CHECK(story.alerts() == Strings{"firing site-silent -"});
  const auto site = story.last_alert();
  CHECK(site.site == "site1");
  CHECK(site.metric == "_");
  CHECK(site.severity == proto::Severity::critical);
  int offline = 0;
  for (const auto& p : story.all<proto::PresenceChange>()) offline += p.state == proto::Presence::offline ? 1 : 0;
  CHECK(offline == 6);
  std::size_t active = 0;
  for (const auto n : story.engine.census().alerts) active += n;
  CHECK(active == 1);
}

TEST_CASE("the site alert ends when most are back; who stays away a minute longer has an alert of its own",
          "[analytics]") {
  auto story = ten_awake();
  go_on(story, 60s, 6);
  story.forget();
  go_on(story, 5s, 1);
  CHECK(story.alerts() == Strings{"resolved site-silent -"});
  go_on(story, 50s, 1);
  CHECK(story.alerts().size() == 1);
  go_on(story, 10s, 1);
  CHECK(story.alerts() == Strings{"resolved site-silent -", "firing offline d0"});
  story.reads(path(0), "t", 1);
  CHECK(story.alerts().back() == "resolved offline d0");
}

TEST_CASE("few silent devices, or half of a site, are alerts of their own", "[analytics]") {
  const int silent = GENERATE(1, 2, 5);
  CAPTURE(silent);
  auto story = ten_awake();
  go_on(story, 120s, silent);
  CHECK(story.alerts().size() == static_cast<std::size_t>(silent));
  for (const auto& alert : story.alerts()) CHECK(alert.starts_with("firing offline d"));
}

TEST_CASE("two devices are no site", "[analytics]") {
  Story story(Story::quiet());
  story.listening().birth("home/a").birth("home/b").pass(10min);
  CHECK(story.alerts() == Strings{"firing offline a", "firing offline b"});
}

TEST_CASE("devices that fell silent long before do not count", "[analytics]") {
  Story story(Story::quiet());
  story.listening();
  for (int i = 0; i < 10; ++i) story.birth(path(i), "", 10);
  for (int gone = 1; gone <= 6; ++gone) go_on(story, 70s, gone);
  CHECK(story.alerts() == Strings{"firing offline d0", "firing offline d1", "firing offline d2", "firing offline d3",
                                  "firing offline d4", "firing offline d5"});
  story.forget();
  go_on(story, 60s, 9);  // three of the four that were left
  CHECK(story.alerts() == Strings{"firing site-silent -"});
}

TEST_CASE("a site cut from the broker by wills is one alert in the end", "[analytics][lesson-26]") {
  auto story = ten_awake();
  for (int i = 0; i < 8; ++i) story.advance(2s).will(path(i));
  for (int i = 8; i < 10; ++i) story.reads(path(i), "t", 1);
  story.pass(6s);
  std::size_t active = 0;
  for (const auto n : story.engine.census().alerts) active += n;
  CHECK(active == 1);
  CHECK(story.alerts().front() == "firing offline d0");
}

#include "tests/bad_days/bad_day.hpp"

namespace telltale::test {

using proto::DeviceState;

namespace {

/// The hall, with a rule that misses the temperature after `span`.
Story& hall_that_misses(Story& story, Millis span) {
  auto rules = only(too_hot());
  proto::Rule rule;
  rule.name = "gone";
  rule.metric = "temperature";
  rule.check = proto::MissingCheck{span};
  rules.rules.push_back(std::move(rule));
  return hall(story).rules(std::move(rules));
}

/// All live as usual, but d0 sends another metric than its temperature.
Story& live_without_temperature(Story& story, Millis span) {
  for (Millis t{0}; t < span; t += 30s) live(story.reads(in_hall(0), "humidity", 50), 30s, 1);
  return story;
}

}  // namespace

std::vector<BadDay> days_of_devices() {
  return {
      {"a device falls silent, and comes back",
       [](Story& story) { live(live(hall(story), 10min, 1), 5min); },
       {"firing offline d0", "resolved offline d0"},
       {"d0 stale timeout", "d0 offline timeout", "d0 online data"}},
      {"a device loses its connection and stays away",
       [](Story& story) { live(hall(story).will(in_hall(0), "first"), 10min, 1); },
       {"firing offline d0"},
       {"d0 offline will"}},
      {"a device reconnects within five seconds of its will",
       [](Story& story) {
         live(hall(story).will(in_hall(0), "first").pass(4s).birth(in_hall(0), "second", 60), 10min);
       },
       {}},
      {"a device's connection flaps for half an hour, then holds",
       [](Story& story) {
         hall(story);
         for (int i = 0; i < 30; ++i) live(live(story.will(in_hall(0)), 30s, 1).birth(in_hall(0)), 30s);
         live(story, 20min);
       },
       {"firing offline d0", "resolved offline d0", "flapping offline d0", "resolved offline d0"},
       anything},
      {"a sleeping device dies: told after three of its heartbeats, not by its will",
       [](Story& story) {
         hall(story).birth("hall/leaf", "s").status("hall/leaf", DeviceState::sleeping, "s", 900);
         live(story.pass(20s).will("hall/leaf", "s"), 44min);
         story.pass(1s);  // 44 min 21 s: 2661 s of 2700
         live(story, 2min);
       },
       {"firing offline leaf"},
       {"leaf online birth", "leaf sleeping sleep", "leaf offline timeout"}},
      {"a sleeping device wakes in its time, three times",
       [](Story& story) {
         hall(story);
         for (int i = 0; i < 3; ++i)
           live(story.birth("hall/leaf", "s").status("hall/leaf", DeviceState::sleeping, "s", 900), 15min);
       },
       {},
       {"leaf online birth", "leaf sleeping sleep", "leaf online birth", "leaf sleeping sleep", "leaf online birth",
        "leaf sleeping sleep"}},
      {"all devices of a site fall silent at once, and come back",
       [](Story& story) { live(hall(story).pass(4min), 5min); },
       {"firing site-silent -", "resolved site-silent -"},
       anything},
      {"a whole site leaves its wills at once (its switch died), and stays away",
       [](Story& story) {
         story.birth("yard/gate");
         all_wills(hall(story), "first");
         for (int i = 0; i < 60; ++i) story.reads("yard/gate", "open", 0).pass(30s);
       },
       {"firing site-silent -"},
       anything},
      {"one device of a silent site stays away when the others are back",
       [](Story& story) {
         hall(story).pass(4min);
         live(story, 5min, 1);
       },
       {"firing site-silent -", "resolved site-silent -", "firing offline d0"},
       anything},
      {"a metric fails while its device lives, and comes back",
       [](Story& story) { live(live_without_temperature(hall_that_misses(story, 5min), 10min), 5min); },
       {"firing gone d0", "resolved gone d0"}},
      {"a device falls silent for longer than its metrics may be missing: it is offline, and nothing else",
       [](Story& story) { live(live(hall_that_misses(story, 5min), 20min, 1), 10min); },
       {"firing offline d0", "resolved offline d0"},
       {"d0 stale timeout", "d0 offline timeout", "d0 online data"}},
      {"a metric is missed before its device counts as offline: then the device's alert takes over",
       [](Story& story) { live(live(hall_that_misses(story, 2min), 20min, 1), 10min); },
       {"firing gone d0", "removed gone d0", "firing offline d0", "resolved offline d0"},
       {"d0 stale timeout", "d0 offline timeout", "d0 online data"}},
      {"a device comes back without one of its metrics: that is told once it had time to send it",
       [](Story& story) { live_without_temperature(live(hall_that_misses(story, 5min), 20min, 1), 20min); },
       {"firing offline d0", "resolved offline d0", "firing gone d0"},
       {"d0 stale timeout", "d0 offline timeout", "d0 online data"}},
      {"a whole site falls silent whose metrics may not be missing: the site's alert, and nothing else",
       [](Story& story) { live(hall_that_misses(story, 5min).pass(20min), 10min); },
       {"firing site-silent -", "resolved site-silent -"},
       anything},
  };
}

}  // namespace telltale::test

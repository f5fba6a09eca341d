#include "tests/bad_days/bad_day.hpp"

namespace telltale::test {

using proto::DeviceState;

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
  };
}

}  // namespace telltale::test

#include <utility>

#include "tests/bad_days/bad_day.hpp"

namespace telltale::test {

using proto::LinkState;

namespace {

/// A broker that is stopped publishes the will of everybody, closes our link, and is back after `away`; devices find it
/// again within their back-off of up to a minute.
Story& broker_restarts(Story& story, Millis away, const std::string& before, const std::string& after) {
  all_wills(story, before).link(LinkState::down).pass(away).listening().pass(50s);
  return everyone_born(story, after);
}

}  // namespace

std::vector<BadDay> days_of_the_broker() {
  return {
      {"the broker is restarted by SIGTERM within five seconds, though it published every will",
       [](Story& story) { live(broker_restarts(hall(story), 3s, "first", "second"), 10min); },
       {}},
      {"the broker is stopped for ten minutes: our link, not the devices",
       [](Story& story) { live(broker_restarts(hall(story), 10min, "first", "second"), 10min); },
       {"firing link-down -", "resolved link-down -"}},
      {"the broker's wills reach us only after it is back",
       [](Story& story) {
         all_wills(hall(story).link(LinkState::down).pass(1min).link(LinkState::up), "first");
         story.link(LinkState::caught_up).pass(50s);
         live(everyone_born(story, "second"), 10min);
       },
       {"firing link-down -", "resolved link-down -"}},
      {"the broker is killed: no wills, and silence is counted from the moment we listen again",
       [](Story& story) {
         hall(story).link(LinkState::down).pass(1h).listening().pass(80s);
         live(everyone_born(story, "second"), 10min);
       },
       {"firing link-down -", "resolved link-down -"}},
      {"the broker is upgraded, which stops it three times in ten minutes",
       [](Story& story) {
         hall(story);
         std::string session = "first";
         for (const auto* next : {"second", "third", "fourth"})
           live(broker_restarts(story, 20s, std::exchange(session, next), next), 2min);
         live(story, 20min);
       },
       {"firing link-down -", "resolved link-down -", "flapping link-down -", "resolved link-down -"}},
      {"our link is lost for two seconds every minute",
       [](Story& story) {
         hall(story);
         for (int i = 0; i < 30; ++i) live(story.link(LinkState::down).pass(2s).listening(), 60s);
       },
       {}},
      {"the old connection's will comes after the new birth",
       [](Story& story) {
         hall(story).birth(in_hall(0), "second", 60).pass(1s).will(in_hall(0), "first");
         live(story, 10min);
       },
       {}},
      {"two devices use one client id and throw each other out for an hour",
       [](Story& story) {
         hall(story);
         for (int i = 0; i < 120; ++i) live(story.will(in_hall(0)).advance(200ms).birth(in_hall(0)), 30s);
       },
       {}},
      {"retained copies of old wills and births come with a new subscription",
       [](Story& story) {
         hall(story);
         for (const auto state : {proto::DeviceState::offline, proto::DeviceState::sleeping})
           for (int d = 0; d < hall_devices; ++d)
             story.event(proto::DeviceStatus{story.device(in_hall(d)), state, true, "first", {}, {}});
         live(story, 10min);
       },
       {}},
  };
}

}  // namespace telltale::test

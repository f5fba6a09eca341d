#include "tests/bad_days/bad_day.hpp"

namespace telltale::test {

using proto::LinkState;
using proto::OperatorVerb;

namespace {

/// d0 is too hot, then we are away for `span`.
Story& hot_then_away(Story& story, Millis span, bool killed) {
  hall(story).reads(in_hall(0), "temperature", 90).pass(1s);
  return we_start(we_stop(story, killed).advance(span));
}

proto::AlertPattern the_hall() {
  proto::AlertPattern pattern;
  pattern.site = "hall";
  return pattern;
}

BadDay restart_mid_alert(bool killed) {
  return {std::string("we are ") + (killed ? "killed" : "stopped") + " in the middle of an alert that goes on",
          [killed](Story& story) {
            backlog(hot_then_away(story, 1h, killed), 0, 91).link(LinkState::caught_up);
            story.reads(in_hall(0), "temperature", 92).pass(10s);
            live(story, 5min);
          },
          {"firing too-hot d0", "resolved too-hot d0"}};
}

}  // namespace

std::vector<BadDay> days_of_the_service() {
  return {
      restart_mid_alert(false),
      restart_mid_alert(true),
      {"an alert's cause ends while we are away: resolved when the backlog has been read",
       [](Story& story) {
         backlog(hot_then_away(story, 1h, true), 0, 70).link(LinkState::caught_up);
         live(story, 5min);
       },
       {"firing too-hot d0", "resolved too-hot d0"}},
      {"something began and ended while we were away",
       [](Story& story) {
         we_start(we_stop(hall(story), false).advance(1h));
         for (const double value : {20, 95, 99, 20}) backlog(story, 0, value);
         live(story.link(LinkState::caught_up), 5min);
       },
       {}},
      {"something began while we were away and goes on: told when the backlog has been read",
       [](Story& story) {
         we_start(we_stop(hall(story), false).advance(1h));
         for (const double value : {20, 95, 99}) backlog(story, 0, value);
         story.link(LinkState::caught_up);
         for (int i = 0; i < 4; ++i) live(story.reads(in_hall(0), "temperature", 99), 30s, 1);
       },
       {"firing too-hot d0"}},
      {"we are away for an hour and everybody lives",
       [](Story& story) {
         for (const bool killed : {false, true}) {
           we_start(we_stop(hall(story), killed).advance(1h)).link(LinkState::caught_up);
           live(story.advance(50s), 10min);
         }
       },
       {}},
      {"a device dies while we are away: told once it was silent while we listened",
       [](Story& story) {
         we_start(we_stop(hall(story), true).advance(1h)).link(LinkState::caught_up);
         live(story, 10min, 1);
       },
       {"firing offline d0"},
       {"d0 stale timeout", "d0 offline timeout"}},
      {"a device that is in the catalog but never spoke since we started",
       [](Story& story) {
         story.device("cellar/pump");
         live(hall(story), 10min);
       },
       {"firing offline pump"},
       {"pump stale timeout", "pump offline timeout"}},
      {"host, broker and service go down together: the broker's wills of all are no news",
       [](Story& story) {
         all_wills(we_start(hall(story).advance(10min)), "first").link(LinkState::caught_up).pass(60s);
         live(everyone_born(story, "second"), 10min);
       },
       {}},
      {"ingest stands still for an hour (disk full): the devices are not to blame",
       [](Story& story) {
         hall(story).link(LinkState::paused).pass(1h).link(LinkState::resumed);
         live(story.advance(50s), 10min);
       },
       {}},
      {"acknowledged, then we restart: it stays acknowledged until it is over",
       [](Story& story) {
         hall(story).reads(in_hall(0), "temperature", 90).act(OperatorVerb::ack, story.last_alert().id);
         backlog(we_start(we_stop(story, true).advance(1h)), 0, 91).link(LinkState::caught_up);
         live(story, 5min);
       },
       {"firing too-hot d0", "acknowledged too-hot d0", "resolved too-hot d0"}},
      {"a silence ends while the alert goes on: told again",
       [](Story& story) {
         hall(story).reads(in_hall(0), "temperature", 90);
         story.act(OperatorVerb::silence, story.last_alert().id, story.now() + 10min);
         for (int i = 0; i < 30; ++i) live(story.reads(in_hall(0), "temperature", 90), 30s, 1);
       },
       {"firing too-hot d0", "silenced too-hot d0", "firing too-hot d0"}},
      {"an alert ends before its silence: silent when the silence ends",
       [](Story& story) {
         hall(story).reads(in_hall(0), "temperature", 90);
         story.act(OperatorVerb::silence, story.last_alert().id, story.now() + 10min);
         live(story, 15min);
       },
       {"firing too-hot d0", "silenced too-hot d0", "resolved too-hot d0"}},
      {"a silence for the whole hall ends while an alert goes on",
       [](Story& story) {
         hall(story).silence("works", the_hall(), story.now() + 10min);
         for (int i = 0; i < 30; ++i) live(story.reads(in_hall(0), "temperature", 90), 30s, 1);
       },
       {"silenced too-hot d0", "firing too-hot d0"}},
      {"a silence of one rule ends while twelve series of a device go on: one alert for all of them",
       [](Story& story) {
         auto rule = too_hot();
         rule.metric = "*";
         proto::AlertPattern pattern;
         pattern.rule = rule.name;
         hall(story).rules(only(rule)).silence("works", pattern, story.now() + 10min);
         for (int i = 0; i < 30; ++i) {
           for (int m = 0; m < 12; ++m) story.reads("hall/rack", "m" + std::to_string(m), 90);
           live(story, 30s);
         }
       },
       Strings(12, "silenced too-hot rack") + Strings(12, "removed too-hot rack") + Strings{"firing grouped rack"},
       {"rack online data"}},
      {"the devices of the hall are silenced and switched off, and still off when the silence ends: one alert",
       [](Story& story) {
         proto::AlertPattern pattern;
         pattern.device = "d*";
         hall(story).silence("works", pattern, story.now() + 1h).pass(2h);
         live(story, 10min);
       },
       {"silenced offline d0", "silenced offline d1", "silenced offline d2", "silenced offline d3",
        "silenced offline d4", "removed offline d0", "removed offline d1", "removed offline d2", "removed offline d3",
        "removed offline d4", "firing site-silent -", "resolved site-silent -"},
       anything},
      {"planned work: the hall is silenced and switched off, we restart, and it is back before the silence ends",
       [](Story& story) {
         hall(story).silence("works", the_hall(), story.now() + 1h).pass(10min);
         we_start(we_stop(story, true).advance(1min)).link(LinkState::caught_up);
         live(everyone_born(story.pass(5min), "second"), 90min);
       },
       {"silenced site-silent -", "resolved site-silent -"},
       anything},
      {"a rule is removed while its alert fires",
       [](Story& story) {
         hall(story).reads(in_hall(0), "temperature", 90).rules(Story::quiet());
         live(story, 5min);
       },
       {"firing too-hot d0", "removed too-hot d0"}},
  };
}

}  // namespace telltale::test

#include "tests/bad_days/bad_day.hpp"

namespace telltale::test {

using proto::LinkState;

namespace {

/// 10,000 readings of the last day up to ten minutes ago, in order, in batches of 500.
Story& backfill(Story& story, double usual, double every_hundredth) {
  const auto begin = story.now() - 24h;
  for (int first = 0; first < 10'000; first += 500) {
    proto::Batch batch;
    for (int i = first; i < first + 500; ++i)
      batch.readings.push_back(story.reading(in_hall(0), "temperature", i % 100 == 99 ? every_hundredth : usual,
                                             begin + i * (24h - 10min) / 10'000));
    story.batch(std::move(batch));
  }
  return story;
}

/// Our clock is set by `by`.
Story& step(Story& story, Millis by) {
  const auto from = story.now();
  return story.advance(by).event(proto::ClockStep{from, from + by});
}

/// The n-th reading of d0 without a time of its own since our clock was set at `from`: its stamps never run back.
Story& d0_received(Story& story, Timestamp from, int n, double value) {
  return story.advance(1s).reads_at(in_hall(0), "temperature", value, std::max(story.now(), from + Millis{n}),
                                    proto::TsSource::receive);
}

std::vector<BadDay> clock_days() {
  std::vector<BadDay> days;
  for (const auto& [by, word] : {std::pair{Millis{1h}, "forwards"}, std::pair{Millis{-1h}, "back"}}) {
    const Millis forth = by;
    const auto set = std::string("our clock is set an hour ") + word;
    days.push_back({set + ", and right again later",
                    [forth](Story& story) {
                      live(step(hall(story), forth), 10min);
                      live(step(story, -forth), 10min);
                    },
                    {}});
    days.push_back({set + " while an alert fires: it goes on, and ends",
                    [forth](Story& story) {
                      hall(story).reads(in_hall(0), "temperature", 90);
                      const auto from = story.now();
                      step(story, forth);
                      for (int n = 1; n < 10; ++n) d0_received(story, from, n, n < 8 ? 91 : 20);
                      live(story, 5min);
                    },
                    {"firing too-hot d0", "resolved too-hot d0"}});
    days.push_back({set + ", then something is really wrong",
                    [forth](Story& story) {
                      const auto from = hall(story).now();
                      d0_received(step(story, forth), from, 1, 90);
                      live(story, 1min, 1);
                    },
                    {"firing too-hot d0"}});
    days.push_back({set + ", then a device dies",
                    [forth](Story& story) { live(step(hall(story), forth), 10min, 1); },
                    {"firing offline d0"},
                    {"d0 stale timeout", "d0 offline timeout"}});
  }
  days.push_back({"our clock is an hour ahead and devices stamp their readings rightly: they look like history",
                  [](Story& story) {
                    step(hall(story), 1h);
                    for (int i = 0; i < 20; ++i)
                      live(story.reads_at(in_hall(0), "temperature", 90, story.now() - 1h), 30s, 1);
                  },
                  {}});
  return days;
}

}  // namespace

std::vector<BadDay> days_of_readings() {
  std::vector<BadDay> days = {
      {"a device hands in 10,000 old readings with violations",
       [](Story& story) {
         // A series whose newest reading is older than all of them.
         story.reads_at(in_hall(0), "temperature", 20, story.now() - 48h);
         story.rules(only(too_hot())).link(LinkState::started).listening();
         everyone_born(story, "first");
         live(backfill(story, 20, 99), 5min);
       },
       {}},
      {"10,000 old readings beside the live ones: they neither fire nor resolve",
       [](Story& story) {
         hall(story).reads(in_hall(0), "temperature", 90).pass(1s);
         backfill(story, 20, 99).reads(in_hall(0), "temperature", 91).pass(1s);
         live(story, 5min);
       },
       {"firing too-hot d0", "resolved too-hot d0"}},
      {"an outage is handed in afterwards: the alert from before it is resolved by the present, not by the past",
       [](Story& story) {
         hall(story).reads(in_hall(0), "temperature", 90).pass(1s);
         const auto away = story.now();
         for (int i = 0; i < 120; ++i) live(story.event(proto::Heard{story.device(in_hall(0))}), 30s, 1);
         for (int i = 1; i <= 100; ++i) story.reads_at(in_hall(0), "temperature", 20, away + i * 30s);
         story.reads(in_hall(0), "temperature", 93).pass(1s);
         live(story, 5min);
       },
       {"firing too-hot d0", "resolved too-hot d0"}},
      {"every message is delivered three times",
       [](Story& story) {
         hall(story);
         for (const double value : {90, 91, 70}) {
           const auto measured = story.advance(1s).now();
           for (int i = 0; i < 3; ++i) story.advance(10ms).reads_at(in_hall(0), "temperature", value, measured);
         }
         live(story, 5min);
       },
       {"firing too-hot d0", "resolved too-hot d0"}},
      {"readings change places on their way",
       [](Story& story) {
         hall(story);
         const auto start = story.now();
         for (const int second : {3, 1, 2, 6, 5, 4})
           story.advance(1s).reads_at(in_hall(0), "temperature", second % 3 == 0 ? 20 : 90,
                                      start + std::chrono::seconds(second));
         live(story.pass(10s), 5min);
       },
       {}},
      {"a violation comes a quarter of an hour late, behind newer readings",
       [](Story& story) {
         live(hall(story), 20min).reads_at(in_hall(0), "temperature", 95, story.now() - 15min);
         live(story, 5min);
       },
       {}},
      {"a sensor fails and its device sends what is no number",
       [](Story& story) {
         hall(story);
         for (int i = 0; i < 20; ++i) live(story.reads(in_hall(0), "temperature", std::nan("")), 30s, 1);
       },
       {}},
  };
  for (auto& day : clock_days()) days.push_back(std::move(day));
  return days;
}

}  // namespace telltale::test

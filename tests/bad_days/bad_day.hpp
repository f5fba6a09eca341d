#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/analytics/story.hpp"

namespace telltale::test {

/// A day on which something goes wrong, and all that a person should be told about it. docs/bad-days.md lists them.
struct BadDay {
  std::string name;
  std::function<void(Story&)> happens;  // in simulated time
  Strings told;                         // on alerts/…: "firing too-hot d0", in order; these and no others
  Strings presence = {};                // on presence/… after the hall opened: "d0 offline will"
};

[[nodiscard]] std::vector<BadDay> days_of_the_service();
[[nodiscard]] std::vector<BadDay> days_of_the_broker();
[[nodiscard]] std::vector<BadDay> days_of_devices();
[[nodiscard]] std::vector<BadDay> days_of_readings();

inline Strings operator+(Strings first, const Strings& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

/// As presence: not looked at.
inline const Strings anything = {"*"};

/// The hall, five devices d0 … d4 that measure 20 degrees every 30 s: where most days begin. Heartbeat 60 s, too-hot
/// above 80 (clear 75).
inline constexpr int hall_devices = 5;
inline std::string in_hall(int device) { return "hall/d" + std::to_string(device); }

inline Story& everyone_reads(Story& story, double value = 20, int from = 0) {
  proto::Batch batch;
  for (int d = from; d < hall_devices; ++d)
    batch.readings.push_back(story.reading(in_hall(d), "temperature", value, story.now()));
  return story.batch(std::move(batch));
}
/// The devices from `from` on live as usual; the others are silent.
inline Story& live(Story& story, Millis span, int from = 0) {
  for (Millis t{0}; t < span; t += 30s) everyone_reads(story, 20, from).pass(30s);
  return story;
}
inline Story& everyone_born(Story& story, const std::string& session) {
  for (int d = 0; d < hall_devices; ++d) story.birth(in_hall(d), session, 60);
  return story;
}
inline Story& all_wills(Story& story, const std::string& session) {
  for (int d = 0; d < hall_devices; ++d) story.will(in_hall(d), session);
  return story;
}
/// What everyone_born() says first.
inline const Strings opening = {"d0 online birth", "d1 online birth", "d2 online birth", "d3 online birth",
                                "d4 online birth"};
inline Story& hall(Story& story) {
  story.rules(only(too_hot())).link(proto::LinkState::started).listening();
  return live(everyone_born(story, "first"), 2min);
}

/// Between stop() (or nothing, when it is killed) and the backlog's end.
inline Story& we_stop(Story& story, bool killed) {
  if (!killed) story.link(proto::LinkState::stopped);
  return story;
}
inline Story& we_start(Story& story) { return story.link(proto::LinkState::started).link(proto::LinkState::up); }
inline Story& backlog(Story& story, int device, double value) {
  return story.reads_at(in_hall(device), "temperature", value, story.now(), proto::TsSource::backlog);
}

}  // namespace telltale::test

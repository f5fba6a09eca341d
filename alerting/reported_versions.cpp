#include "alerting/reported_versions.hpp"

#include <functional>
#include <utility>

namespace telltale::alerting {

namespace {

std::size_t place_of(const std::string& topic) { return std::hash<std::string>()(topic); }

}  // namespace

bool ReportedVersions::note(const std::string& topic, std::int64_t version) {
  const std::lock_guard lock(mutex_);
  const auto [known, fresh] = by_topic_.try_emplace(place_of(topic));
  auto& [named, waits] = known->second;
  if (std::exchange(named, version) == version && !fresh) return false;
  return !std::exchange(waits, true);
}

std::int64_t ReportedVersions::take(const std::string& topic) {
  const std::lock_guard lock(mutex_);
  auto& [named, waits] = by_topic_[place_of(topic)];
  waits = false;
  return named;
}

void ReportedVersions::lost(const std::string& topic) {
  const std::lock_guard lock(mutex_);
  const auto known = by_topic_.find(place_of(topic));
  if (known != by_topic_.end() && !known->second.waits) by_topic_.erase(known);
}

}  // namespace telltale::alerting

#include "app/csv_history.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "devices/replay_source.hpp"

namespace telltale::app {

namespace {

/// Gives devices and series their numbers.
class Names {
 public:
  /// `topic` is telemetry/{site}/{device}/{metric}.
  proto::SeriesId series_of(const std::string& topic) {
    const auto site = topic.find('/') + 1;
    const auto device = topic.find('/', site) + 1;
    const auto metric = topic.find('/', device) + 1;
    const auto [at, fresh] = devices_.try_emplace(topic.substr(0, metric), next_device());
    if (fresh)
      directory_.devices.push_back({at->second,
                                    "default",
                                    topic.substr(site, device - site - 1),
                                    topic.substr(device, metric - device - 1),
                                    {}});
    const auto [found, first] = series_.try_emplace(topic, next_series());
    if (first) directory_.series.push_back({found->second, at->second, topic.substr(metric), "", 0});
    return found->second;
  }
  [[nodiscard]] store::Directory take() { return std::move(directory_); }

 private:
  [[nodiscard]] proto::DeviceKey next_device() const {
    return proto::DeviceKey{static_cast<std::uint32_t>(devices_.size() + 1)};
  }
  [[nodiscard]] proto::SeriesId next_series() const {
    return proto::SeriesId{static_cast<std::uint32_t>(series_.size() + 1)};
  }
  store::Directory directory_;
  std::map<std::string, proto::DeviceKey> devices_;
  std::map<std::string, proto::SeriesId> series_;
};

}  // namespace

backtest::MemoryHistory read_csv_history(const std::vector<std::string>& files,
                                         const backtest::SeriesPatterns& patterns) {
  Names names;
  std::vector<proto::Reading> readings;
  for (const auto& file : files) {
    devices::ReplaySource source(file, devices::default_replay_topic);
    std::vector<proto::SeriesId> series;
    for (const auto& topic : source.topics()) series.push_back(names.series_of(topic));
    while (const auto row = source.next()) {
      for (const auto& [topic, value] : row->values) {
        proto::Reading r{};
        r.ts = source.start() + row->offset;
        r.number = value;
        r.series = series[topic];
        r.type = proto::ValueType::number;
        r.source = proto::TsSource::device;
        readings.push_back(r);
      }
    }
  }
  const auto chosen = backtest::matching(names.take(), patterns);
  std::erase_if(readings, [&](const auto& r) {
    return !std::ranges::binary_search(chosen.series, r.series, {}, &store::SeriesEntry::id);
  });
  return {chosen, std::move(readings)};
}

}  // namespace telltale::app

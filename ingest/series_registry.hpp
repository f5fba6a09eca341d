#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ingest/options.hpp"
#include "proto/batch.hpp"
#include "proto/metrics.hpp"
#include "store/directory.hpp"

namespace telltale::ingest {

struct SeriesSlot {
  proto::SeriesId id = proto::SeriesId::none;
  std::string metric;
  std::string unit;
  std::int64_t newest_ms = 0;  // newest time, the device's or ours: a stamp of ours is later (docs/decisions/0018)
};

struct TransparentHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
};
template <class Value>
using NameMap = std::unordered_map<std::string, Value, TransparentHash, std::equal_to<>>;

/// Messages that may still be sent, as of `counted`.
struct Allowance {
  double messages = 0;
  Timestamp counted{};
};

struct DeviceSlot {
  proto::DeviceKey key = proto::DeviceKey::none;
  std::vector<SeriesSlot> series;     // in order of first appearance, which is the order of the device's payload
  NameMap<std::size_t> index;         // by metric; filled only above 32 series, where a linear search would hurt
  std::uint64_t tags_hash = 0;        // 0 = none
  proto::Counter* samples = nullptr;  // telltale_samples_ingested_total of its tenant
};

/// Who exists: gives dense numbers to devices and series when they are first heard of, and says so in the batch
/// before their first use. Threads: the writer's. Cost: one hash look-up a device, one string compare a metric.
class SeriesRegistry {
 public:
  SeriesRegistry(const store::Directory& directory, IngestLimits limits, proto::Metrics& metrics);

  struct Identity {
    std::string_view tenant, site, device;
  };
  /// Null when unknown. The pointer stays valid until the device is removed.
  [[nodiscard]] DeviceSlot* find(const Identity& who);
  /// Known or made; null when the device limit is reached.
  [[nodiscard]] DeviceSlot* find_or_add(const Identity& who, proto::Batch& batch);

  /// Of all devices of that tenant and name, whatever site they say they are on: of a topic's levels only the name is
  /// proven by a broker's access rules. Null when there is no such device, or no limit.
  [[nodiscard]] Allowance* find_allowance(const Identity& who);

  /// Place of the metric among the device's series. `hint`: where it was in the device's last message.
  [[nodiscard]] static std::optional<std::size_t> find_series(const DeviceSlot& device, std::string_view metric,
                                                              std::size_t hint);
  /// There is room for `count` more series (install limit and per-minute limit at `now`).
  [[nodiscard]] bool room_for(std::size_t count, Timestamp now);
  std::size_t add_series(DeviceSlot& device, std::string_view metric, std::string_view unit, proto::Batch& batch);

  /// Forgets the device that `asked` names, or all of its site or tenant; their numbers are not given out again. Says
  /// so in the batch, with those that were there. Cost: linear in the devices when it is more than one.
  void remove(proto::DevicesRemoved asked, proto::Batch& batch);

  [[nodiscard]] std::size_t devices() const noexcept { return by_name_.size(); }
  [[nodiscard]] std::size_t series() const noexcept { return series_count_; }

 private:
  static std::size_t append(DeviceSlot& device, SeriesSlot series);
  std::string_view key_of(const Identity& who);
  std::string_view name_of(const Identity& who);
  void allow(const Identity& who);
  DeviceSlot& new_slot();
  void forget(NameMap<DeviceSlot*>::iterator device, proto::DevicesRemoved& removal);
  proto::Counter& samples_counter(std::string_view tenant);

  IngestLimits limits_;
  proto::Metrics& metrics_;
  std::deque<DeviceSlot> slots_;   // stable addresses
  std::vector<DeviceSlot*> free_;  // of removed devices
  NameMap<DeviceSlot*> by_name_;
  NameMap<Allowance> allowances_;  // stable addresses; those of removed devices stay, which come back with no more
  std::string key_;
  std::uint32_t next_device_ = 1;
  std::uint32_t next_series_ = 1;
  std::size_t series_count_ = 0;
  std::int64_t minute_ = 0;
  std::uint32_t new_this_minute_ = 0;
};

}  // namespace telltale::ingest

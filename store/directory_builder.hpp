#pragma once

#include <cstdint>
#include <map>

#include "proto/batch.hpp"
#include "store/directory.hpp"

namespace telltale::store {

/// Collects a Directory from the catalog's rows and from batches, in log order. Applying a batch twice changes nothing.
class DirectoryBuilder {
 public:
  void add(DeviceEntry device) { devices_.insert_or_assign(device.key, std::move(device)); }
  void add(SeriesEntry series) { series_.insert_or_assign(series.id, std::move(series)); }
  void apply(const proto::Event& event);
  void apply(const proto::Batch& batch);  // events, and the stamps of its readings

  [[nodiscard]] const DeviceEntry* device(proto::DeviceKey key) const;
  [[nodiscard]] const SeriesEntry* series(proto::SeriesId id) const;
  [[nodiscard]] Directory directory() const;

 private:
  std::map<proto::DeviceKey, DeviceEntry> devices_;
  std::map<proto::SeriesId, SeriesEntry> series_;
};

}  // namespace telltale::store

#pragma once

#include <cstdint>
#include <map>

#include "proto/batch.hpp"
#include "store/directory.hpp"
#include "store/removed.hpp"

namespace telltale::store {

/// Collects a Directory from the catalog's rows and from batches, in log order. Applying a batch twice changes nothing.
/// What was removed is left out, and stays out whatever is applied afterwards.
class DirectoryBuilder {
 public:
  void add(DeviceEntry device);
  void add(SeriesEntry series);
  void remove(const Removed& removed);
  void apply(const proto::Event& event);
  void apply(const proto::Batch& batch);  // events, and the stamps of its readings

  [[nodiscard]] const DeviceEntry* device(proto::DeviceKey key) const;
  [[nodiscard]] const SeriesEntry* series(proto::SeriesId id) const;
  [[nodiscard]] Directory directory() const;
  [[nodiscard]] const Removed& removed() const noexcept { return removed_; }

 private:
  std::map<proto::DeviceKey, DeviceEntry> devices_;
  std::map<proto::SeriesId, SeriesEntry> series_;
  Removed removed_;
};

}  // namespace telltale::store

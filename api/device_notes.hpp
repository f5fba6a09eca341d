#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "proto/reading.hpp"
#include "store/state_db.hpp"

namespace telltale::api {

/// What people say about a device, as against what it says itself; "" = nothing.
struct DeviceNote {
  std::string name;  // to be shown instead of the id
  std::string note;
  friend bool operator==(const DeviceNote&, const DeviceNote&) = default;
};

/// Notes about devices, durable in state.db. They belong to the device's number: one of the same name that comes after
/// a deletion has none.
/// Threads: any. Errors: StoreFailure. Cost: a lookup in memory, where 100,000 notes stay (or that there is none), else
/// in the file; a change is one sync.
class DeviceNotes {
 public:
  explicit DeviceNotes(store::StateDb& facts) : facts_(facts) {}

  [[nodiscard]] DeviceNote of(proto::DeviceKey device) const;
  void set(proto::DeviceKey device, const DeviceNote& note);
  /// Held by whoever reads a note, changes it and sets it.
  [[nodiscard]] std::unique_lock<std::mutex> change() { return std::unique_lock(changing_); }

 private:
  store::StateDb& facts_;
  std::mutex changing_;
  mutable std::mutex known_mutex_;
  mutable std::unordered_map<proto::DeviceKey, DeviceNote> known_;
};

}  // namespace telltale::api

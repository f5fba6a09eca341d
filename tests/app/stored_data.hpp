#pragma once

#include <filesystem>

#include "store/store.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"

namespace telltale::test {

/// A data folder with two sites and a service that is still running on it, at 2025-11-21T04:40:00Z.
class StoredData {
 public:
  StoredData();
  ~StoredData();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] Timestamp now() const { return clock_.now(); }

 private:
  std::filesystem::path path_;
  SimulatedClock clock_;
  RecordingLogger log_;
  PlainMetrics metrics_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace telltale::test

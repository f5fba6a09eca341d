#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace telltale::store {

/// One alert transition that notification channels have to hear of.
struct Notice {
  std::uint64_t row = 0;
  std::string tenant;
  std::string payload;  // the alert object of contracts 5, byte for byte as on alerts/…
};

/// The notices of state.db, for the notification thread, beside the alerting thread that writes them.
/// Threads: one. Errors: StoreFailure.
class NoticeReader {
 public:
  explicit NoticeReader(const std::filesystem::path& state_db);
  ~NoticeReader();

  /// Rows of another epoch belong to another state.db: their numbers say nothing about this one's.
  [[nodiscard]] std::string epoch() const;
  /// In the order of their making.
  [[nodiscard]] std::vector<Notice> after(std::uint64_t row, std::size_t limit) const;
  /// The alerts that are active, as their last transition left them: for whoever has lost, or never had, the rest.
  /// `tenant` is given where the payload names one. Cost: reads every retained topic.
  [[nodiscard]] std::vector<Notice> active() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::store

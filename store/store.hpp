#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "proto/batch.hpp"
#include "proto/clock.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"
#include "proto/result.hpp"
#include "store/directory.hpp"
#include "store/error.hpp"
#include "store/retention.hpp"

namespace telltale::store {

/// Off: nothing works behind the write path; the log grows until a store with sealing opens the folder.
enum class Sealing : std::uint8_t { on, off };

struct StoreOptions {
  std::filesystem::path path = "data";
  std::uint64_t rotate_readings = 4'000'000;
  Millis rotate_age{10 * 60 * 1000};
  std::uint64_t rotate_bytes = 128ull << 20;
  std::int64_t raw_retention_days = 90;
  std::int64_t hourly_retention_days = 0;  // 0 = for ever
  std::int64_t daily_retention_days = 0;
  std::vector<RetentionClass> retention = {};  // tenants that are kept differently
  std::int64_t early_retention_days = 0;       // when the disk is full, days older than this may go; 0 = never
  std::uint64_t dead_letter_bytes = 256ull << 20;
  std::uint64_t recent_max_rate = 5000;  // readings/s above which recent.db pauses
  std::int64_t recent_hours = 24;        // 0 = no recent.db
  // Free space below which append() answers disk_full; 0 = min(5 %, 1 GiB) and one segment (rotate_bytes).
  std::uint64_t reserve_bytes = 0;
  Sealing sealing = Sealing::on;
  bool archive_log = false;  // keep sealed segments in log/archive (audit)
  Millis lock_within{0};     // how long to wait for another process to let the folder go
};

/// What start-up found in the log.
struct Recovered {
  Directory directory;
  std::vector<proto::PacketRecord> redelivery;  // newest table plus the records after it, oldest first
  std::uint32_t last_epoch = 0;
  std::optional<Timestamp> last_log_time;
  std::uint64_t damaged_records = 0;  // quarantined; worth an alert
};

/// The data folder of one running service: the write path and the seal behind it. Holds the folder's lock.
/// Readers (`telltale query`, HTTP) do not use this class: see store/query.hpp.
/// Threads: append/rotate/rotation_due on the writer thread. next() on one consumer thread. The seal thread is inside.
class Store {
 public:
  /// Takes the lock, recovers the log, opens or migrates the databases. Throws StoreFailure.
  Store(StoreOptions options, const Clock& clock, proto::Logger& log, proto::Metrics& metrics);
  ~Store();

  [[nodiscard]] const Recovered& recovered() const;

  /// Makes the batch durable (write + fdatasync) and visible to readers and to next(). Sets batch.position.
  /// disk_full: nothing is lost, call again with the same batch when space returns (it checks itself).
  /// io_error: the segment was abandoned and the identical batch could not be written to a new one either.
  [[nodiscard]] Result<proto::LogPosition, StoreError> append(std::shared_ptr<proto::Batch> batch);
  [[nodiscard]] bool rotation_due() const;
  /// Ends the segment and starts a new one; hands the old one to the seal thread. The caller's next append should
  /// begin with a RedeliveryTable event.
  [[nodiscard]] Result<void, StoreError> rotate();

  /// The batch after `after`, from memory when it is recent, else from the segment. Waits up to `timeout` for one.
  /// A position that the log no longer holds: `gap_before` of the answer is true and the oldest batch is given.
  struct Next {
    std::shared_ptr<const proto::Batch> batch;  // null: timeout
    bool gap_before = false;
  };
  [[nodiscard]] Next next(proto::LogPosition after, Millis timeout);

  /// Everything up to here is in a durable checkpoint: older segments may be unlinked once sealed.
  void checkpointed(proto::LogPosition position);

  /// Free space is within one segment (rotate_bytes) of the reserve: time to warn, while that can still be logged.
  [[nodiscard]] bool disk_low() const;

  /// Places of the log and chunks of day files found damaged and set aside since the start. Threads: any.
  [[nodiscard]] std::uint64_t damaged() const;

  /// Ends the seal thread after the segment it works on.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::store

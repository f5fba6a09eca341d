#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "proto/batch.hpp"
#include "proto/log.hpp"
#include "proto/result.hpp"
#include "store/disk.hpp"
#include "store/error.hpp"
#include "store/segment.hpp"

namespace telltale::store {

/// The end of the log that is written. A segment is made when the first batch wants it.
/// Threads: the writer's. Cost of append(): encoding, one write, one fdatasync.
class Log {
 public:
  struct Hooks {
    /// A number that was never used and is durable as used. May fail with disk_full or io_error.
    std::function<Result<std::uint64_t, StoreError>()> next_generation;
    /// A segment was made; the one before it gets no more batches.
    std::function<void(std::uint64_t generation, std::uint64_t first_sequence)> opened;
  };
  Log(std::filesystem::path log_folder, Disk& disk, proto::Logger& log, Hooks hooks, std::uint64_t next_sequence);
  ~Log();

  /// Sets batch.position, and batch.id when it has none. disk_full: nothing changed, call again. io_error: see
  /// store.hpp.
  [[nodiscard]] Result<proto::LogPosition, StoreError> append(proto::Batch& batch);
  /// Ends the segment if it holds anything and makes the next.
  [[nodiscard]] Result<void, StoreError> rotate();

  [[nodiscard]] std::uint64_t readings() const noexcept { return segment_.readings; }  // in the segment
  [[nodiscard]] std::uint64_t bytes() const noexcept { return empty() ? 0 : segment_.end; }
  [[nodiscard]] bool empty() const noexcept { return segment_.records == 0; }

 private:
  struct Segment {
    Fd file;
    SegmentHeader header;
    std::uint64_t end = 0;       // of the last good record
    std::uint64_t reserved = 0;  // the disk has given blocks up to here
    std::uint64_t readings = 0;
    std::uint64_t records = 0;
  };
  enum class Failed : std::uint8_t { nothing, write, sync };

  Result<Segment, StoreError> make_segment();
  int reserve();
  Failed write_record(int& error);
  void end(Segment segment);
  void abandon(int error);

  std::filesystem::path folder_;
  Disk& disk_;
  proto::Logger& log_;
  Hooks hooks_;
  std::uint64_t next_sequence_;
  std::uint64_t next_id_;
  Segment segment_;
  std::string frame_;
};

}  // namespace telltale::store

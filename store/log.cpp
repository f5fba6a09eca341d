#include "store/log.hpp"

#include <cstring>
#include <random>
#include <system_error>
#include <utility>

#include "store/batch_codec.hpp"
#include "store/fail_point.hpp"

namespace telltale::store {

namespace {

// Blocks are asked for ahead, so that an append seldom waits for the file system's allocator, and a full disk is
// mostly met before a record is half written.
constexpr std::uint64_t reserve_step_bytes = 4u << 20;
constexpr std::size_t keep_buffer_bytes = 8u << 20;

std::uint64_t random_number() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

StoreError error_of(int error) { return means_disk_full(error) ? StoreError::disk_full : StoreError::io_error; }

}  // namespace

Log::Log(std::filesystem::path log_folder, Disk& disk, proto::Logger& log, Hooks hooks, std::uint64_t next_sequence)
    : folder_(std::move(log_folder)),
      disk_(disk),
      log_(log),
      hooks_(std::move(hooks)),
      next_sequence_(next_sequence),
      next_id_(random_number()) {}

Log::~Log() { end(std::move(segment_)); }

Result<proto::LogPosition, StoreError> Log::append(proto::Batch& batch) {
  if (batch.id == 0) batch.id = ++next_id_ == 0 ? ++next_id_ : next_id_;
  int error = 0;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (!segment_.file) {
      auto made = make_segment();
      if (!made) return fail(made.error());
      segment_ = std::move(*made);
    }
    batch.position = {segment_.header.generation, next_sequence_};
    frame_.assign(frame_header_bytes, '\0');
    encode_batch(batch, frame_);
    if (frame_.size() - frame_header_bytes > most_frame_bytes) return fail(StoreError::io_error);
    finish_frame(frame_, segment_.header.salt);

    const auto failed = write_record(error);
    if (failed == Failed::nothing) {
      segment_.end += frame_.size();
      segment_.readings += batch.readings.size();
      ++segment_.records;
      ++next_sequence_;
      if (frame_.capacity() > keep_buffer_bytes) frame_ = {};
      return batch.position;
    }
    // The half-written record goes first: it may be what filled the disk.
    if (failed == Failed::write && means_disk_full(error) && disk_.truncate(segment_.file.get(), segment_.end) == 0) {
      segment_.reserved = segment_.end;
      return fail(StoreError::disk_full);
    }
    // After a failed sync nobody knows what is on disk (the kernel drops the pages and the error): never retry there.
    abandon(error);
  }
  return fail(error_of(error));
}

int Log::reserve() {
  const auto end = segment_.end + frame_.size();
  if (end <= segment_.reserved) return 0;
  const auto need = end - segment_.reserved;
  auto granted = need + reserve_step_bytes;
  int error = disk_.reserve(segment_.file.get(), segment_.reserved, granted);
  if (means_disk_full(error)) {
    granted = need;
    error = disk_.reserve(segment_.file.get(), segment_.reserved, granted);
  }
  if (error == 0) segment_.reserved += granted;
  return error;
}

Log::Failed Log::write_record(int& error) {
  error = reserve();
  if (error == 0) error = disk_.write(segment_.file.get(), frame_, segment_.end);
  if (error != 0) return Failed::write;
  fail_point("append-before-sync");
  error = disk_.sync(segment_.file.get());
  if (error != 0) return Failed::sync;
  fail_point("append-after-sync");
  return Failed::nothing;
}

Result<Log::Segment, StoreError> Log::make_segment() {
  const auto generation = hooks_.next_generation();
  if (!generation) return fail(generation.error());
  Segment segment;
  segment.header = {*generation, next_sequence_, static_cast<std::uint32_t>(random_number())};
  segment.end = segment.reserved = segment_header_bytes;
  const auto path = segment_path(folder_, *generation);
  int error = disk_.create(path, segment.file);
  if (error == 0) error = disk_.write(segment.file.get(), encode_segment_header(segment.header), 0);
  if (error == 0) error = disk_.sync(segment.file.get());
  if (error == 0) error = disk_.sync_directory(folder_);
  fail_point("rotate");
  if (error != 0) {
    std::error_code ignored;  // recovery knows how to treat a segment without records
    std::filesystem::remove(path, ignored);
    if (!means_disk_full(error)) log_.error("store", path.string() + ": cannot be made: " + std::strerror(error));
    return fail(error_of(error));
  }
  hooks_.opened(*generation, next_sequence_);
  return segment;
}

Result<void, StoreError> Log::rotate() {
  if (empty()) return {};
  auto made = make_segment();
  if (!made) return fail(made.error());
  end(std::exchange(segment_, std::move(*made)));
  return {};
}

/// Gives back the blocks reserved behind the last record. Every record is synced already.
void Log::end(Segment segment) {
  if (!segment.file) return;
  if (const int error = disk_.truncate(segment.file.get(), segment.end); error != 0)
    log_.warn("store", "segment " + std::to_string(segment.header.generation) + ": " + std::strerror(error));
}

void Log::abandon(int error) {
  log_.error("store", "segment " + std::to_string(segment_.header.generation) + " is abandoned after batch " +
                          std::to_string(next_sequence_ - 1) + " (" + std::strerror(error) +
                          "); the batch goes to a new segment");
  end(std::exchange(segment_, Segment()));
}

}  // namespace telltale::store

#include "store/log_recovery.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <unordered_set>

#include "store/batch_codec.hpp"
#include "store/error.hpp"

namespace telltale::store {

namespace fs = std::filesystem;

namespace {

void check(int error, const fs::path& path) {
  if (error != 0) throw StoreFailure(path.string() + ": " + std::strerror(error));
}

/// One segment, read once for what it holds; the following segment's header decides what counts.
class Recovery {
 public:
  Recovery(const fs::path& folder, Disk& disk, proto::Logger& log,
           const std::function<void(const proto::Batch&)>& visit)
      : folder_(folder), disk_(disk), log_(log), visit_(visit) {}

  RecoveredLog run() {
    const auto files = list_segments(folder_);
    for (std::size_t i = 0; i < files.size(); ++i) {
      // A batch whose sync failed was written again, under the same number, to the next segment: that copy counts.
      const auto next = i + 1 < files.size() ? first_sequence(files[i + 1].path) : std::nullopt;
      recover(files[i], next);
    }
    check(disk_.sync_directory(folder_), folder_);
    return std::move(out_);
  }

 private:
  void recover(const SegmentFile& file, std::optional<std::uint64_t> next_first) {
    auto scanner = SegmentScanner::open(file.path);
    if (!scanner) throw StoreFailure(file.path.string() + ": vanished");
    if (!scanner->header()) return recover_headless(file, *scanner);

    SegmentInfo info{file.generation, 0, 0, 0, true, file.path, {}};
    std::vector<SegmentScanner::Place> undecodable;
    proto::Batch batch;
    while (const auto payload = scanner->next()) {
      if (!decode_batch(*payload, batch)) {
        undecodable.push_back(scanner->last());
        continue;
      }
      batch.position.generation = file.generation;
      const auto sequence = batch.position.sequence;
      if (next_first && sequence >= *next_first) continue;
      if (sequence < out_.next_sequence || !seen_.insert(batch.id).second) {
        info.repeated.insert(sequence);
        continue;
      }
      if (info.first_sequence == 0) info.first_sequence = sequence;
      info.last_sequence = sequence;
      out_.next_sequence = sequence + 1;
      ++out_.batches;
      info.readings += batch.readings.size();
      out_.readings += batch.readings.size();
      visit_(batch);
    }
    out_.next_sequence = std::max({out_.next_sequence, scanner->header()->first_sequence, next_first.value_or(0)});

    auto damaged = scanner->damage();
    damaged.insert(damaged.end(), undecodable.begin(), undecodable.end());
    const auto tail = scanner->file_size() - std::min(scanner->file_size(), scanner->good_end());
    // Batches up to next_first were acknowledged: when the last of them is missing, the tail is no torn write.
    if (tail > 0 && next_first && info.last_sequence != 0 && info.last_sequence + 1 < *next_first)
      damaged.push_back({scanner->good_end(), scanner->file_size()});
    out_.damaged += quarantine(folder_, file.generation, *scanner, damaged, disk_, log_);
    keep(file, info, *scanner, tail);
  }

  void keep(const SegmentFile& file, const SegmentInfo& info, const SegmentScanner& scanner, std::uint64_t tail) {
    if (tail > 0)
      log_.warn("store", "segment " + std::to_string(file.generation) + ": torn tail of " + std::to_string(tail) +
                             " bytes cut at " + std::to_string(scanner.good_end()));
    if (info.first_sequence == 0) {
      fs::remove(file.path);
      return;
    }
    const Fd fd(::open(file.path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) check(errno, file.path);
    if (tail > 0) check(disk_.truncate(fd.get(), scanner.good_end()), file.path);
    // What was written but not synced when the service died counts from now on.
    check(disk_.sync(fd.get()), file.path);
    out_.segments.push_back(info);
  }

  /// Neither copy of the header is intact: nothing in the file can be checked.
  void recover_headless(const SegmentFile& file, SegmentScanner& scanner) {
    if (scanner.file_size() > segment_header_bytes)
      out_.damaged += quarantine(folder_, file.generation, scanner, {{0, scanner.file_size()}}, disk_, log_);
    fs::remove(file.path);
  }

  const fs::path& folder_;
  Disk& disk_;
  proto::Logger& log_;
  const std::function<void(const proto::Batch&)>& visit_;
  RecoveredLog out_;
  std::unordered_set<std::uint64_t> seen_;
};

}  // namespace

RecoveredLog recover_log(const fs::path& log_folder, Disk& disk, proto::Logger& log,
                         const std::function<void(const proto::Batch&)>& visit) {
  return Recovery(log_folder, disk, log, visit).run();
}

std::uint64_t quarantine(const fs::path& log_folder, std::uint64_t generation, SegmentScanner& scanner,
                         const std::vector<SegmentScanner::Place>& places, Disk& disk, proto::Logger& log) {
  std::uint64_t added = 0;
  const auto folder = log_folder / "quarantine";
  for (const auto& place : places) {
    fs::create_directories(folder);
    const auto path = folder / (std::to_string(generation) + "-" + std::to_string(place.begin) + ".bin");
    if (fs::exists(path)) continue;
    Fd copy;
    check(disk.create(path, copy), path);
    check(disk.write(copy.get(), scanner.bytes(place), 0), path);
    check(disk.sync(copy.get()), path);
    check(disk.sync_directory(folder), folder);
    ++added;
    log.error("store", "segment " + std::to_string(generation) + ": damage at bytes " + std::to_string(place.begin) +
                           " to " + std::to_string(place.end) + ", set aside in " + path.string());
  }
  return added;
}

}  // namespace telltale::store

#include "store/store.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>
#include <variant>

#include "proto/quantity_text.hpp"
#include "store/catalog.hpp"
#include "store/day_file.hpp"
#include "store/disk.hpp"
#include "store/feed.hpp"
#include "store/folder_lock.hpp"
#include "store/log.hpp"
#include "store/log_recovery.hpp"
#include "store/reserve.hpp"
#include "store/seal_thread.hpp"
#include "store/sqlite_pages.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

fs::path make_folders(const fs::path& folder) {
  std::error_code error;
  for (const char* part : {"log", "day", "rollup"}) {
    fs::create_directories(folder / part, error);
    if (error) throw StoreFailure((folder / part).string() + ": " + error.message());
  }
  // A synced record is worth nothing in a folder whose own entry a power cut takes away.
  Disk disk;
  sync_names(disk, folder);
  (void)disk.sync_directory(fs::absolute(folder).parent_path());  // may be a folder that we may not read
  return folder;
}

/// Every day file says itself which generations it holds. A number given out twice would look sealed already, so the
/// catalog's word alone (it may be an old copy) is not enough.
std::uint64_t newest_sealed_generation(const fs::path& day_folder, Logger& log) {
  std::uint64_t newest = 0;
  for (const auto& entry : fs::directory_iterator(day_folder)) {
    if (entry.path().extension() != ".db") continue;
    try {
      for (const auto generation : DayFile::open_read_only(entry.path()).generations())
        newest = std::max(newest, generation);
    } catch (const DatabaseError& error) {
      log.warn("store", error.what());
    }
  }
  return newest;
}

/// Series numbers live in the catalog: a new one would give the old numbers to new series.
void refuse_lost_catalog(const fs::path& folder) {
  if (fs::exists(folder / Catalog::file_name)) return;
  for (const auto& entry : fs::directory_iterator(folder / "day"))
    if (entry.path().extension() == ".db")
      throw StoreFailure((folder / Catalog::file_name).string() + ": is missing, but " + entry.path().string() +
                         " is there; restore the catalog, or start with an empty folder");
}

/// SQLite drops what follows a bad frame and says nothing: names and numbers would be given out anew. The last commit
/// may be half written, and was not acknowledged then.
void refuse_damaged_wal(const fs::path& database) {
  const auto wal = database.string() + "-wal";
  if (!fs::exists(wal)) return;
  const auto found = read_wal(wal);
  const auto damaged = found.first_damaged();
  if (!damaged) return;
  const auto lost = std::count_if(found.frames.begin() + static_cast<std::ptrdiff_t>(*damaged), found.frames.end(),
                                  [](const auto& frame) { return frame.commit; });
  if (lost > 1)
    throw StoreFailure(wal + ": frame " + std::to_string(*damaged + 1) + " is damaged, and " + std::to_string(lost) +
                       " changes to the catalog would be lost; restore the folder from a back-up");
}

/// What the log says besides readings.
void note(const Batch& batch, Recovered& out) {
  // The connection's own event may have gone with an older segment; its records say the number as well. A number that
  // came back would make a repetition look like a message of the present connection.
  const auto note_epochs = [&out](const std::vector<PacketRecord>& records) {
    for (const auto& record : records) out.last_epoch = std::max(out.last_epoch, record.epoch);
  };
  for (const auto& placed : batch.events) {
    if (const auto* table = std::get_if<RedeliveryTable>(&placed.event)) {
      out.redelivery = table->records;
      note_epochs(table->records);
    }
    if (const auto* epoch = std::get_if<SessionEpoch>(&placed.event)) {
      out.last_epoch = std::max(out.last_epoch, epoch->epoch);
    }
  }
  out.redelivery.insert(out.redelivery.end(), batch.packets.begin(), batch.packets.end());
  note_epochs(batch.packets);
  // More packet ids than there are cannot be in flight.
  constexpr std::ptrdiff_t packet_ids = 65535;
  if (std::ssize(out.redelivery) > 4 * packet_ids) {
    out.redelivery.erase(out.redelivery.begin(), out.redelivery.end() - packet_ids);
  }
  out.last_log_time = batch.log_time;
}

}  // namespace

struct Store::Impl {
  Impl(StoreOptions given, const Clock& the_clock, Logger& logger, Metrics& metrics)
      : options(std::move(given)),
        clock(the_clock),
        log(logger),
        lock(make_folders(options.path), options.lock_within,
             [this](const std::string& owner) {
               log.warn("store",
                        owner + "; waiting up to " + proto::duration_text(options.lock_within) + " for it to end");
             }),
        feed({}),
        written(metrics.counter("telltale_storage_writes_total", "Batches given to the log.", {{"result", "ok"}})),
        full(metrics.counter("telltale_storage_writes_total", "Batches given to the log.", {{"result", "disk_full"}})),
        failed(metrics.counter("telltale_storage_writes_total", "Batches given to the log.", {{"result", "io_error"}})),
        depth(metrics.gauge("telltale_queue_depth", "Entries that wait.", {{"queue", "recent_batches"}})) {
    refuse_lost_catalog(options.path);
    refuse_damaged_wal(options.path / Catalog::file_name);
    auto catalog = Catalog::open(options.path);
    recover(catalog);
    if (options.sealing == Sealing::on) seal.emplace(options, std::move(catalog), feed, clock, log, metrics);
  }

  void recover(Catalog& catalog) {
    const auto folder = options.path / "log";
    const auto on_disk = list_segments(folder);
    const auto newest = on_disk.empty() ? 0 : on_disk.back().generation;
    DirectoryBuilder directory;
    catalog.load(directory);
    auto found = recover_log(folder, disk, log, [&](const Batch& batch) {
      directory.apply(batch);
      note(batch, recovered);
    });
    recovered.directory = directory.directory();
    recovered.damaged_records = found.damaged;
    generations.emplace(
        options.path,
        std::max({newest, catalog.last_generation(), newest_sealed_generation(options.path / "day", log)}) + 1);
    const auto next_sequence = std::max(found.next_sequence, catalog.last_sequence() + 1);
    log.info("store", options.path.string() + ": " + proto::counted(found.segments.size(), "segment") + " with " +
                          proto::counted(found.batches, "batch", "batches") + " and " +
                          proto::counted(found.readings, "reading") + " recovered, " +
                          proto::counted(found.damaged, "damaged place") + ", " +
                          std::to_string(recovered.directory.series.size()) + " series; next batch is " +
                          std::to_string(next_sequence));
    for (auto& segment : found.segments) feed.add_segment(std::move(segment));
    writer.emplace(
        folder, disk, log,
        Log::Hooks{[this] { return next_generation(); },
                   [this, folder](std::uint64_t generation, std::uint64_t first) {
                     feed.add_segment({generation, first, first - 1, 0, false, segment_path(folder, generation), {}});
                   }},
        next_sequence);
  }

  Result<std::uint64_t, StoreError> next_generation() {
    try {
      return generations->next();
    } catch (const DatabaseError& error) {
      if (error.disk_full()) return fail(StoreError::disk_full);
      log.error("store", error.what());
      return fail(StoreError::io_error);
    }
  }

  Result<LogPosition, StoreError> append(std::shared_ptr<Batch> batch) {
    if (seal) seal->let_catch_up(begun_generation);
    const auto position = space_low(disk, options) ? Result<LogPosition, StoreError>(fail(StoreError::disk_full))
                                                   : writer->append(*batch);
    if (!position) {
      (position.error() == StoreError::disk_full ? full : failed).add();
      if (position.error() == StoreError::disk_full && !std::exchange(said_full, true))
        log.error("store", options.path.string() + ": disk full: nothing is acknowledged until space returns");
      return position;
    }
    if (std::exchange(said_full, false)) log.info("store", options.path.string() + ": space is back, writing goes on");
    written.add();
    if (position->generation != begun_generation) {
      begun_generation = position->generation;
      begun_at = clock.steady_now();
      if (seal) seal->segment_begun(begun_generation);
    }
    feed.publish(std::move(batch));
    depth.set(static_cast<double>(feed.depth()));
    return position;
  }

  const StoreOptions options;
  const Clock& clock;
  Logger& log;
  Disk disk;
  FolderLock lock;
  Feed feed;
  Feed::Cursor cursor;
  Recovered recovered;
  std::optional<Generations> generations;
  std::optional<Log> writer;
  Counter& written;
  Counter& full;
  Counter& failed;
  Gauge& depth;
  bool said_full = false;
  std::uint64_t begun_generation = 0;  // the segment that begun_at is about
  std::chrono::steady_clock::time_point begun_at;
  std::optional<SealThread> seal;
};

Store::Store(StoreOptions options, const Clock& clock, Logger& log, Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), clock, log, metrics)) {}

Store::~Store() = default;

const Recovered& Store::recovered() const { return impl_->recovered; }

Result<LogPosition, StoreError> Store::append(std::shared_ptr<Batch> batch) { return impl_->append(std::move(batch)); }

bool Store::rotation_due() const {
  const auto& log = *impl_->writer;
  if (log.empty()) return false;
  return log.readings() >= impl_->options.rotate_readings || log.bytes() >= impl_->options.rotate_bytes ||
         impl_->clock.steady_now() - impl_->begun_at >= impl_->options.rotate_age;
}

Result<void, StoreError> Store::rotate() {
  auto done = impl_->writer->rotate();
  if (impl_->seal) impl_->seal->wake();
  return done;
}

Store::Next Store::next(LogPosition after, Millis timeout) {
  auto next = impl_->feed.next(impl_->cursor, after, timeout);
  return {std::move(next.batch), next.gap_before};
}

void Store::checkpointed(LogPosition position) {
  if (impl_->seal) impl_->seal->checkpointed(position);
}

bool Store::disk_low() const { return space_low(impl_->disk, impl_->options, impl_->options.rotate_bytes); }

std::uint64_t Store::damaged() const { return impl_->seal ? impl_->seal->damaged() : 0; }

void Store::stop() {
  if (impl_->seal) impl_->seal->stop();
}

}  // namespace telltale::store

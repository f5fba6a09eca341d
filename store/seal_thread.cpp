#include "store/seal_thread.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "store/day.hpp"
#include "store/day_file.hpp"
#include "store/disk.hpp"
#include "store/fail_point.hpp"
#include "store/reserve.hpp"
#include "store/salvage.hpp"

namespace telltale::store {

namespace fs = std::filesystem;

namespace {

constexpr auto recent_every = std::chrono::seconds(2);
constexpr auto measure_every = std::chrono::seconds(10);
constexpr auto retry_every = std::chrono::seconds(2);
// A reader keeps what two full segments hold; with more of them unsealed its answers get slow.
constexpr std::uint64_t most_unsealed = 4;
constexpr auto pause_for_sealing = std::chrono::milliseconds(20);
constexpr std::int64_t close_after_ms = 2 * hour_ms;  // the end of the day
// What is removed in the meantime costs no rewrite of its own.
constexpr Millis removal_waits{hour_ms};

}  // namespace

SealThread::SealThread(const StoreOptions& options, Catalog catalog, Feed& feed, const Clock& clock, proto::Logger& log,
                       proto::Metrics& metrics)
    : options_(options),
      catalog_(std::move(catalog)),
      feed_(feed),
      clock_(clock),
      log_(log),
      policy_({"raw", {}, options.raw_retention_days, options.hourly_retention_days, options.daily_retention_days},
              options.retention),
      close_(options.path, catalog_, log),
      retention_(options.path, catalog_, close_, policy_, log),
      rollups_(options.path, catalog_, close_, log),
      sealer_(options.path, catalog_, close_, policy_, clock, log),
      recent_(options.path, feed, clock, log, {options.recent_max_rate, options.recent_hours}),
      removal_work_(options.path, catalog_, log),
      waiting_(metrics.gauge("telltale_queue_depth", "Entries that wait.", {{"queue", "seal"}})),
      bytes_(metrics.gauge("telltale_storage_bytes", "Bytes in the data folder.")),
      letters_dropped_(metrics.counter("telltale_queue_dropped_total", "Entries dropped by a full queue.",
                                       {{"queue", "dead_letters"}})),
      last_recent_(std::chrono::steady_clock::now()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void SealThread::wake() {
  {
    const std::lock_guard lock(mutex_);
    work_waiting_ = true;
  }
  changed_.notify_all();
}

void SealThread::segment_begun(std::uint64_t generation) {
  if (!any_begun_) sealed_upto_ = generation - 1;
  any_begun_ = true;
  wake();
}

void SealThread::checkpointed(proto::LogPosition position) {
  {
    const std::lock_guard lock(mutex_);
    checkpoint_ = std::max(checkpoint_, position);
    work_waiting_ = true;
  }
  changed_.notify_all();
}

void SealThread::let_catch_up(std::uint64_t generation) {
  const auto far_behind = [&] { return generation > sealed_upto_ + most_unsealed && !sealing_fails_; };
  if (!far_behind()) return;
  std::unique_lock lock(mutex_);
  sealed_one_.wait_for(lock, pause_for_sealing, [&] { return !far_behind(); });
}

void SealThread::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

/// The scheduler's slices are longer than most queries: on a busy machine one of them before a query is what its
/// slowest answers take.
void SealThread::give_way() {
  constexpr int least = 19;
  if (setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), least) != 0)
    log_.warn("store", std::string("sealing runs beside queries at equal priority: ") + std::strerror(errno));
}

void SealThread::run(const std::stop_token& stop) {
  give_way();
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, retry_every, [this] { return work_waiting_; });
      work_waiting_ = false;
    }
    if (stop.stop_requested()) return;
    sealing_fails_ = !attempt("sealing", [&] {
      clean_up();
      seal_finished(stop);
    });
    attempt("unlinking", [this] { release(); });
    attempt("closing days", [&] { close_days(stop); });
    attempt("rollups", [&] { mend_rollups(stop); });
    attempt("removing", [&] { take_out_removed(stop); });
    attempt("retention", [this] { retain(); });
    attempt("making room", [this] { make_room(); });
    attempt("recent.db", [this] { tick_recent(); });
    if (damage_met_) attempt("saving damaged days", [this] { salvage_damaged_days(); });
    measure();
  }
}

/// A step that fails is said once and tried again later; the others go on meanwhile. Nothing is lost by waiting: the
/// log keeps what is not sealed.
bool SealThread::attempt(const char* what, const std::function<void()>& step) {
  auto& complaint = complaints_[what];
  try {
    step();
    if (!complaint.empty()) log_.info("store", std::string(what) + " works again");
    complaint.clear();
    return true;
  } catch (const std::exception& error) {
    if (std::exchange(complaint, error.what()) == error.what()) return false;
    log_.error("store", std::string(what) + " waits: " + error.what());
    const auto* database = dynamic_cast<const DatabaseError*>(&error);
    damage_met_ = damage_met_ || (database != nullptr && (database->corrupt() || database->cannot_open()));
    return false;
  }
}

/// Before anything else takes a file's name that the catalog does not know.
void SealThread::clean_up() {
  if (cleaned_up_) return;
  std::set<std::uint64_t> unsealed;
  for (const auto& segment : feed_.segments()) unsealed.insert(segment.generation);
  retention_.clean_up(unsealed, today());
  cleaned_up_ = true;
}

void SealThread::seal_finished(const std::stop_token& stop) {
  for (const auto& segment : feed_.segments()) {
    if (stop.stop_requested()) return;
    if (segment.finished && !sealed_.contains(segment.generation)) seal(segment);
  }
}

void SealThread::seal(const SegmentInfo& segment) {
  if (!segment.empty()) {
    const auto [dropped, damaged] = sealer_.seal(segment, options_.dead_letter_bytes);
    days_changed_ = true;
    damaged_ += damaged;
    letters_dropped_.add(dropped);
    if (dropped > 0)
      log_.warn("store", "dead letters are full: the oldest " + std::to_string(dropped) + " were dropped");
  }
  sealed_.insert(segment.generation);
  {
    const std::lock_guard lock(mutex_);
    if (segment.generation > sealed_upto_) sealed_upto_ = segment.generation;
  }
  sealed_one_.notify_all();
}

/// Unlinks, oldest first, what is in the day files and behind the checkpoint. The newest segment with batches always
/// stays: it holds the redelivery table and the numbers to go on with.
void SealThread::release() {
  proto::LogPosition checkpoint;
  {
    const std::lock_guard lock(mutex_);
    checkpoint = checkpoint_;
  }
  const auto newest = feed_.end().generation;
  std::size_t waiting = 0;
  bool held = false;
  for (const auto& segment : feed_.segments()) {
    if (!segment.finished) continue;
    const bool sealed = sealed_.contains(segment.generation);
    waiting += sealed ? 0 : 1;
    const proto::LogPosition end{segment.generation, segment.last_sequence};
    held = held || !sealed || (!segment.empty() && (segment.generation >= newest || checkpoint < end));
    if (!held) release(segment);
  }
  waiting_.set(static_cast<double>(waiting));
}

void SealThread::release(const SegmentInfo& segment) {
  const auto log_folder = options_.path / "log";
  Disk disk;
  for (const auto& folder : {options_.path / "day", options_.path}) sync_names(disk, folder);
  fail_point("seal-before-unlink");
  feed_.remove_segment(segment.generation);
  if (options_.archive_log && !segment.empty()) {
    fs::create_directories(log_folder / "archive");
    fs::rename(segment.path, log_folder / "archive" / segment.path.filename());
  } else {
    fs::remove(segment.path);
  }
  sync_names(disk, log_folder);
  sealed_.erase(segment.generation);
}

std::int64_t SealThread::today() const { return day_of(to_ms(clock_.now())); }

bool SealThread::seal_waiting() const {
  for (const auto& segment : feed_.segments())
    if (segment.finished && !sealed_.contains(segment.generation)) return true;
  return false;
}

/// One day after the other, as long as no segment waits; sealing goes first. The rest goes on at the next round.
void SealThread::close_days(const std::stop_token& stop) {
  const auto over_before = day_of(to_ms(clock_.now()) - close_after_ms);
  if (!days_changed_ && over_before == closed_before_) return;
  for (const auto& group : group_days(catalog_.day_files(INT64_MIN, over_before - 1))) {
    if (group.open() == nullptr) continue;
    if (group.closed() != nullptr && !close_.late_pieces_are_many(group)) continue;
    if (!rewrite(group, stop)) return;
  }
  closed_before_ = over_before;
  days_changed_ = false;
}

/// False: sealing goes first, or the end has come.
bool SealThread::rewrite(const DayGroup& group, const std::stop_token& stop) {
  if (stop.stop_requested() || seal_waiting()) return false;
  std::uint64_t bytes = 0;
  std::error_code missing;  // the rewrite says so
  for (const auto& file : group.files) {
    const auto size = fs::file_size(options_.path / "day" / file.name, missing);
    if (!missing) bytes += size;
  }
  if (space_low(disk_, options_, bytes)) throw StoreFailure("the disk is too full to rewrite a day");
  damaged_ += close_.close(group);
  return true;
}

void SealThread::mend_rollups(const std::stop_token& stop) {
  damaged_ += rollups_.find_missing();
  rollups_.mend([&] { return stop.stop_requested() || seal_waiting(); });
}

void SealThread::take_out_removed(const std::stop_token& stop) {
  const auto now = clock_.now();
  removal_work_.run(now - removal_waits, now,
                    {[&](const DayGroup& group) { return rewrite(group, stop); },
                     [&](const std::vector<proto::SeriesId>& series) { recent_.forget(series); }});
}

void SealThread::retain() {
  const auto day = today();  // which may end meanwhile
  if (retained_on_ == day) return;
  retention_.retain(day);
  retained_on_ = day;
}

void SealThread::make_room() {
  if (options_.early_retention_days <= 0) return;
  while (space_low(disk_, options_) && retention_.give_up_oldest(today(), options_.early_retention_days)) {
  }
}

void SealThread::tick_recent() {
  if (options_.recent_hours <= 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_recent_ < recent_every / 2) return;
  const auto elapsed = std::chrono::duration_cast<Millis>(now - std::exchange(last_recent_, now));
  recent_.tick(elapsed);
}

void SealThread::measure() {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_measure_ < measure_every) return;
  last_measure_ = now;
  std::uintmax_t total = 0;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(options_.path, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code gone;
    if (const auto size = it->is_regular_file(gone) ? it->file_size(gone) : 0; !gone) total += size;
  }
  bytes_.set(static_cast<double>(total));
}

/// A day file that is damaged or was taken away must not stop the ones after it: what can be read of it goes on in a
/// new revision, and the damaged one is kept beside.
void SealThread::salvage_damaged_days() {
  for (const auto& file : catalog_.day_files(INT64_MIN, INT64_MAX)) {
    // Saving a closed file gives the open one beside it a new revision, too.
    const auto now = day_group(catalog_, file.day, file.klass);
    const bool listed = std::ranges::any_of(now.files, [&](const auto& f) { return f.name == file.name; });
    if (!listed || sound(file)) continue;
    const auto saved = salvage_day(options_.path, catalog_, file, log_);
    damaged_ += std::max<std::uint64_t>(saved.damaged_chunks, 1);
    days_changed_ = true;
  }
  damaged_ += rollups_.set_damaged_aside();
  damage_met_ = false;
}

bool SealThread::sound(const Catalog::DayFile& file) const {
  const auto path = options_.path / "day" / file.name;
  if (!fs::exists(path)) return false;
  try {
    auto day = file.closed ? DayFile::open_closed(path) : DayFile::open(path);
    return !day.quick_check();
  } catch (const DatabaseError& error) {
    if (!error.corrupt()) throw;
    return false;
  }
}

}  // namespace telltale::store

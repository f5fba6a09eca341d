#include "store/seal_thread.hpp"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "store/day.hpp"
#include "store/day_file.hpp"
#include "store/disk.hpp"
#include "store/fail_point.hpp"

namespace telltale::store {

namespace fs = std::filesystem;

namespace {

constexpr auto recent_every = std::chrono::seconds(2);
constexpr auto measure_every = std::chrono::seconds(10);
constexpr auto retry_every = std::chrono::seconds(2);

}  // namespace

SealThread::SealThread(const StoreOptions& options, Catalog catalog, Feed& feed, const Clock& clock, proto::Logger& log,
                       proto::Metrics& metrics)
    : options_(options),
      catalog_(std::move(catalog)),
      feed_(feed),
      clock_(clock),
      log_(log),
      sealer_(options.path, catalog_, clock, log),
      recent_(options.path, feed, clock, log, {options.recent_max_rate, options.recent_hours}),
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

void SealThread::checkpointed(proto::LogPosition position) {
  {
    const std::lock_guard lock(mutex_);
    checkpoint_ = std::max(checkpoint_, position);
    work_waiting_ = true;
  }
  changed_.notify_all();
}

void SealThread::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void SealThread::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, retry_every, [this] { return work_waiting_; });
      work_waiting_ = false;
    }
    if (stop.stop_requested()) return;
    attempt("sealing", [&] { seal_finished(stop); });
    attempt("unlinking", [this] { release(); });
    attempt("retention", [this] { retain(); });
    attempt("recent.db", [this] { tick_recent(); });
    if (damage_met_) attempt("setting damaged days aside", [this] { set_aside_damaged_days(); });
    measure();
  }
}

/// A step that fails is said once and tried again later; the others go on meanwhile. Nothing is lost by waiting: the
/// log keeps what is not sealed.
void SealThread::attempt(const char* what, const std::function<void()>& step) {
  auto& complaint = complaints_[what];
  try {
    step();
    if (!complaint.empty()) log_.info("store", std::string(what) + " works again");
    complaint.clear();
  } catch (const std::exception& error) {
    if (std::exchange(complaint, error.what()) == error.what()) return;
    log_.error("store", std::string(what) + " waits: " + error.what());
    const auto* database = dynamic_cast<const DatabaseError*>(&error);
    damage_met_ = damage_met_ || (database != nullptr && database->corrupt());
  }
}

void SealThread::seal_finished(const std::stop_token& stop) {
  for (const auto& segment : feed_.segments()) {
    if (stop.stop_requested()) return;
    if (segment.finished && !sealed_.contains(segment.generation)) seal(segment);
  }
}

void SealThread::seal(const SegmentInfo& segment) {
  if (!segment.empty()) {
    const auto dropped = sealer_.seal(segment, {oldest_day(), options_.dead_letter_bytes});
    letters_dropped_.add(dropped);
    if (dropped > 0)
      log_.warn("store", "dead letters are full: the oldest " + std::to_string(dropped) + " were dropped");
  }
  sealed_.insert(segment.generation);
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
  for (const auto& folder : {options_.path / "day", options_.path})
    if (const int error = disk.sync_directory(folder); error != 0)
      throw StoreFailure(folder.string() + ": " + std::strerror(error));
  fail_point("seal-before-unlink");
  feed_.remove_segment(segment.generation);
  if (options_.archive_log && !segment.empty()) {
    fs::create_directories(log_folder / "archive");
    fs::rename(segment.path, log_folder / "archive" / segment.path.filename());
  } else {
    fs::remove(segment.path);
  }
  if (const int error = disk.sync_directory(log_folder); error != 0)
    throw StoreFailure(log_folder.string() + ": " + std::strerror(error));
  sealed_.erase(segment.generation);
}

std::int64_t SealThread::oldest_day() const {
  return day_of(to_ms(clock_.now())) - std::max<std::int64_t>(options_.raw_retention_days, 1);
}

void SealThread::retain() {
  if (oldest_day() == retained_from_) return;
  sealer_.drop_days_before(oldest_day());
  retained_from_ = oldest_day();
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

/// A damaged day file must not stop the ones after it: it is kept beside for salvage, and the day goes on in a new
/// file.
void SealThread::set_aside_damaged_days() {
  const auto folder = options_.path / "day";
  for (const auto& file : catalog_.day_files(INT64_MIN, INT64_MAX)) {
    const auto path = folder / file.name;
    try {
      auto database = Database(path, Database::Mode::full);
      if (database.number("select count(*) from pragma_quick_check where quick_check<>'ok'") == 0) continue;
    } catch (const DatabaseError& error) {
      if (!error.corrupt()) continue;
    }
    const auto aside = folder / "damaged" / (std::to_string(to_ms(clock_.now())) + "-" + file.name);
    std::error_code none;  // there may be no such file
    fs::create_directories(aside.parent_path());
    fs::rename(path, aside);
    fs::rename(path.string() + "-wal", aside.string() + "-wal", none);
    fs::remove(path.string() + "-shm", none);
    DayFile::open(path);  // the manifest names it: readers of the days around it must find something
    log_.error("store", path.string() + " is damaged and was moved to " + aside.string());
  }
  damage_met_ = false;
}

}  // namespace telltale::store

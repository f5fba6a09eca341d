#include "store/read_view.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <unordered_set>
#include <utility>

#include "store/day.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

/// Calls open(); a file that has gone meanwhile is Vanished, whatever SQLite made of it: it may meet a file without its
/// -shm (an I/O error) or without its -wal (rows are missing and nothing says so). The database goes before these two,
/// so one that is still there after open() was opened whole.
template <class Open>
auto open_if_there(const fs::path& path, Open&& open) {
  const auto check = [&] {
    if (!fs::exists(path)) throw Vanished{path.string()};
  };
  check();
  try {
    auto opened = open();
    check();
    return opened;
  } catch (const DatabaseError&) {
    check();
    throw;
  }
}

/// A file of format 0 was just made and has no rows yet.
bool has_tables(const fs::path& file) {
  return Database(file, Database::Mode::read_only).number("pragma user_version") > 0;
}

}  // namespace

ReadView::ReadView(fs::path folder, const ReaderOptions& options)
    : folder_(std::move(folder)),
      log_(folder_ / "log", options.log_bytes),
      catalog_(Catalog::open_read_only(folder_)),
      beside_(folder_ / Catalog::file_name, Database::Mode::read_only),
      data_version_(beside_, "pragma data_version"),
      is_sealed_(beside_, "select 1 from generation where generation=?"),
      all_latest_(beside_, "select series_id, ts, type, ts_source, value, generation from latest order by series_id"),
      day_files_(options.open_files),
      rollup_files_(options.open_files),
      decoded_(options.decoded),
      stop_(options.stop) {}

void ReadView::refresh() {
  log_.refresh();
  // What is left out of the log as sealed must be in the manifest: a seal in between means to look again.
  for (auto version = data_version(); log_.has_new_segments() || version != version_; version = data_version()) {
    if (version != version_) read_manifest();
    log_.forget([this](std::uint64_t generation) { return is_sealed_.query(generation).next(); });
    version_ = version;
  }
  if (log_.removed().size() != std::exchange(removed_in_log_, log_.removed().size())) removed_.add(log_.removed());
}

std::int64_t ReadView::data_version() {
  auto row = data_version_.query();
  return row.next() ? row.integer(0) : 0;
}

void ReadView::read_manifest() {
  days_.clear();
  std::unordered_set<std::string> names;
  for (auto& file : catalog_.day_files(first_day, last_day)) {
    names.insert(file.name);
    if (days_.empty() || days_.back().day != file.day) days_.push_back({file.day, {}, true});
    auto& added = days_.back().files.emplace_back(File{std::move(file)});
    std::error_code gone;  // then so is the day, which open() finds
    if (added.closed)
      added.written = fs::last_write_time(folder_ / "day" / added.name, gone).time_since_epoch().count();
  }
  const auto& removed = catalog_.removed();
  if (removed.size() != std::exchange(removed_in_catalog_, removed.size())) removed_.add(removed);
  // A file that was removed keeps its space on disk while it is open.
  day_files_.keep([&](const fs::path& path) { return names.contains(path.filename().string()); });
  list_rollups();
  sealed_ = catalog_.seal_mark();
  for (auto& day : days_) {
    std::set<std::string> closed;
    for (const auto& file : day.files)
      if (file.closed && has_rollups(file)) closed.insert(file.klass);
    for (const auto& file : day.files) day.rolled_up = day.rolled_up && closed.contains(file.klass);
  }
}

void ReadView::list_rollups() {
  rollup_names_ = list_rollup_files(folder_ / "rollup");
  rollup_files_.keep([](const fs::path&) { return true; });  // but for one that was lost and made again
  incomplete_rollups_.clear();
  for (const auto& entry : catalog_.rollup_files())
    if (!entry.complete) incomplete_rollups_.insert(entry.name);
}

bool ReadView::has_rollups(const Catalog::DayFile& file) const {
  return std::ranges::all_of(std::array{RollupStep::hour, RollupStep::day}, [&](RollupStep step) {
    const RollupFileName name{month_of_day(file.day), file.klass, step};
    return std::ranges::find(rollup_names_, name) != rollup_names_.end() &&
           !incomplete_rollups_.contains(to_string(name));
  });
}

bool ReadView::Day::has(const std::string& klass) const {
  return std::ranges::any_of(files, [&](const auto& file) { return file.klass == klass; });
}

const ReadView::Day* ReadView::day(std::int64_t day) const {
  const auto found = std::ranges::lower_bound(days_, day, {}, &Day::day);
  return found != days_.end() && found->day == day ? &*found : nullptr;
}

OpenDayFile ReadView::open(const Catalog::DayFile& file) {
  check_stop();
  const auto path = folder_ / "day" / file.name;
  const auto make = [&] {
    return open_if_there(path,
                         [&] { return file.closed ? DayFile::open_closed(path) : DayFile::open_read_only(path); });
  };
  return {day_files_.get(path, make), file.name};
}

OpenDayFile ReadView::open_for_reads(const Catalog::DayFile& file) {
  auto opened = open(file);
  opened.snapshot = opened.file->snapshot_if_locked();
  return opened;
}

std::string ReadView::revision(std::int64_t from, std::int64_t to, std::span<const SeriesId> series) {
  std::string out = "removed " + std::to_string(removed_.size());
  if (from >= to) return out;
  const auto first = day_of(from);
  const auto last = day_of(to - 1);
  // A file that is open grows with seals, and so do rollups of days that have no files.
  bool all_closed = true;
  auto next = first;
  for (auto day = std::ranges::lower_bound(days_, first, {}, &Day::day); day != days_.end() && day->day <= last;
       ++day) {
    all_closed = all_closed && day->day == next++;
    for (const auto& file : day->files) {
      all_closed = all_closed && file.closed;
      out += ' ' + file.name;
      if (file.closed) out += '@' + std::to_string(file.written);
    }
  }
  if (!all_closed || next <= last)
    out += " sealed " + std::to_string(sealed_.seals) + ':' + std::to_string(sealed_.last_generation);
  const auto first_month = month_of_day(std::clamp(first, first_day, last_day));
  const auto last_month = month_of_day(std::clamp(last, first_day, last_day));
  for (const auto& name : rollup_names_)
    if (name.month >= first_month && name.month <= last_month) out += ' ' + to_string(name);
  for (const auto& name : incomplete_rollups_) out += " incomplete " + name;
  log_.append_revision(from, to, series, out);
  return out;
}

std::string ReadView::latest_revision(std::span<const SeriesId> series) {
  auto out = seal_revision();
  log_.append_revision(first_day * day_ms, (last_day + 1) * day_ms, series, out);
  return out;
}

std::string ReadView::directory_revision() {
  auto out = seal_revision();
  log_.append_directory_revision(out);
  return out;
}

std::string ReadView::seal_revision() const {
  return "removed " + std::to_string(removed_.size()) + " sealed " + std::to_string(sealed_.seals) + ':' +
         std::to_string(sealed_.last_generation);
}

std::vector<ReadView::OpenRollup> ReadView::rollups(RollupStep step, std::int64_t from, std::int64_t to) {
  std::vector<OpenRollup> out;
  if (from >= to) return out;
  const auto first = month_of_day(std::clamp(day_of(from), first_day, last_day));
  const auto last = month_of_day(std::clamp(day_of(to - 1), first_day, last_day));
  for (const auto& name : rollup_names_) {
    if (name.step != step || name.month < first || name.month > last) continue;
    const auto path = folder_ / "rollup" / to_string(name);
    if (!rollup_files_.has(path) && !open_if_there(path, [&] { return has_tables(path); })) continue;
    const auto make = [&] { return open_if_there(path, [&] { return RollupFile::open_read_only(path); }); };
    out.push_back({rollup_files_.get(path, make), name.klass});
  }
  return out;
}

LatestTable ReadView::sealed_latest() {
  LatestTable out;
  for (auto row = all_latest_.query(); row.next();) {
    Reading r{};
    r.series = static_cast<SeriesId>(row.integer(0));
    if (removed_.has(r.series)) continue;
    r.ts = from_ms(row.integer(1));
    r.type = static_cast<ValueType>(row.integer(2) & 3);
    r.source = static_cast<TsSource>(row.integer(3) & 3);
    std::string_view text;
    switch (r.type) {
      case ValueType::integer:
        r.integer = row.integer(4);
        break;
      case ValueType::text:
        text = row.text(4);
        break;
      case ValueType::number:
      case ValueType::boolean:
        r.number = row.null(4) ? std::nan("") : row.real(4);
        break;
    }
    out.add(static_cast<std::uint64_t>(row.integer(5)), r, text);
  }
  out.settle();
  return out;
}

}  // namespace telltale::store

#include "store/day_close.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <queue>
#include <set>
#include <utility>

#include "proto/quantity_text.hpp"
#include "store/chunk_cut.hpp"
#include "store/day.hpp"
#include "store/day_file.hpp"
#include "store/day_rollups.hpp"
#include "store/fail_point.hpp"
#include "store/series_merge.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t points_per_closed_chunk = 4096;
constexpr std::size_t pieces_per_series = 65536;

DayFile open_day_file(const fs::path& folder, const Catalog::DayFile& file) {
  const auto path = folder / "day" / file.name;
  return file.closed ? DayFile::open_closed(path) : DayFile::open_read_only(path);
}

/// All chunks of some day files, series by series: every run is ascending by series, a heap joins them. Removed series
/// are passed over.
class SeriesWalk {
 public:
  SeriesWalk(std::vector<DayFile>& files, const Removed& removed) : removed_(removed) {
    for (auto& file : files)
      for (auto& run : file.runs()) add(std::move(run));
  }
  /// Null at the end.
  [[nodiscard]] SeriesId next(std::vector<DayFile::Chunk>& chunks) {
    while (!heap_.empty()) {
      chunks.clear();
      const auto series = heap_.top().series;
      const bool removed = removed_.has(series);
      while (!heap_.empty() && heap_.top().series == series) {
        auto& run = *runs_[heap_.top().run];
        const auto at = heap_.top().run;
        heap_.pop();
        bool more = true;
        while (more && run.series() == series) {
          if (!removed) chunks.push_back(run.chunk());
          more = run.next();
        }
        if (more) heap_.push({run.series(), at});
      }
      if (!removed) return series;
    }
    return SeriesId::none;
  }

 private:
  struct Place {
    SeriesId series;
    std::size_t run;
    // By run within a series: pieces of one generation stay in the order of sealing.
    bool operator<(const Place& other) const { return std::tie(other.series, other.run) < std::tie(series, run); }
  };
  void add(std::unique_ptr<DayFile::Run> run) {
    if (!run->next()) return;
    runs_.push_back(std::move(run));
    heap_.push({runs_.back()->series(), runs_.size() - 1});
  }
  const Removed& removed_;
  std::vector<std::unique_ptr<DayFile::Run>> runs_;
  std::priority_queue<Place> heap_;
};

void sync_file(Disk& disk, const fs::path& file) {
  const Fd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  const int error = fd ? disk.sync(fd.get()) : errno;
  if (error != 0) throw StoreFailure(file.string() + ": " + std::strerror(error));
}

std::uint64_t readings_in(DayFile file) {
  std::uint64_t sum = 0;
  for (const auto& entry : file.ledger()) sum += entry.readings;
  return sum;
}

/// Ledgers and names of all inputs; a generation counts once. Removed series have no names.
void copy_ledgers(std::vector<DayFile>& inputs, const Removed& removed, DayFile::Build& build) {
  std::map<std::uint64_t, DayFile::LedgerEntry> entries;
  for (auto& input : inputs) {
    for (const auto& entry : input.ledger()) entries.emplace(entry.generation, entry);
    for (const auto& name : input.names())
      if (!removed.has(name.series)) build.name(name);
  }
  std::int64_t order = 0;
  for (auto& [generation, entry] : entries) {
    entry.order = order++;
    build.enter(entry);
  }
}

std::size_t write_series(SeriesId series, const std::vector<DayFile::Chunk>& chunks, const SeriesMerge& merged,
                         ChunkPoints& scratch, DayFile::Build& build) {
  const auto& readings = merged.readings();
  const auto newest = std::max_element(chunks.begin(), chunks.end(),
                                       [](const auto& a, const auto& b) { return a.generation < b.generation; });
  const auto limit = std::max(points_per_closed_chunk, readings.size() / (pieces_per_series - value_types) + 1);
  unsigned piece = 0;
  cut_chunks(
      readings.size(), limit, merged.arena(), scratch, [&](std::size_t i) -> const Reading& { return readings[i]; },
      [&](const ChunkPoints& points) { build.add(series, piece++, newest->generation, points); });
  return readings.size();
}

}  // namespace

void remove_day_file(const fs::path& file) {
  for (const char* part : {"", "-wal", "-shm"}) fs::remove(file.string() + part);
}

fs::path set_day_file_aside(const fs::path& file) {
  const auto folder = file.parent_path() / "damaged";
  fs::create_directories(folder);
  fs::path aside;
  for (int n = 0; aside.empty() || fs::exists(aside); ++n)
    aside = folder / (file.filename().string() + "." + std::to_string(n));
  const fs::path wal = file.string() + "-wal", wal_aside = aside.string() + "-wal";
  fs::remove(wal_aside);  // a kill left it
  // A copy: until the file itself has gone, whoever opens it must find both.
  if (fs::exists(wal)) fs::copy_file(wal, wal_aside);
  fail_point("aside-before-rename");
  fs::rename(file, aside);
  for (const char* part : {"-wal", "-shm"}) fs::remove(file.string() + part);
  return aside;
}

DayFile open_for_sealing(const fs::path& file) {
  if (!fs::exists(file)) return DayFile::open_read_only(file);  // throws as SQLite does
  return DayFile::open(file);
}

const Catalog::DayFile* DayGroup::closed() const {
  return !files.empty() && files.front().closed ? &files.front() : nullptr;
}
const Catalog::DayFile* DayGroup::open() const {
  return !files.empty() && !files.back().closed ? &files.back() : nullptr;
}
std::uint32_t DayGroup::next_rev() const { return files.empty() ? 0 : files.back().rev + 1; }

std::vector<DayGroup> group_days(const std::vector<Catalog::DayFile>& files) {
  std::vector<DayGroup> out;
  for (const auto& file : files) {
    if (out.empty() || out.back().day != file.day || out.back().klass != file.klass)
      out.push_back({file.day, file.klass, {}});
    out.back().files.push_back(file);
  }
  return out;
}

DayGroup day_group(Catalog& catalog, std::int64_t day, const std::string& klass) {
  for (auto& group : group_days(catalog.day_files(day, day)))
    if (group.klass == klass) return group;
  return {day, klass, {}};
}

DayClose::DayClose(fs::path folder, Catalog& catalog, Logger& log)
    : folder_(std::move(folder)), catalog_(catalog), log_(log) {}

bool DayClose::late_pieces_are_many(const DayGroup& group) const {
  constexpr std::uint64_t tenth = 10;
  if (group.closed() == nullptr || group.open() == nullptr) return false;
  return readings_in(open_day_file(folder_, *group.open())) * tenth >
         readings_in(open_day_file(folder_, *group.closed()));
}

std::size_t DayClose::close(const DayGroup& group) {
  const DayFileName name{group.day, group.klass, group.next_rev()};
  const auto file = folder_ / "day" / to_string(name);
  const auto part = fs::path(file.string() + ".part");  // what a kill leaves of it goes at the next start
  fs::remove(part);
  std::size_t damaged = 0;
  std::uint64_t kept = 0;
  DayRollups rollups(folder_, catalog_, group, log_);
  {
    // A reader that comes between our unlinking of a file and of its WAL must miss nothing.
    if (group.open() != nullptr) open_for_sealing(folder_ / "day" / group.open()->name).checkpoint();
    std::vector<DayFile> inputs;
    for (const auto& input : group.files) inputs.push_back(open_day_file(folder_, input));
    auto output = DayFile::build(part);
    DayFile::Build build(output);
    copy_ledgers(inputs, catalog_.removed(), build);
    SeriesWalk walk(inputs, catalog_.removed());
    SeriesMerge merge;
    ChunkPoints scratch;
    std::vector<DayFile::Chunk> chunks;
    while (const auto series = to_number(walk.next(chunks))) {
      const auto id = static_cast<SeriesId>(series);
      const auto damaged_here = merge.merge(id, chunks);
      damaged += damaged_here;
      rollups.put(id, merge.readings(), damaged_here);
      if (merge.readings().empty()) continue;
      kept += write_series(id, chunks, merge, scratch, build);
    }
    build.commit();
  }
  sync_file(disk_, part);
  fail_point("close-before-sync");
  remove_day_file(file);  // what a kill or an error left of a seal or close, with a -wal that is not the new file's
  fs::rename(part, file);
  sync_names(disk_, file.parent_path());
  fail_point("close-before-rollup");
  rollups.commit();
  sync_names(disk_, folder_ / "rollup");
  fail_point("close-before-switch");
  catalog_.switch_day_file({group.day, group.klass, name.rev, to_string(name), true});
  fail_point("close-after-switch");
  for (const auto& old : group.files) {
    const auto path = folder_ / "day" / old.name;
    if (damaged > 0) {
      set_day_file_aside(path);
    } else {
      remove_day_file(path);
    }
    fail_point("close-before-unlink");
  }
  if (damaged > 0)
    log_.error("store", file.string() + ": " + proto::counted(damaged, "damaged chunk was", "damaged chunks were") +
                            " left out; what was there before is in day/damaged");
  log_.info("store", "day " + day_text(group.day) + " (" + group.klass +
                         ") closed: " + proto::counted(kept, "reading") + " in " + file.filename().string());
  return damaged;
}

void DayClose::roll_up(const DayGroup& group) {
  DayRollups rollups(folder_, catalog_, group, log_);
  std::vector<DayFile> inputs;
  for (const auto& input : group.files) inputs.push_back(open_day_file(folder_, input));
  SeriesWalk walk(inputs, catalog_.removed());
  SeriesMerge merge;
  std::vector<DayFile::Chunk> chunks;
  while (const auto series = to_number(walk.next(chunks))) {
    const auto id = static_cast<SeriesId>(series);
    const auto damaged = merge.merge(id, chunks);
    rollups.put(id, merge.readings(), damaged);
  }
  rollups.commit();
}

void DayClose::roll_up(const DayGroup& group, const std::vector<SeriesId>& series) {
  DayRollups rollups(folder_, catalog_, group, log_);
  std::vector<DayFile> inputs;
  for (const auto& input : group.files) inputs.push_back(open_day_file(folder_, input));
  SeriesMerge merge;
  std::vector<DayFile::Chunk> chunks;
  for (const auto id : series) {
    chunks.clear();
    for (auto& input : inputs)
      for (auto& chunk : input.chunks(id, INT64_MIN / 2, INT64_MAX / 2)) chunks.push_back(std::move(chunk));
    const auto damaged = merge.merge(id, chunks);
    rollups.put(id, merge.readings(), damaged);
  }
  fail_point("rollup-refresh");
  rollups.commit();
}

}  // namespace telltale::store

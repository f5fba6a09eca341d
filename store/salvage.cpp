#include "store/salvage.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "proto/quantity_text.hpp"
#include "store/day.hpp"
#include "store/day_close.hpp"
#include "store/day_file.hpp"
#include "store/day_remains.hpp"
#include "store/disk.hpp"
#include "store/fail_point.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

void check(int error, const fs::path& path) {
  if (error != 0) throw StoreFailure(path.string() + ": " + std::strerror(error));
}

using Ledger = std::map<std::uint64_t, DayFile::LedgerEntry>;

DayFile::LedgerEntry empty_entry(std::uint64_t generation) { return {generation, 0, INT64_MAX, INT64_MIN, 0, 0}; }

std::map<SeriesId, DayFile::Name> whole_names(const DayRemains& remains, Catalog& catalog) {
  std::map<SeriesId, DayFile::Name> out;
  for (const auto& name : remains.names()) out.emplace(name.series, name);
  DirectoryBuilder directory;
  catalog.load(directory);
  for (const auto& series : directory.directory().series)
    if (const auto* device = directory.device(series.device))
      out.emplace(series.id,
                  DayFile::Name{series.id, device->tenant, device->site, device->device, series.metric, series.unit});
  return out;
}

/// Into a closed file: chunks as they were, in their order; each series' pieces numbered anew.
void rebuild_closed(DayRemains& remains, Catalog& catalog, const fs::path& part, SalvageResult& result) {
  auto output = DayFile::build(part);
  DayFile::Build build(output);
  Ledger ledger;
  for (const auto& entry : remains.ledger()) ledger.emplace(entry.generation, entry);
  Ledger unlisted;  // a damaged page may have taken entries of generations that have chunks still
  auto names = whole_names(remains, catalog);
  DayRemains::Found found;
  auto series = SeriesId::none;
  unsigned piece = 0;
  while (remains.next(found)) {
    if (found.series != series) {
      series = found.series;
      piece = 0;
      if (const auto name = names.find(series); name != names.end()) build.name(name->second);
    }
    build.add(series, piece++, found.chunk.generation, found.points);
    if (!ledger.contains(found.chunk.generation)) {
      auto& entry = unlisted.try_emplace(found.chunk.generation, empty_entry(found.chunk.generation)).first->second;
      entry.t_min = std::min(entry.t_min, found.chunk.header.t_min);
      entry.t_max = std::max(entry.t_max, found.chunk.header.t_max);
      entry.readings += found.chunk.header.n;
      ++entry.chunks;
    }
    ++result.chunks;
    result.readings += found.chunk.header.n;
  }
  ledger.merge(unlisted);
  std::int64_t order = 0;
  for (auto& [generation, entry] : ledger) {
    entry.order = order++;
    build.enter(entry);
  }
  build.commit();
}

/// Into an open file: sealed again, one generation after the other in the order of the old file.
void rebuild_open(DayRemains& remains, Catalog& catalog, DayFile& output, SalvageResult& result) {
  const auto names = whole_names(remains, catalog);
  const auto name_of = [&](DayFile::Seal& seal, SeriesId series) {
    const auto found = names.find(series);
    if (found == names.end()) return;
    const auto& name = found->second;
    seal.name({DeviceKey::none, name.tenant, name.site, name.device, {}},
              {series, DeviceKey::none, name.metric, name.unit});
  };
  DayRemains::Found found;
  bool more = remains.next(found);
  while (more) {
    const auto generation = found.chunk.generation;
    if (output.has(generation)) {  // its key says another generation: damaged columns
      more = remains.next(found);
      continue;
    }
    DayFile::Seal seal(output, generation);
    auto series = SeriesId::none;
    unsigned hour = 0;
    unsigned piece = 0;
    for (; more && found.chunk.generation == generation; more = remains.next(found)) {
      const auto hour_now =
          static_cast<unsigned>(hour_of(found.chunk.header.t_min) - day_of(found.chunk.header.t_min) * 24);
      if (found.series != series || hour_now != hour) piece = 0;
      series = found.series;
      hour = hour_now;
      name_of(seal, series);
      seal.add(series, hour, piece++, found.points);
      ++result.chunks;
      result.readings += found.chunk.header.n;
    }
    seal.commit();
  }
  // Of which nothing is left: they are not to be sealed again.
  for (const auto& entry : remains.ledger())
    if (!output.has(entry.generation)) DayFile::Seal(output, entry.generation).commit();
}

class Salvage {
 public:
  Salvage(const fs::path& folder, Catalog& catalog, Logger& log)
      : days_(folder / "day"), catalog_(catalog), log_(log) {}

  SalvageResult run(const Catalog::DayFile& file) {
    const auto group = day_group(catalog_, file.day, file.klass);
    const auto rev = group.next_rev();
    // A day's closed file must come before its open one: when it gets a new revision, the open one gets a later first.
    if (file.closed && fs::exists(days_ / file.name) && group.open() != nullptr) rewrite(*group.open(), rev + 1);
    return rewrite(file, rev);
  }

 private:
  SalvageResult rewrite(const Catalog::DayFile& file, std::uint32_t rev) {
    SalvageResult result;
    const auto path = days_ / file.name;
    const bool there = fs::exists(path);
    if (there || !file.closed) result.fresh = make(file, rev, there, result);
    fail_point("salvage-before-switch");
    catalog_.replace_damaged_day_file(file, result.fresh);
    fail_point("salvage-after-switch");
    if (there) result.aside = set_day_file_aside(path);
    check(disk_.sync_directory(days_), days_);
    tell(path, result);
    return result;
  }

  void tell(const fs::path& path, const SalvageResult& result) {
    std::string text = path.string() + ": ";
    text += result.aside.empty() ? "was not there" : proto::counted(result.readings, "reading") + " saved";
    text += result.fresh ? " into " + result.fresh->name : "; the day goes on without it";
    if (result.damaged_chunks > 0) text += ", " + proto::counted(result.damaged_chunks, "damaged chunk") + " left out";
    if (!result.aside.empty()) text += "; the old file is " + result.aside.string();
    log_.error("store", text);
  }

  Catalog::DayFile make(const Catalog::DayFile& file, std::uint32_t rev, bool there, SalvageResult& result) {
    const Catalog::DayFile fresh{file.day, file.klass, rev, to_string(DayFileName{file.day, file.klass, rev}),
                                 file.closed};
    const auto path = days_ / fresh.name;
    remove_day_file(path);  // of a salvage that was killed
    std::optional<DayRemains> remains;
    if (there) remains.emplace(days_ / file.name);
    if (file.closed) {
      const fs::path part = path.string() + ".part";
      fs::remove(part);
      rebuild_closed(*remains, catalog_, part, result);
      const Fd fd(::open(part.c_str(), O_RDWR | O_CLOEXEC));
      check(fd ? disk_.sync(fd.get()) : errno, part);
      fail_point("salvage-before-rename");
      fs::rename(part, path);
    } else {
      auto output = DayFile::open(path);
      if (remains) rebuild_open(*remains, catalog_, output, result);
    }
    if (remains) result.damaged_chunks = remains->damaged();
    check(disk_.sync_directory(days_), days_);
    return fresh;
  }

  fs::path days_;
  Catalog& catalog_;
  Logger& log_;
  Disk disk_;
};

}  // namespace

SalvageResult salvage_day(const fs::path& folder, Catalog& catalog, const Catalog::DayFile& file, Logger& log) {
  return Salvage(folder, catalog, log).run(file);
}

}  // namespace telltale::store

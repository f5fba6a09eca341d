#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "proto/log.hpp"
#include "store/catalog.hpp"
#include "store/day_file.hpp"
#include "store/disk.hpp"

namespace telltale::store {

/// The files of one day and class: what the manifest has of them.
struct DayGroup {
  std::int64_t day = 0;
  std::string klass;
  std::vector<Catalog::DayFile> files;  // by revision: the closed one, if any, before the open one

  [[nodiscard]] const Catalog::DayFile* closed() const;
  [[nodiscard]] const Catalog::DayFile* open() const;
  [[nodiscard]] std::uint32_t next_rev() const;
};
/// By day and class. Precondition: files as Catalog::day_files gives them.
[[nodiscard]] std::vector<DayGroup> group_days(const std::vector<Catalog::DayFile>& files);
[[nodiscard]] DayGroup day_group(Catalog& catalog, std::int64_t day, const std::string& klass);

/// With its -wal and -shm, after it: whoever finds it there after opening it has opened it whole.
void remove_day_file(const std::filesystem::path& file);
/// Moves it, with its -wal, to damaged/ beside it under a name that is free; the -wal leaves its place last, as above.
/// Returns the new path.
std::filesystem::path set_day_file_aside(const std::filesystem::path& file);

/// An open file that the manifest has: not made anew when somebody took it away, which would pass for a whole day.
[[nodiscard]] DayFile open_for_sealing(const std::filesystem::path& file);

/// Rewrites days that are over, series first, and keeps the rollups. Each step may be killed anywhere and repeated:
/// nobody reads the new file before the manifest names it, and rollup rows are replaced, never added to.
/// Threads: the seal thread's (sealing and closing a day exclude each other by that). Errors: StoreFailure.
class DayClose {
 public:
  DayClose(std::filesystem::path folder, Catalog& catalog, proto::Logger& log);

  /// Merges the group's files into one closed revision and replaces the day's rollups. Returns how many damaged chunks
  /// had to be left out; the files that held them are kept in day/damaged/.
  std::size_t close(const DayGroup& group);

  /// Replaces the rollups alone, of all series or of some, from the group's files as they are now.
  void roll_up(const DayGroup& group);
  void roll_up(const DayGroup& group, const std::vector<proto::SeriesId>& series);

  /// More than a tenth of the day came after it was closed.
  [[nodiscard]] bool late_pieces_are_many(const DayGroup& group) const;

 private:
  std::filesystem::path folder_;
  Catalog& catalog_;
  proto::Logger& log_;
  Disk disk_;
};

}  // namespace telltale::store

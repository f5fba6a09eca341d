#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "store/day_close.hpp"
#include "store/directory_builder.hpp"
#include "store/verify.hpp"

namespace telltale::store {

/// What the parts of verify() share: where they look, what they know, whom they tell.
struct Verification {
  Verification(std::filesystem::path where, const std::function<void(const Problem&)>& whom)
      : folder(std::move(where)), tell(whom) {}

  std::filesystem::path folder;
  const std::function<void(const Problem&)>& tell;
  Verified result;
  DirectoryBuilder names;
  Removed gone;  // what was removed and must not be in any file any more; what is on its way out is only in names

  void report(const std::filesystem::path& file, std::string place, std::string lost);
  /// "site1/esp32-7 temperature" as the catalog has it, "series 7" when it does not.
  [[nodiscard]] std::string name_of(proto::SeriesId series) const;
  /// Removed: true, and a problem if it should have left the files by now.
  bool removed(const std::filesystem::path& file, proto::SeriesId series);

 private:
  std::set<std::pair<std::filesystem::path, proto::SeriesId>> told_;
};

/// "2025-11-21T04:40:00Z to 2025-11-21T05:39:59.999Z". Any numbers are safe.
[[nodiscard]] std::string time_span(std::int64_t first_ms, std::int64_t last_ms);

/// Highest batch that another file has seen, so that the log must hold it; and which file says so.
struct SeenUpto {
  std::uint64_t sequence = 0;
  std::string by;
};

/// Checks log/ and log/archive/. Returns the generations in log/.
std::set<std::uint64_t> verify_log(Verification& v, const SeenUpto& seen, std::uint64_t sealed_upto);

/// Pages, indexes and the write-ahead log of one database. `price` says what damage to it means. False when damaged.
bool verify_database(Verification& v, const std::filesystem::path& file, const std::string& price);
/// The write-ahead log beside a database.
bool verify_wal(Verification& v, const std::filesystem::path& database);

/// One day file that the manifest names. False when readings are damaged or missing.
bool verify_day_file(Verification& v, const Catalog::DayFile& file);

/// Rollup files by themselves, hours against days, and days whose readings lie in one closed file against those.
void verify_rollups(Verification& v, Catalog& catalog, const std::vector<DayGroup>& groups);

}  // namespace telltale::store

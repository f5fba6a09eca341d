#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "store/catalog.hpp"
#include "store/chunk_cache.hpp"
#include "store/day_file.hpp"
#include "store/latest_table.hpp"
#include "store/log_tail.hpp"
#include "store/open_files.hpp"
#include "store/query.hpp"
#include "store/rollup.hpp"
#include "store/sqlite.hpp"

namespace telltale::store {

/// A file went between reading the manifest and opening it: look again.
struct Vanished {
  std::string file;
};

struct OpenDayFile {
  std::shared_ptr<DayFile> file;
  std::string name;  // below day/
  std::shared_ptr<Transaction> snapshot = nullptr;
};

/// A data folder as one reader sees it: the unsealed log, the catalog's manifest, and files kept open.
/// refresh() takes in what was committed since, in the order that leaves no gap: segments first, then the catalog.
/// Threads: one at a time. Errors: StoreFailure; Vanished.
class ReadView {
 public:
  ReadView(std::filesystem::path folder, const ReaderOptions& options);

  void refresh();
  /// The next refresh() reads the list of files again, though the catalog has not changed: after Vanished.
  void look_again() noexcept { version_ = -1; }

  struct File : Catalog::DayFile {
    std::int64_t written = 0;  // of a closed one: when, as the file system counts. A name may come again, this does not
  };
  struct Day {
    std::int64_t day;
    std::vector<File> files;
    bool rolled_up = true;  // the rollups hold what the files hold: all was closed, no rollup file is lost
    [[nodiscard]] bool has(const std::string& klass) const;
  };
  /// By day.
  [[nodiscard]] const std::vector<Day>& days() const noexcept { return days_; }
  [[nodiscard]] const Day* day(std::int64_t day) const;
  [[nodiscard]] OpenDayFile open(const Catalog::DayFile& file);
  /// For a few reads in a row, all of one state. Not to be held for long: the writer's checkpoints wait for it.
  [[nodiscard]] OpenDayFile open_for_reads(const Catalog::DayFile& file);
  /// Rollup files that may have rows in [from, to), by month and class.
  struct OpenRollup {
    std::shared_ptr<RollupFile> file;
    std::string klass;
  };
  [[nodiscard]] std::vector<OpenRollup> rollups(RollupStep step, std::int64_t from, std::int64_t to);

  /// Nothing of these may be shown: they are in the files until these are written anew.
  [[nodiscard]] const Removed& removed() const noexcept { return removed_; }
  [[nodiscard]] LogTail& log() noexcept { return log_; }
  [[nodiscard]] Catalog& catalog() noexcept { return catalog_; }
  /// Of every sealed series that is not removed, ascending.
  [[nodiscard]] LatestTable sealed_latest();
  /// See Reader::revision(), latest_revision(), directory_revision().
  [[nodiscard]] std::string revision(std::int64_t from, std::int64_t to, std::span<const proto::SeriesId> series);
  [[nodiscard]] std::string latest_revision(std::span<const proto::SeriesId> series);
  [[nodiscard]] std::string directory_revision();
  /// To be asked wherever an answer may take long. Throws Interrupted.
  void check_stop() const {
    if (stop_.stop_requested()) throw Interrupted();
  }
  /// Null: none.
  [[nodiscard]] ChunkCache* decoded() const noexcept { return decoded_.get(); }
  /// Another value: the catalog has changed.
  [[nodiscard]] std::int64_t catalog_version() const noexcept { return version_; }

 private:
  [[nodiscard]] std::int64_t data_version();
  void read_manifest();
  void list_rollups();
  [[nodiscard]] bool has_rollups(const Catalog::DayFile& file) const;
  [[nodiscard]] std::string seal_revision() const;

  std::filesystem::path folder_;
  LogTail log_;
  Catalog catalog_;
  Database beside_;  // of the catalog: what is asked at every call
  Statement data_version_;
  Statement is_sealed_;
  Statement all_latest_;
  std::int64_t version_ = -1;
  Removed removed_;
  std::size_t removed_in_catalog_ = 0, removed_in_log_ = 0;
  std::vector<Day> days_;
  Catalog::SealMark sealed_;
  std::vector<RollupFileName> rollup_names_;
  std::set<std::string> incomplete_rollups_;
  OpenFiles<DayFile> day_files_;
  OpenFiles<RollupFile> rollup_files_;
  std::shared_ptr<ChunkCache> decoded_;
  std::stop_token stop_;
};

}  // namespace telltale::store

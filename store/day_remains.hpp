#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "store/day_file.hpp"
#include "store/sqlite_pages.hpp"

namespace telltale::store {

/// What can still be read of a day file, sound or not: its rows taken page by page, without the tree above them. A
/// page that is damaged costs its own rows and those that go on in it. Chunks count only when their sum is right.
/// Threads: one. Errors: StoreFailure for I/O errors. Cost: reads the whole file at once, then each chunk once more.
class DayRemains {
 public:
  explicit DayRemains(const std::filesystem::path& file);

  /// By generation.
  [[nodiscard]] const std::vector<DayFile::LedgerEntry>& ledger() const noexcept { return ledger_; }
  [[nodiscard]] const std::vector<DayFile::Name>& names() const noexcept { return names_; }

  struct Found {
    proto::SeriesId series = proto::SeriesId::none;
    DayFile::Chunk chunk;
    ChunkPoints points;  // of the chunk, decoded
  };
  /// The next chunk in the order of keys. False at the end.
  [[nodiscard]] bool next(Found& found);
  /// Chunks met by next() whose sum or shape is wrong.
  [[nodiscard]] std::uint64_t damaged() const noexcept { return damaged_; }

 private:
  struct Place {
    std::int64_t id;
    std::uint32_t page, cell;
    bool marked;  // on a page that says it is a leaf
  };
  void take_small_row(const SqlitePages::Row& row);
  [[nodiscard]] bool read(const Place& place, Found& found);

  SqlitePages pages_;
  std::vector<DayFile::LedgerEntry> ledger_;
  std::vector<DayFile::Name> names_;
  std::vector<Place> places_;
  std::size_t at_ = 0;
  std::uint64_t damaged_ = 0;
};

}  // namespace telltale::store

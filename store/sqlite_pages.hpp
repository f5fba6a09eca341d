#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/disk.hpp"

namespace telltale::store {

/// The frames of a write-ahead log beside a SQLite database (file format: sqlite.org/fileformat2.html#walformat).
struct WalFrames {
  std::uint32_t page_size = 0;  // 0 = no intact header, or no WAL
  struct Frame {
    std::uint32_t page;
    std::uint64_t offset;  // of the page's bytes in the WAL
    bool commit;           // ends a transaction
    bool intact;           // its sum is right, counted on from what the frame before it says
  };
  std::vector<Frame> frames;  // of the present salt
  bool header_damaged = false;

  /// The frame behind which SQLite does not look although a good commit follows: the rest is lost to it.
  [[nodiscard]] std::optional<std::size_t> first_damaged() const;
};
/// Beside a writer, too: frames half written are at the end. Errors: StoreFailure for I/O errors.
[[nodiscard]] WalFrames read_wal(const std::filesystem::path& wal);

/// The pages of a SQLite database read without SQLite, so that one bad page costs no other: the file, and over it what
/// its write-ahead log holds. Errors: StoreFailure for I/O errors.
class SqlitePages {
 public:
  explicit SqlitePages(const std::filesystem::path& database);

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  /// Pages are numbered from 1. Valid until the next call; empty when there is no such page.
  [[nodiscard]] std::string_view page(std::uint32_t number);

  /// A cell of a table's leaf page.
  struct Row {
    std::int64_t rowid = 0;
    std::string record;
  };
  /// Where the cells of a leaf begin, or of any page as if it were one. Any bytes are safe.
  enum class Trust : std::uint8_t { marked_leaves, any_page };
  [[nodiscard]] std::vector<std::uint32_t> cells(std::uint32_t page, Trust trust);
  /// Nothing when the bytes cannot be a cell.
  [[nodiscard]] std::optional<Row> row(std::uint32_t page, std::uint32_t cell);
  /// Without following overflow pages.
  [[nodiscard]] std::optional<std::int64_t> rowid(std::uint32_t page, std::uint32_t cell);

 private:
  Fd file_, wal_;
  std::string name_;
  std::uint32_t page_size_ = 4096;
  std::uint32_t count_ = 0;
  std::map<std::uint32_t, std::uint64_t> in_wal_;
  std::string buffer_;
};

/// The columns of a record (sqlite.org/fileformat2.html#record_format).
struct RecordColumn {
  enum class Kind : std::uint8_t { null, integer, real, text, blob };
  Kind kind = Kind::null;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view bytes;  // text, blob; in the record
};
/// Nothing when the bytes are no record. Any bytes are safe.
[[nodiscard]] std::optional<std::vector<RecordColumn>> record_columns(std::string_view record);

}  // namespace telltale::store

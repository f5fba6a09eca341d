#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "proto/reading.hpp"
#include "store/chunk_codec.hpp"
#include "store/directory_builder.hpp"
#include "store/sqlite.hpp"

namespace telltale::store {

/// day/<yyyymmdd>-raw-<rev>.db: the chunks of one UTC day and the ledger of the generations that are in it.
class DayFile {
 public:
  static DayFile open(const std::filesystem::path& file);            // made or migrated
  static DayFile open_read_only(const std::filesystem::path& file);  // throws DatabaseError

  [[nodiscard]] bool has(std::uint64_t generation);

  /// Writes one generation: chunks in key order (hour, series, piece), then its ledger entry. All or nothing.
  class Seal {
   public:
    Seal(DayFile& file, std::uint64_t generation);
    void name(const DeviceEntry& device, const SeriesEntry& series);
    void add(proto::SeriesId series, unsigned hour_of_day, unsigned piece, const ChunkPoints& points);
    void commit();

   private:
    Transaction transaction_;
    Statement insert_;
    Statement name_;
    Statement ledger_;
    std::uint64_t generation_;
    std::int64_t order_;
    std::int64_t t_min_ = INT64_MAX, t_max_ = INT64_MIN;
    std::uint64_t rows_ = 0, chunks_ = 0;
  };

  struct Chunk {
    std::uint64_t generation = 0;
    ChunkHeader header;
    proto::ValueType type = proto::ValueType::number;
    std::string data;
  };
  /// One series' chunks that touch [from, to), in the order of sealing. With data only when asked.
  [[nodiscard]] std::vector<Chunk> chunks(proto::SeriesId series, std::int64_t from, std::int64_t to);
  [[nodiscard]] std::vector<std::uint64_t> generations();

  /// One consistent state for several reads.
  [[nodiscard]] Transaction snapshot() { return Transaction(database_, Transaction::Kind::read); }

 private:
  explicit DayFile(Database database) : database_(std::move(database)) {}
  Database database_;
};

}  // namespace telltale::store

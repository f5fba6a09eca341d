#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/reading.hpp"
#include "store/chunk_codec.hpp"
#include "store/directory_builder.hpp"
#include "store/sqlite.hpp"

namespace telltale::store {

/// day/<yyyymmdd>-<class>-<rev>.db: chunks of one UTC day and the ledger of the generations that are in it.
/// An open file is appended to by one seal after another; a closed one is written once, series first, and never again.
/// Threads: one at a time. Errors: DatabaseError.
class DayFile {
 public:
  static DayFile open(const std::filesystem::path& file);            // an open one, made or migrated
  static DayFile open_read_only(const std::filesystem::path& file);  // beside its writer
  static DayFile open_closed(const std::filesystem::path& file);     // takes no locks
  /// A new closed one. Nothing is durable: the caller syncs the file after Build::commit() and the end of this object.
  static DayFile build(const std::filesystem::path& file);

  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] bool has(std::uint64_t generation);

  struct LedgerEntry {
    std::uint64_t generation;
    std::int64_t order;         // place among the seals of this file
    std::int64_t t_min, t_max;  // ms
    std::uint64_t readings, chunks;
  };
  [[nodiscard]] std::vector<LedgerEntry> ledger();
  [[nodiscard]] std::vector<std::uint64_t> generations();

  struct Name {
    proto::SeriesId series;
    std::string tenant, site, device, metric, unit;
  };
  [[nodiscard]] std::vector<Name> names();
  /// It has the series' name or a chunk of it (which of an open file goes without saying: each chunk came with the
  /// name).
  [[nodiscard]] bool mentions(proto::SeriesId series);

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
    LedgerEntry entry_;
  };

  /// Writes a closed file: chunks by series and piece, names, and the ledgers of the files that it replaces.
  class Build {
   public:
    explicit Build(DayFile& file);
    void add(proto::SeriesId series, unsigned piece, std::uint64_t generation, const ChunkPoints& points);
    void name(const Name& name);
    void enter(const LedgerEntry& entry);  // once per generation
    void commit();

   private:
    Transaction transaction_;
    Statement insert_;
    Statement name_;
    Statement ledger_;
  };

  /// A chunk without its data. `generation` is the newest that it has readings of: where pieces hold the same time, the
  /// one of the later generation counts.
  struct Head {
    std::int64_t id = 0;
    std::uint64_t generation = 0;
    ChunkHeader header;
    proto::ValueType type = proto::ValueType::number;
  };
  struct Chunk : Head {
    std::string data;
  };
  /// One series' chunks that touch [from, to), in the order of generations.
  [[nodiscard]] std::vector<Head> heads(proto::SeriesId series, std::int64_t from, std::int64_t to);
  [[nodiscard]] std::vector<Chunk> chunks(proto::SeriesId series, std::int64_t from, std::int64_t to);
  [[nodiscard]] std::string data(std::int64_t id);
  /// Those of all series, in the order of the file.
  void each_head(std::int64_t from, std::int64_t to, const std::function<void(proto::SeriesId, const Head&)>& visit);

  /// A walk over a part of the file whose chunks are ascending by series.
  class Run {
   public:
    Run(DayFile& file, std::int64_t first_id, std::int64_t last_id);
    [[nodiscard]] bool next();  // to the next chunk
    [[nodiscard]] proto::SeriesId series() const;
    [[nodiscard]] Chunk chunk() const;

   private:
    Statement select_;
    Statement::Rows rows_;
  };
  /// Together they hold every chunk. Cost: a statement each, one per hour and seal of an open file.
  [[nodiscard]] std::vector<std::unique_ptr<Run>> runs();

  /// What a chunk's key says. A sound file's keys follow from what its chunks hold: that is how readers find them.
  /// Pieces of one place are numbered from 0 without a gap.
  struct Key {
    std::int64_t order = 0;  // of an open file: the generation's place in the ledger
    unsigned hour = 0;       // of an open file: of the day
    std::uint32_t series = 0;
    unsigned piece = 0;
  };
  [[nodiscard]] static Key key_of(std::int64_t id, bool closed) noexcept;

  /// One consistent state for several reads.
  [[nodiscard]] Transaction snapshot() { return Transaction(database_, Transaction::Kind::read); }
  /// The same where there is none yet and locks are taken: reads beside the writer then share one lock. Else null.
  [[nodiscard]] std::shared_ptr<Transaction> snapshot_if_locked() {
    return closed_ ? nullptr : snapshot_if_none(database_);
  }
  void checkpoint() { database_.checkpoint(); }
  /// What `pragma quick_check` complains of; nothing when the pages are sound.
  [[nodiscard]] std::optional<std::string> quick_check() { return database_.quick_check(); }

 private:
  DayFile(Database database, bool closed) : database_(std::move(database)), closed_(closed) {}
  struct IdRange {
    std::int64_t first, last;
  };
  [[nodiscard]] std::vector<IdRange> ranges(proto::SeriesId series, std::int64_t from, std::int64_t to);

  Database database_;
  bool closed_;
  KeptStatement ledger_of_range_, heads_of_range_, chunks_of_range_, data_of_chunk_;
};

}  // namespace telltale::store

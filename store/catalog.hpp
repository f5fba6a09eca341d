#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "proto/batch.hpp"
#include "store/directory_builder.hpp"
#include "store/query.hpp"
#include "store/sqlite.hpp"

namespace telltale::store {

/// catalog.db: what exists, what was last, what was refused, and which files hold the rest. Written by the seal thread;
/// only generation_mark has another writer (see Generations).
class Catalog {
 public:
  static constexpr const char* file_name = "catalog.db";
  static Catalog open(const std::filesystem::path& folder);            // made or migrated
  static Catalog open_read_only(const std::filesystem::path& folder);  // throws when it is no data folder

  struct Latest {
    Row row;
    std::uint64_t generation;
  };
  struct Letter {
    std::uint64_t sequence;  // of its batch
    std::uint32_t index;     // among the batch's events
    Timestamp at;
    proto::DeadLetter letter;
  };
  struct DayFile {
    std::int64_t day;  // days since 1970-01-01
    std::string klass;
    std::uint32_t rev;
    std::string name;  // below day/
    bool closed;       // written once, series first; else open for seals
    friend bool operator==(const DayFile&, const DayFile&) = default;
  };
  /// Everything a sealed segment leaves here, in one transaction.
  struct Sealed {
    std::uint64_t generation = 0, first_sequence = 0, last_sequence = 0, readings = 0;
    std::int64_t sealed_at_ms = 0;
    std::vector<proto::Event> directory;  // NewDevice, NewSeries, SeriesUnit, DeviceTags in order
    struct SeriesFacts {
      proto::SeriesId id;
      Row latest;
      std::int64_t last_stamp_ms;  // 0 = none
    };
    std::vector<SeriesFacts> series;
    std::vector<Letter> letters;
    std::vector<Removal> removals;  // of what is above, and of what was there before
    std::vector<DayFile> files;
  };
  /// Repeating it changes nothing. Returns how many dead letters had to go to stay within `dead_letter_bytes`.
  std::uint64_t record(const Sealed& sealed, std::uint64_t dead_letter_bytes);
  [[nodiscard]] bool is_sealed(std::uint64_t generation);
  /// Another one after each seal.
  struct SealMark {
    std::uint64_t seals = 0, last_generation = 0;
  };
  [[nodiscard]] SealMark seal_mark();

  void load(DirectoryBuilder& directory);
  [[nodiscard]] std::optional<Latest> latest(proto::SeriesId series);
  /// Without those of `removals`, which are later than all of them.
  [[nodiscard]] std::vector<Reader::DeadLetterRow> dead_letters(std::size_t limit,
                                                                const std::vector<Removal>& removals = {});
  /// All that was ever removed. Cost: nothing while nothing was added.
  [[nodiscard]] const Removed& removed();
  /// Removals at or before `upto` whose readings have not left all files yet.
  struct PendingRemoval {
    std::int64_t id;
    std::vector<proto::SeriesId> series;
    friend bool operator==(const PendingRemoval&, const PendingRemoval&) = default;
  };
  [[nodiscard]] std::vector<PendingRemoval> pending_removals(Timestamp upto);
  [[nodiscard]] Removed removed_for_good();  // those that are not pending
  void removals_done(const std::vector<std::int64_t>& ids, Timestamp at);
  /// The manifest: by day, class and revision. Of one day and class at most one file is closed and at most one is open.
  [[nodiscard]] std::vector<DayFile> day_files(std::int64_t first_day, std::int64_t last_day);
  /// `added` takes the place of all files of its day and class, in one transaction.
  void switch_day_file(const DayFile& added);
  void forget_day(std::int64_t day, const std::string& klass);
  /// The day is known from then on to have lost readings.
  void replace_damaged_day_file(const DayFile& file, const std::optional<DayFile>& with);
  void note_lost_readings(std::int64_t day, const std::string& klass);
  [[nodiscard]] bool has_lost_readings(std::int64_t day, const std::string& klass);

  /// The rollup files there have to be: one that was taken away would pass for a month without readings.
  struct RollupEntry {
    std::string name;  // below rollup/
    bool complete;     // false: it was lost, and not all of it is made again yet
  };
  [[nodiscard]] std::vector<RollupEntry> rollup_files();
  [[nodiscard]] std::optional<RollupEntry> rollup_file(const std::string& name);
  void put_rollup_file(const RollupEntry& entry);
  void forget_rollup_file(const std::string& name);
  [[nodiscard]] std::uint64_t last_sequence();  // of all sealed generations
  [[nodiscard]] std::uint64_t last_generation();

 private:
  explicit Catalog(Database database) : database_(std::move(database)) {}
  void put_directory(const std::vector<proto::Event>& events);
  void put_series(const Sealed& sealed);
  void put_day_files(const std::vector<DayFile>& files);
  void put_letters(const std::vector<Letter>& letters);
  void put_removals(const std::vector<Removal>& removals);
  std::uint64_t bound_letters(std::uint64_t most_bytes);

  Database database_;
  KeptStatement latest_of_series_;
  Removed removed_;
  std::int64_t removed_upto_ = 0;  // the newest removal in it
};

/// A dead letter's or removal's number: by batch and place, so that sealing twice gives the same row.
[[nodiscard]] constexpr std::int64_t letter_id(std::uint64_t sequence, std::uint32_t index) noexcept {
  return static_cast<std::int64_t>((sequence << 20) | (index & 0xFFFFF));
}

/// Hands out generation numbers that never come back: their high-water mark is committed before a number is used.
/// Numbers are taken in blocks, so that a rotation seldom waits for the catalog. Threads: the writer's.
class Generations {
 public:
  /// `least`: every generation seen anywhere is below it.
  Generations(const std::filesystem::path& folder, std::uint64_t least);
  [[nodiscard]] std::uint64_t next();  // throws DatabaseError

 private:
  Database database_;
  std::uint64_t next_ = 0;
  std::uint64_t mark_ = 0;  // numbers below it are taken
};

}  // namespace telltale::store

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <random>

#include "store/day.hpp"
#include "store/folder_lock.hpp"
#include "store/sqlite.hpp"
#include "tests/store/settling.hpp"

using namespace telltale;
using namespace telltale::test;
namespace fs = std::filesystem;

namespace {

/// A small file system of its own; absent where mounting is not permitted.
class SmallDisk {
 public:
  SmallDisk(const fs::path& folder, const char* options) : folder_(folder) {
    fs::create_directories(folder);
    mounted_ = ::mount("none", folder.c_str(), "tmpfs", 0, options) == 0;
    if (!mounted_) std::cout << "SKIPPED: cannot mount a tmpfs: " << std::strerror(errno) << '\n';
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }
  void make_read_only() { REQUIRE(::mount("none", folder_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0); }

 private:
  fs::path folder_;
  bool mounted_ = false;
};

/// 10,000 readings that do not compress well.
std::shared_ptr<proto::Batch> big_batch(int i, std::int64_t from_ms = start_ms) {
  std::mt19937 random(static_cast<unsigned>(i));
  auto batch = batch_of({});
  for (int k = 0; k < 10'000; ++k)
    batch->readings.push_back(number(1, from_ms + i * 100'000 + k, static_cast<double>(random()) / 1000));
  return batch;
}

/// Fills the disk but for so many bytes. Returns the file to remove.
fs::path fill(const World& world, std::uintmax_t left_bytes) {
  const auto ballast = world.options.path / "ballast";
  {
    std::ofstream out(ballast, std::ios::binary);
    while (out << std::string(4096, 'x') << std::flush) {
    }
  }
  fs::resize_file(ballast, fs::file_size(ballast) - left_bytes);
  return ballast;
}

}  // namespace

TEST_CASE("a second service on the same folder is refused by name", "[store]") {
  World world;
  const auto store = world.open();
  CHECK_THROWS_WITH(world.open(), Catch::Contains("in use by another telltale") && Catch::Contains("process"));
}

TEST_CASE("a folder whose holder is just ending is waited for, and who waits says so", "[store]") {
  const TemporaryFolder folder;
  std::optional<store::FolderLock> ending(folder.path());
  std::string said;
  const auto waiting = [&](const std::string& who) {
    said += who;
    ending.reset();
  };
  CHECK_NOTHROW(store::FolderLock(folder.path(), Millis{5000}, waiting));
  CHECK(said ==
        folder.path().string() + ": is in use by another telltale (process " + std::to_string(::getpid()) + ")");
}

TEST_CASE("a folder that is in use for longer than the wait is refused", "[store]") {
  const TemporaryFolder folder;
  const store::FolderLock held(folder.path());
  int told = 0;
  CHECK_THROWS_WITH(store::FolderLock(folder.path(), Millis{100}, [&](const std::string&) { ++told; }),
                    Catch::Contains("in use by another telltale"));
  CHECK(told == 1);
}

TEST_CASE("the lock goes with its holder", "[store]") {
  World world;
  { const auto store = world.open(); }
  CHECK_NOTHROW(world.open());
}

TEST_CASE("what is no data folder is named as such", "[store]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(store::Reader(folder.path()), Catch::Contains("no data folder"));
}

TEST_CASE("a catalog of a newer program is left alone", "[store]") {
  World world;
  { const auto store = world.open(); }
  store::Database(world.options.path / "catalog.db", store::Database::Mode::full).exec("pragma user_version=999");
  CHECK_THROWS_AS(world.open(), store::StoreFailure);
  CHECK_THROWS_AS(world.reader(), store::StoreFailure);
}

TEST_CASE("a lost catalog is not replaced by an empty one, which would give old numbers to new series", "[store]") {
  World world;
  {
    auto store = world.open();
    REQUIRE(store.append(batch_of({number(1, start_ms, 1)})));
    REQUIRE(store.rotate());
    REQUIRE(eventually([&] { return world.files_in("day") == 1; }));
  }
  fs::remove(world.options.path / "catalog.db");
  CHECK_THROWS_WITH(world.open(), Catch::Contains("catalog.db: is missing"));
}

TEST_CASE("a catalog from a backup does not bring generation numbers back", "[store]") {
  World world;
  { const auto store = world.open(); }
  const auto catalog = world.options.path / "catalog.db";
  const auto backup = world.folder.path() / "backup.db";
  fs::copy_file(catalog, backup);
  const auto round = [&](int i) {
    auto store = world.open();
    const auto position = store.append(batch_of({number(1, start_ms + i, i)}));
    REQUIRE(position);
    REQUIRE(store.rotate());
    REQUIRE(store.append(batch_of({})));
    store.checkpointed(*position);
    REQUIRE(eventually([&] { return world.files_in("log") == 1; }));
    return *position;
  };
  const auto before = round(0);
  fs::copy_file(backup, catalog, fs::copy_options::overwrite_existing);
  for (const auto& entry : fs::directory_iterator(world.options.path / "log")) fs::remove(entry.path());
  CHECK(round(1).generation > before.generation);
}

TEST_CASE("write-ahead logs stay small however often they are written and read", "[store][lesson-21]") {
  World world;
  auto store = world.open();
  const auto reader = world.reader();
  proto::LogPosition position;
  for (int i = 0; i < 30; ++i) {
    auto batch = big_batch(i);
    for (int k = 0; k < 200; ++k)
      batch->add(proto::DeadLetter{proto::DeadLetterReason::bad_json, "t", std::to_string(k), 2, "", device_1});
    const auto appended = store.append(batch);
    REQUIRE(appended);
    position = *appended;
    REQUIRE(store.rotate());
    CHECK(reader.rows(series_1, everything).size() == static_cast<std::size_t>(i + 1) * 10'000);
    CHECK(reader.dead_letters(10).size() == 10);
  }
  REQUIRE(store.append(batch_of({})));
  store.checkpointed(position);
  REQUIRE(eventually([&] { return world.files_in("log") == 1; }));
  for (const auto& entry : fs::recursive_directory_iterator(world.options.path)) {
    CAPTURE(entry.path());
    if (entry.path().string().ends_with("-wal")) CHECK(entry.file_size() < (8u << 20));
  }
}

TEST_CASE("free space below the reserve stops acknowledging, and its return is noticed", "[store][lesson-22]") {
  World world;
  world.options.reserve_bytes = UINT64_MAX;
  auto store = world.open();
  CHECK(store.disk_low());
  const auto batch = batch_of({number(1, start_ms, 1)});
  for (int i = 0; i < 3; ++i) CHECK(store.append(batch).error() == store::StoreError::disk_full);
  CHECK(world.log.count_containing("disk full") == 1);
  CHECK(world.metrics.value("telltale_storage_writes_total{result=\"disk_full\"}") == 3);
  CHECK(world.reader().rows(series_1, everything).empty());
}

TEST_CASE("a full disk refuses batches without losing any, and goes on when space returns", "[store][lesson-22]") {
  World world;
  const SmallDisk disk(world.options.path, "size=12m");
  if (!disk.mounted()) return;
  auto store = world.open();
  const auto ballast = world.options.path / "ballast";
  std::ofstream(ballast, std::ios::binary) << std::string(4u << 20, 'x');
  int accepted = 0;
  proto::LogPosition last;
  while (accepted < 1000) {
    const auto position = store.append(big_batch(accepted));
    if (!position) {
      CHECK(position.error() == store::StoreError::disk_full);
      break;
    }
    last = *position;
    ++accepted;
  }
  REQUIRE(accepted > 10);
  REQUIRE(accepted < 1000);
  CHECK(world.reader().rows(series_1, everything).size() == static_cast<std::size_t>(accepted) * 10'000);

  auto waiting = big_batch(accepted);
  for (int i = 0; i < 5; ++i) CHECK(store.append(waiting).error() == store::StoreError::disk_full);
  CHECK(world.log.count_containing("disk full") == 1);
  fs::remove(ballast);
  const auto position = store.append(waiting);
  REQUIRE(position);
  CHECK(position->sequence == last.sequence + 1);
  CHECK(world.log.count_containing("space is back") == 1);
  CHECK(world.reader().rows(series_1, everything).size() == static_cast<std::size_t>(accepted + 1) * 10'000);
}

TEST_CASE("a seal that meets a full disk waits, and is finished when space returns", "[store][lesson-22]") {
  World world;
  const SmallDisk disk(world.options.path, "size=12m");
  if (!disk.mounted()) return;
  auto store = world.open();
  constexpr int batches = 30;
  for (int i = 0; i < batches; ++i) REQUIRE(store.append(big_batch(i)));
  const auto ballast = fill(world, 256 * 1024);  // room for a new segment, not for the chunks
  REQUIRE(store.rotate());
  REQUIRE(eventually([&] { return world.log.count_containing("sealing waits") > 0; }));
  CHECK(world.reader().rows(series_1, everything).size() == batches * 10'000);
  fs::remove(ballast);
  REQUIRE(eventually([&] { return world.log.count_containing("sealing works again") > 0; }));
  CHECK(world.files_in("day") == 1);
  CHECK(world.reader().rows(series_1, everything).size() == batches * 10'000);
}

TEST_CASE("a day that cannot be closed on a full disk stays as it is, and is closed when space returns",
          "[store][lesson-22]") {
  World world;
  const SmallDisk disk(world.options.path, "size=12m");
  if (!disk.mounted()) return;
  constexpr int batches = 20;
  {
    auto store = world.open();
    for (int i = 0; i < batches; ++i) REQUIRE(store.append(big_batch(i)));
    REQUIRE(seal(world, store));
  }
  const auto ballast = fill(world, 256 * 1024);
  world.clock.step(Millis{2 * store::day_ms});
  auto store = world.open();
  REQUIRE(eventually([&] { return world.log.count_containing("closing days waits") > 0; }));
  CHECK(store.append(batch_of({number(2, to_ms(world.clock.now()), 1)})));
  CHECK(world.reader().rows(series_1, everything).size() == batches * 10'000);
  fs::remove(ballast);
  REQUIRE(eventually([&] {
    store.checkpointed({});
    return world.log.count_containing("closing days works again") > 0;
  }));
  CHECK(world.log.count_containing("closed: 200000 readings") == 1);
  CHECK(world.files_in("day") == 1);
  CHECK(world.reader().rows(series_1, everything).size() == batches * 10'000);
}

TEST_CASE("with early retention a full disk costs the oldest days down to the floor, never ingest",
          "[store][lesson-22]") {
  World world;
  const SmallDisk disk(world.options.path, "size=12m");
  if (!disk.mounted()) return;
  world.options.reserve_bytes = 1u << 20;
  {
    auto store = world.open();
    for (const int day : {5, 4, 1})
      for (int i = 0; i < 10; ++i) REQUIRE(store.append(big_batch(i, start_ms - day * store::day_ms)));
    REQUIRE(seal(world, store));
    REQUIRE(eventually([&] {
      store.checkpointed({});
      return world.log.count_containing("closed: 100000 readings") == 3;
    }));
  }
  const auto ballast = fill(world, 900 * 1024);
  {
    auto store = world.open();
    CHECK(store.append(big_batch(99)).error() == store::StoreError::disk_full);
  }
  world.options.early_retention_days = 2;
  auto store = world.open();
  auto waiting = big_batch(99);
  REQUIRE(eventually([&] { return store.append(waiting).has_value(); }));
  CHECK(world.log.count_containing("was removed before its time") == 1);
  CHECK(world.reader().rows(series_1, everything).size() == 2 * 100'000 + 10'000);
  CHECK(world.reader().aggregate(series_1, everything, Millis{store::day_ms}, store::Aggregate::count).size() == 4);
}

TEST_CASE("a data folder on a read-only file system can be read", "[store]") {
  World world;
  SmallDisk disk(world.options.path, "size=64m");
  if (!disk.mounted()) return;
  {
    auto store = world.open();
    const auto position = store.append(batch_of({number(1, start_ms, 1)}));
    REQUIRE(position);
    REQUIRE(store.rotate());
    REQUIRE(store.append(batch_of({number(1, start_ms + 1, 2)})));
    store.checkpointed(*position);
    REQUIRE(eventually([&] { return world.files_in("log") == 1; }));
  }
  disk.make_read_only();
  CHECK(world.reader().rows(series_1, everything).size() == 2);
  CHECK(world.reader().latest(series_1)->number == 2);
}

TEST_CASE("a damaged day file is set aside, said, and does not stop the ones after it", "[store]") {
  World world;
  {
    auto store = world.open();
    REQUIRE(store.append(batch_of({number(1, start_ms, 1)})));
    REQUIRE(store.rotate());
    REQUIRE(eventually([&] { return world.files_in("day") == 1; }));
    REQUIRE(store.append(batch_of({number(1, start_ms + 1, 2)})));
  }
  for (const auto& entry : fs::directory_iterator(world.options.path / "day"))
    std::ofstream(entry.path(), std::ios::binary) << std::string(8192, '?');
  auto store = world.open();
  CHECK(eventually([&] { return world.log.count_containing("the old file is") == 1; }));
  CHECK(eventually([&] { return world.files_in("day") == 1; }));
  CHECK(world.reader().latest(series_1)->number == 2);
}

TEST_CASE("readers of the days around a damaged one still find theirs", "[store]") {
  World world;
  const auto day = [](std::int64_t n) { return start_ms + n * store::day_ms; };
  {
    auto store = world.open();
    REQUIRE(store.append(batch_of({number(1, day(-1), 1)})));
    REQUIRE(store.rotate());
    REQUIRE(eventually([&] { return world.files_in("day") == 1; }));
    REQUIRE(store.append(batch_of({number(1, day(-1) + 1, 2), number(1, day(0), 3)})));
    REQUIRE(store.rotate());
    REQUIRE(eventually([&] { return world.files_in("day") == 2; }));
    REQUIRE(store.append(batch_of({number(1, day(-1) + 2, 4), number(1, day(0) + 1, 5)})));
  }
  const auto damaged = to_string(store::DayFileName{store::day_of(day(-1))}).substr(0, 8);
  for (const auto& entry : fs::directory_iterator(world.options.path / "day"))
    if (entry.path().filename().string().starts_with(damaged))
      std::ofstream(entry.path(), std::ios::binary) << std::string(8192, '?');
  auto store = world.open();
  CHECK(eventually([&] { return world.log.count_containing("the old file is") >= 1; }));
  CHECK(eventually([&] { return world.log.count_containing("sealing works again") == 1; }));
  const auto rows = world.reader().rows(series_1, everything);
  REQUIRE(rows.size() >= 3);
  CHECK(rows.back().number == 5);
}

TEST_CASE("a catalog that breaks while the service runs stops the seal, not the service", "[store]") {
  World world;
  { const auto store = world.open(); }  // on closing, all pages go from the write-ahead log into the file
  auto store = world.open();
  {
    std::fstream file(world.options.path / "catalog.db", std::ios::binary | std::ios::in | std::ios::out);
    constexpr std::streamoff page_bytes = 4096;  // the first page, with the schema, stays
    file.seekp(0, std::ios::end);
    const auto size = file.tellp();
    file.seekp(page_bytes);
    file << std::string(static_cast<std::size_t>(size - page_bytes), '\xFF');
  }
  REQUIRE(store.append(batch_of({number(1, start_ms, 1)})));
  REQUIRE(store.rotate());
  REQUIRE(eventually([&] { return world.log.count_containing("saving damaged days waits") == 1; }));
  CHECK(eventually([&] { return world.log.count_containing("sealing waits") == 1; }));
  CHECK(store.append(batch_of({number(1, start_ms + 1, 2)})));
}

TEST_CASE("recovery says what it found, and damage is counted", "[store]") {
  World world;
  fs::path segment;
  {
    auto store = world.open();
    for (int i = 0; i < 3; ++i) REQUIRE(store.append(batch_of({number(1, start_ms + i, i)})));
    segment = fs::directory_iterator(world.options.path / "log")->path();
  }
  {
    std::fstream file(segment, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(90);
    file.put('\x7F');
  }
  auto store = world.open();
  CHECK(store.recovered().damaged_records == 1);
  CHECK(world.log.count_containing("2 batches and 2 readings recovered, 1 damaged") == 1);
  CHECK(world.reader().rows(series_1, everything).size() == 2);
}

TEST_CASE("the redelivery table comes back as the newest table plus what followed", "[store]") {
  World world;
  {
    auto store = world.open();
    auto old = batch_of({});
    old->packets = {{1, 1, 11}};
    REQUIRE(store.append(old));
    auto batch = batch_of({});
    batch->add(proto::SessionEpoch{2, true});
    batch->add(proto::RedeliveryTable{{{1, 7, 70}}});
    batch->packets = {{2, 8, 80}};
    REQUIRE(store.append(batch));
    REQUIRE(store.rotate());  // killed before the next segment had its table
  }
  const auto store = world.open();
  CHECK(store.recovered().redelivery == std::vector<proto::PacketRecord>{{1, 7, 70}, {2, 8, 80}});
  CHECK(store.recovered().last_epoch == 2);
}

TEST_CASE("a connection's number does not come back when the segment with its event has gone", "[store]") {
  const auto table_of = [](std::uint32_t epoch) {
    auto batch = batch_of({});
    batch->add(proto::RedeliveryTable{{{epoch, 7, 70}}});
    return batch;
  };
  const auto packets_of = [](std::uint32_t epoch) {
    auto batch = batch_of({});
    batch->packets = {{epoch, 8, 80}};
    return batch;
  };
  const auto newest = GENERATE_COPY(0, 1);  // where the number is still told: the table, or the records after it
  World world;
  {
    auto store = world.open();
    auto connected = batch_of({});
    connected->add(proto::SessionEpoch{3, true});
    const auto position = store.append(connected);
    REQUIRE(position);
    REQUIRE(store.rotate());
    REQUIRE(store.append(newest == 0 ? table_of(3) : packets_of(3)));
    store.checkpointed(*position);
    REQUIRE(eventually([&] { return world.files_in("log") == 1; }));
  }
  CHECK(world.open().recovered().last_epoch == 3);
}

#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>
#include <functional>
#include <utility>

#include "store/disk.hpp"
#include "store/log.hpp"
#include "store/log_recovery.hpp"
#include "store/log_tail.hpp"
#include "store/log_walk.hpp"
#include "tests/store/fixture.hpp"

using namespace telltale;
using namespace telltale::test;
using store::StoreError;
namespace fs = std::filesystem;

namespace {

/// A disk that fails when told to.
class FaultyDisk final : public store::Disk {
 public:
  int next_write = 0, next_sync = 0, next_truncate = 0, all_creates = 0;
  std::function<void()> before_sync = [] {};
  int write(int fd, std::string_view bytes, std::uint64_t offset) override {
    if (const int error = std::exchange(next_write, 0); error != 0) {
      (void)Disk::write(fd, bytes.substr(0, bytes.size() / 2), offset);
      return error;
    }
    return Disk::write(fd, bytes, offset);
  }
  int sync(int fd) override {
    before_sync();
    const int error = std::exchange(next_sync, 0);
    return error != 0 ? error : Disk::sync(fd);
  }
  int truncate(int fd, std::uint64_t size) override {
    const int error = std::exchange(next_truncate, 0);
    return error != 0 ? error : Disk::truncate(fd, size);
  }
  int create(const fs::path& file, store::Fd& out) override {
    return all_creates != 0 ? all_creates : Disk::create(file, out);
  }
};

struct LogWorld {
  TemporaryFolder folder;
  FaultyDisk disk;
  RecordingLogger logger;
  std::uint64_t generation = 0;
  fs::path path = folder.path() / "log";

  LogWorld() { fs::create_directories(path); }
  store::Log log(std::uint64_t next_sequence = 1) {
    return store::Log(path, disk, logger,
                      {[this]() -> Result<std::uint64_t, StoreError> { return ++generation; }, [](auto, auto) {}},
                      next_sequence);
  }
  store::RecoveredLog recover(std::vector<proto::Batch>* batches = nullptr) {
    return store::recover_log(path, disk, logger, [&](const proto::Batch& batch) {
      if (batches != nullptr) batches->push_back(batch);
    });
  }
  [[nodiscard]] fs::path segment(std::uint64_t number) const { return store::segment_path(path, number); }
};

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes(fs::file_size(path), '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}
void spill(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// A log of `count` batches of one reading in one segment; where each record begins, and the end.
std::vector<std::size_t> write_batches(LogWorld& world, int count) {
  std::vector<std::size_t> ends{store::segment_header_bytes};
  {
    auto log = world.log();
    for (int i = 0; i < count; ++i) {
      REQUIRE(log.append(*batch_of({number(1, start_ms + i, i)})));
      ends.push_back(log.bytes());
    }
  }
  return ends;
}

std::vector<double> values(const std::vector<proto::Batch>& batches) {
  std::vector<double> out;
  for (const auto& batch : batches)
    for (const auto& r : batch.readings) out.push_back(r.number);
  return out;
}

}  // namespace

TEST_CASE("a log comes back as it was written", "[store]") {
  LogWorld world;
  write_batches(world, 3);
  std::vector<proto::Batch> batches;
  const auto found = world.recover(&batches);
  CHECK(values(batches) == std::vector<double>{0, 1, 2});
  CHECK(found.next_sequence == 4);
  CHECK(found.damaged == 0);
  REQUIRE(found.segments.size() == 1);
  CHECK(found.segments[0].first_sequence == 1);
  CHECK(found.segments[0].last_sequence == 3);
}

TEST_CASE("a tail torn at any byte costs the last record only, and is cut once", "[store]") {
  LogWorld world;
  const auto ends = write_batches(world, 3);
  const auto whole = slurp(world.segment(1));
  REQUIRE(whole.size() == ends[3]);
  for (auto size = ends[2]; size < ends[3]; ++size) {
    CAPTURE(size);
    spill(world.segment(1), whole.substr(0, size));
    std::vector<proto::Batch> batches;
    const auto found = world.recover(&batches);
    CHECK(values(batches) == std::vector<double>{0, 1});
    CHECK(found.next_sequence == 3);
    CHECK(found.damaged == 0);
    CHECK(fs::file_size(world.segment(1)) == ends[2]);
  }
  // Preallocated blocks may come back as zeros behind the torn record.
  spill(world.segment(1), whole.substr(0, ends[3] - 5) + std::string(4096, '\0'));
  CHECK(world.recover().batches == 2);
  const auto said = world.logger.count_containing("torn tail");
  CHECK(world.recover().batches == 2);
  CHECK(world.logger.count_containing("torn tail") == said);
}

TEST_CASE("a flipped bit costs one record: the ones behind it are salvaged, the bytes are kept", "[store]") {
  LogWorld world;
  const auto ends = write_batches(world, 4);
  const auto whole = slurp(world.segment(1));
  for (auto at = ends[1]; at < ends[2]; ++at) {
    CAPTURE(at);
    auto bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    spill(world.segment(1), bytes);
    fs::remove_all(world.path / "quarantine");
    std::vector<proto::Batch> batches;
    const auto found = world.recover(&batches);
    CHECK(values(batches) == std::vector<double>{0, 2, 3});
    CHECK(found.damaged == 1);
    CHECK(slurp(world.path / "quarantine" / ("1-" + std::to_string(ends[1]) + ".bin")) ==
          bytes.substr(ends[1], ends[2] - ends[1]));
    CHECK(world.recover().damaged == 0);  // told once
  }
}

TEST_CASE("one damaged copy of a segment's header costs nothing, both cost the segment and are quarantined",
          "[store]") {
  LogWorld world;
  write_batches(world, 2);
  auto bytes = slurp(world.segment(1));
  bytes[9] ^= 1;
  spill(world.segment(1), bytes);
  CHECK(world.recover().batches == 2);
  bytes[41] ^= 1;
  spill(world.segment(1), bytes);
  const auto found = world.recover();
  CHECK(found.batches == 0);
  CHECK(found.damaged == 1);
  CHECK(slurp(world.path / "quarantine" / "1-0.bin") == bytes);
}

TEST_CASE("the last record of a finished segment is damage when it does not check, not a torn tail", "[store]") {
  LogWorld world;
  {
    auto log = world.log();
    for (int i = 0; i < 2; ++i) REQUIRE(log.append(*batch_of({number(1, start_ms + i, i)})));
    REQUIRE(log.rotate());
    REQUIRE(log.append(*batch_of({number(1, start_ms + 2, 2)})));
  }
  auto bytes = slurp(world.segment(1));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  spill(world.segment(1), bytes);
  std::vector<proto::Batch> batches;
  const auto found = world.recover(&batches);
  CHECK(values(batches) == std::vector<double>{0, 2});
  CHECK(found.damaged == 1);
}

TEST_CASE("a batch whose id was seen is ignored", "[store]") {
  LogWorld world;
  {
    auto log = world.log();
    auto batch = batch_of({number(1, start_ms, 5)});
    REQUIRE(log.append(*batch));
    REQUIRE(log.append(*batch));
    REQUIRE(log.append(*batch_of({number(1, start_ms, 6)})));
  }
  std::vector<proto::Batch> batches;
  const auto found = world.recover(&batches);
  CHECK(values(batches) == std::vector<double>{5, 6});
  CHECK(found.segments.at(0).repeated.contains(2));
}

TEST_CASE("a failed sync abandons the segment; the batch goes to a new one and counts once", "[store]") {
  const bool while_writing = GENERATE(false, true);
  CAPTURE(while_writing);
  LogWorld world;
  proto::LogPosition position;
  {
    auto log = world.log();
    REQUIRE(log.append(*batch_of({number(1, start_ms, 1)})));
    (while_writing ? world.disk.next_write : world.disk.next_sync) = EIO;
    world.disk.next_truncate = EIO;  // what was written stays where it was
    auto batch = batch_of({number(1, start_ms + 1, 2)});
    REQUIRE(log.append(*batch));
    position = batch->position;
    CHECK(position == proto::LogPosition{2, 2});
    REQUIRE(log.append(*batch_of({number(1, start_ms + 2, 3)})));
  }
  CHECK(world.logger.count_containing("abandoned") == 1);
  store::LogWalk walk(world.folder.path());
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    const auto walked = walk.next();
    REQUIRE(walked);
    CHECK(walked->position == proto::LogPosition{sequence == 1 ? 1u : 2u, sequence});
  }
  CHECK_FALSE(walk.next());
  std::vector<proto::Batch> batches;
  const auto found = world.recover(&batches);
  CHECK(values(batches) == std::vector<double>{1, 2, 3});
  CHECK(batches.at(1).position == position);
  CHECK(found.damaged == 0);
}

TEST_CASE("a reader that saw a record before its sync failed goes on without it", "[store]") {
  LogWorld world;
  auto log = world.log();
  REQUIRE(log.append(*batch_of({number(1, start_ms, 1)})));
  store::LogTail tail(world.path, 1u << 20);
  tail.refresh();
  world.disk.before_sync = [&] { tail.refresh(); };
  world.disk.next_sync = EIO;  // the segment is abandoned, and what is not known to be on disk cut off
  REQUIRE(log.append(*batch_of({number(1, start_ms + 1, 2)})));
  tail.refresh();
  double newest = 0;
  tail.each_latest([&](std::uint64_t, const proto::Reading& reading, std::string_view) { newest = reading.number; });
  CHECK(newest == 2);
  CHECK(tail.readings(series_1, start_ms, start_ms + 2).size() == 2);
}

TEST_CASE("when no new segment can be made either, the same batch is accepted later", "[store]") {
  LogWorld world;
  auto log = world.log();
  REQUIRE(log.append(*batch_of({number(1, start_ms, 1)})));
  world.disk.next_sync = EIO;
  world.disk.all_creates = EIO;
  auto batch = batch_of({number(1, start_ms + 1, 2)});
  CHECK(log.append(*batch).error() == StoreError::io_error);
  CHECK(log.append(*batch).error() == StoreError::io_error);
  world.disk.all_creates = 0;
  REQUIRE(log.append(*batch));
  CHECK(batch->position.sequence == 2);
  std::vector<proto::Batch> batches;
  (void)world.recover(&batches);
  CHECK(values(batches) == std::vector<double>{1, 2});
}

TEST_CASE("a disk that fills up in the middle of a record loses nothing and takes the batch later",
          "[store][lesson-22]") {
  LogWorld world;
  auto log = world.log();
  REQUIRE(log.append(*batch_of({number(1, start_ms, 1)})));
  world.disk.next_write = ENOSPC;
  auto batch = batch_of({number(1, start_ms + 1, 2)});
  const auto before = fs::file_size(world.segment(1));
  CHECK(log.append(*batch).error() == StoreError::disk_full);
  CHECK(fs::file_size(world.segment(1)) == before);
  REQUIRE(log.append(*batch));
  CHECK(batch->position == proto::LogPosition{1, 2});
  std::vector<proto::Batch> batches;
  CHECK(world.recover(&batches).damaged == 0);
  CHECK(values(batches) == std::vector<double>{1, 2});
}

TEST_CASE("a rotation that fails leaves the segment in use", "[store]") {
  LogWorld world;
  auto log = world.log();
  REQUIRE(log.append(*batch_of({number(1, start_ms, 1)})));
  world.disk.all_creates = ENOSPC;
  CHECK(log.rotate().error() == StoreError::disk_full);
  const auto position = log.append(*batch_of({number(1, start_ms, 2)}));
  REQUIRE(position);
  CHECK(*position == proto::LogPosition{1, 2});
}

namespace {

std::size_t batches_now(store::LogTail& tail) {
  tail.refresh();
  std::size_t n = 0;
  tail.each_batch([&](const proto::Batch&) { ++n; });
  return n;
}

}  // namespace

TEST_CASE("a segment that is sealed and still there is not read again", "[store]") {
  LogWorld world;
  write_batches(world, 3);
  store::LogTail tail(world.path, 1u << 20);
  REQUIRE(batches_now(tail) == 3);
  tail.forget([](std::uint64_t) { return true; });
  CHECK(batches_now(tail) == 0);
  {
    auto log = world.log(4);
    REQUIRE(log.append(*batch_of({number(1, start_ms, 4)})));
  }
  CHECK(batches_now(tail) == 1);
}

TEST_CASE("a segment that could not be opened is taken in once it can be, though the folder has not changed since",
          "[store]") {
  static store::FolderChanges::Moment now;
  LogWorld world;
  write_batches(world, 2);
  fs::last_write_time(world.path, fs::last_write_time(world.path) - std::chrono::hours(1));  // what comes is later
  store::LogTail tail(world.path, 1u << 20, [] { return now; });
  REQUIRE(batches_now(tail) == 2);
  now += std::chrono::hours(1);
  REQUIRE(batches_now(tail) == 2);  // this listing is good until the folder changes
  tail.forget([](std::uint64_t) { return false; });

  const auto elsewhere = world.folder.path() / "elsewhere";
  const auto segment = world.folder.path() / "segment";
  fs::create_symlink(elsewhere, elsewhere);  // leads nowhere
  {
    auto log = world.log(3);
    REQUIRE(log.append(*batch_of({number(1, start_ms, 3)})));
  }
  fs::rename(world.segment(world.generation), segment);
  fs::create_symlink(elsewhere, world.segment(world.generation));
  CHECK_THROWS_AS(tail.refresh(), store::StoreFailure);
  now += std::chrono::hours(1);
  CHECK_THROWS_AS(tail.refresh(), store::StoreFailure);
  CHECK_FALSE(tail.has_new_segments());
  fs::remove(elsewhere);
  fs::create_symlink(segment, elsewhere);
  CHECK(batches_now(tail) == 3);
  CHECK(tail.has_new_segments());
  tail.forget([](std::uint64_t) { return false; });
  CHECK_FALSE(tail.has_new_segments());
}

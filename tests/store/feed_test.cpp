#include <catch2/catch.hpp>
#include <thread>

#include "store/feed.hpp"
#include "store/log.hpp"
#include "tests/store/fixture.hpp"

using namespace telltale;
using namespace telltale::test;
using proto::LogPosition;

namespace {

/// A log whose memory holds three batches.
struct FeedWorld {
  TemporaryFolder folder;
  store::Disk disk;
  RecordingLogger logger;
  store::Feed feed{{.batches = 3, .bytes = 1u << 20}};
  std::uint64_t generation = 0;
  store::Log log{
      folder.path(),
      disk,
      logger,
      {[this]() -> Result<std::uint64_t, store::StoreError> { return ++generation; },
       [this](std::uint64_t number, std::uint64_t first) {
         feed.add_segment({number, first, first - 1, 0, false, store::segment_path(folder.path(), number), {}});
       }},
      1};
  LogPosition append() {
    auto batch = batch_of({number(1, start_ms, 1)});
    REQUIRE(log.append(*batch));
    feed.publish(batch);
    return batch->position;
  }
};

}  // namespace

TEST_CASE("a follower sees every batch in order, from the files first and from memory at the end", "[store]") {
  FeedWorld world;
  std::vector<LogPosition> written;
  for (int i = 0; i < 20; ++i) {
    written.push_back(world.append());
    if (i % 6 == 5) REQUIRE(world.log.rotate());
  }
  CHECK(world.feed.depth() == 3);
  store::Feed::Cursor cursor;
  LogPosition after;
  for (const auto& position : written) {
    const auto next = world.feed.next(cursor, after, Millis{0});
    REQUIRE(next.batch);
    CHECK(next.batch->position == position);
    CHECK_FALSE(next.gap_before);
    after = position;
  }
  CHECK_FALSE(world.feed.next(cursor, after, Millis{0}).batch);
  written.push_back(world.append());
  CHECK(world.feed.next(cursor, after, Millis{0}).batch->position == written.back());
}

TEST_CASE("a follower whose place has gone is told so and given the oldest batch", "[store]") {
  FeedWorld world;
  for (int i = 0; i < 4; ++i) world.append();
  REQUIRE(world.log.rotate());
  for (int i = 0; i < 4; ++i) world.append();
  world.feed.remove_segment(1);
  store::Feed::Cursor cursor;
  const auto after = GENERATE(LogPosition{}, LogPosition{1, 2}, LogPosition{9, 99}, LogPosition{9, 6});
  CAPTURE(after.generation, after.sequence);
  const auto next = world.feed.next(cursor, after, Millis{0});
  REQUIRE(next.batch);
  CHECK(next.gap_before);
  CHECK(next.batch->position == LogPosition{2, 5});
  CHECK_FALSE(world.feed.next(cursor, LogPosition{1, 4}, Millis{0}).gap_before);
}

TEST_CASE("a waiting follower wakes up for a new batch", "[store]") {
  FeedWorld world;
  store::Feed::Cursor cursor;
  store::Feed::Next next;
  std::jthread follower([&] { next = world.feed.next(cursor, {}, Millis{30'000}); });
  world.append();
  follower.join();
  REQUIRE(next.batch);
  CHECK(next.batch->position == LogPosition{1, 1});
}

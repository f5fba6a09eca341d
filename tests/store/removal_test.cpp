#include <catch2/catch.hpp>

#include "store/catalog.hpp"
#include "store/day.hpp"
#include "store/forget.hpp"
#include "store/rollup.hpp"
#include "store/sqlite.hpp"
#include "store/verify.hpp"
#include "tests/store/settling.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

constexpr std::int64_t yesterday_ms = start_ms - store::day_ms;

proto::DevicesRemoved removal(std::uint32_t n) {
  return {"default", "site1", "d" + std::to_string(n), "ana", "sold", {proto::DeviceKey{n}}, {proto::SeriesId{n}}};
}

/// Device n has series n.
void name(std::uint32_t n, proto::Batch& batch) {
  batch.add(proto::NewDevice{proto::DeviceKey{n}, "default", "site1", "d" + std::to_string(n)});
  batch.add(proto::NewSeries{proto::SeriesId{n}, proto::DeviceKey{n}, "m", "Cel"});
}

proto::DeadLetter letter(std::uint32_t device, std::string topic) {
  return {proto::DeadLetterReason::bad_json, std::move(topic), "{", 1, "byte 1", proto::DeviceKey{device}};
}

/// Two devices with readings in a closed day, an open day and the log.
struct TwoDevices {
  World world;
  std::optional<store::Store> store;

  explicit TwoDevices(std::int64_t recent_hours = 0) {
    world.options.recent_hours = recent_hours;
    store.emplace(world.options, world.clock, world.log, world.metrics);
    auto first = batch_of({number(1, yesterday_ms, 1), number(2, yesterday_ms, 2)});
    name(1, *first);
    name(2, *first);
    append(first);
    append(batch_of({number(1, start_ms, 10), number(2, start_ms, 20)}));
    settle();
    append(batch_of({number(1, start_ms + 1, 11), number(2, start_ms + 1, 21)}));
  }
  void append(std::shared_ptr<proto::Batch> batch) { REQUIRE(store->append(std::move(batch))); }
  void settle() {
    REQUIRE(seal(world, *store, [&] { return settled(world.options.path, to_ms(world.clock.now()), 90); }));
  }
  void remove(std::uint32_t n) {
    auto batch = batch_of({});
    batch->add(removal(n));
    append(batch);
  }
  [[nodiscard]] std::vector<std::string> verify() const {
    std::vector<std::string> out;
    static_cast<void>(store::verify(world.options.path, [&](const store::Problem& p) { out.push_back(to_string(p)); }));
    return out;
  }
};

void check_nowhere(const store::Reader& reader, std::uint32_t n) {
  const auto id = proto::SeriesId{n};
  CHECK(reader.rows(id, everything).empty());
  CHECK(reader.aggregate(id, everything, Millis{store::day_ms}, store::Aggregate::count).empty());
  CHECK(reader.summaries(id, everything, Millis{1000}).empty());
  CHECK_FALSE(reader.latest(id));
  CHECK(reader.latest_of(std::array{proto::DeviceKey{n}}).empty());
  CHECK(reader.fleet(std::array{id}, everything).n == 0);
  for (const auto& row : reader.latest()) CHECK(row.series != id);
  for (const auto& directory : {reader.directory(), *reader.shared_directory()}) {
    for (const auto& device : directory.devices) CHECK(device.key != proto::DeviceKey{n});
    for (const auto& series : directory.series) CHECK(series.id != id);
  }
}

}  // namespace

TEST_CASE("a removed device is nowhere from the moment on in which it is removed, also for readers that live long",
          "[store]") {
  TwoDevices two;
  const auto old_hand = two.world.reader();
  REQUIRE(old_hand.rows(proto::SeriesId{1}, everything).size() == 3);
  REQUIRE(old_hand.latest().size() == 2);
  two.remove(1);
  const auto look = [&] {
    const auto fresh = two.world.reader();
    for (const auto* reader : {&old_hand, &fresh}) {
      check_nowhere(*reader, 1);
      CHECK(reader->rows(proto::SeriesId{2}, everything).size() == 3);
      CHECK(reader->fleet(everything).n == 3);
      CHECK(reader->latest().size() == 1);
    }
  };
  SECTION("in the log") { look(); }
  SECTION("sealed") {
    two.settle();
    look();
  }
  SECTION("after a restart") {
    two.store.reset();
    two.store.emplace(two.world.options, two.world.clock, two.world.log, two.world.metrics);
    look();
    CHECK(two.store->recovered().directory.devices.size() == 1);
  }
  SECTION("in no file after a day") {
    two.settle();
    two.world.clock.advance(Millis{27 * store::hour_ms});
    two.settle();
    look();
    auto catalog = store::Catalog::open_read_only(two.world.options.path);
    CHECK(catalog.pending_removals(from_ms(INT64_MAX)).empty());
    for (const auto& file : catalog.day_files(INT64_MIN, INT64_MAX)) {
      auto day = store::DayFile::open_closed(two.world.options.path / "day" / file.name);
      CHECK_FALSE(day.mentions(proto::SeriesId{1}));
      CHECK(day.mentions(proto::SeriesId{2}));
    }
    CHECK(two.verify().empty());
  }
}

TEST_CASE("the numbers of removed devices and series are not given out again, whatever is left", "[store]") {
  World empty;
  CHECK(empty.open().recovered().directory.devices_end == 1);
  CHECK(empty.open().recovered().directory.series_end == 1);
  TwoDevices two;
  two.remove(2);
  const auto ends = [&] {
    two.store.reset();
    two.store.emplace(two.world.options, two.world.clock, two.world.log, two.world.metrics);
    const auto& directory = two.store->recovered().directory;
    CHECK(directory.devices_end == 3);
    CHECK(directory.series_end == 3);
  };
  ends();
  two.settle();
  ends();
}

TEST_CASE("a day file or rollup that still holds what was removed for good is a problem", "[store]") {
  TwoDevices two;
  two.remove(1);
  two.settle();
  CHECK(two.verify().empty());  // it has a day to go
  two.store->stop();
  {
    auto catalog = store::Catalog::open(two.world.options.path);
    std::vector<std::int64_t> ids;
    for (const auto& pending : catalog.pending_removals(from_ms(INT64_MAX))) ids.push_back(pending.id);
    catalog.removals_done(ids, two.world.clock.now());
  }
  const auto problems = two.verify();
  CHECK(problems.size() == 4);  // a closed day, an open one, hours and days
  for (const auto& problem : problems)
    CHECK(problem.find("series 1: was removed for good, but is still there") != std::string::npos);
}

TEST_CASE("dead letters go with the device that sent them, known by its number or by its topic", "[store]") {
  TwoDevices two;
  auto letters = batch_of({});
  letters->add(letter(1, "any/mapped/topic"));
  letters->add(letter(0, "telemetry/site1/d1"));
  letters->add(letter(0, "default/status/site1/d1"));
  letters->add(letter(2, "telemetry/site1/d2"));
  letters->add(letter(0, "telemetry/site2/d1"));
  letters->add(letter(0, "telemetry"));
  two.append(letters);
  const bool sealed_before = GENERATE(true, false);
  if (sealed_before) two.settle();
  two.remove(1);
  auto later = batch_of({});
  later->add(letter(0, "telemetry/site1/d1"));  // of a new device of that name
  two.append(later);
  for (int i = 0; i < 2; ++i, two.settle()) {
    std::vector<std::string> topics;
    for (const auto& row : two.world.reader().dead_letters(100)) topics.push_back(row.topic);
    CHECK(topics ==
          std::vector<std::string>{"telemetry/site1/d1", "telemetry", "telemetry/site2/d1", "telemetry/site1/d2"});
  }
}

TEST_CASE("rows of a removed device leave recent.db within seconds", "[store]") {
  TwoDevices two(24);
  const auto count = [&](const char* what) {
    try {
      return store::Database(two.world.options.path / "recent.db", store::Database::Mode::read_only).number(what);
    } catch (const store::DatabaseError&) {
      return std::int64_t{-1};  // not made yet
    }
  };
  REQUIRE(eventually([&] { return count("select count(*) from reading where series_id=1") == 3; }));
  two.remove(1);
  CHECK(eventually([&] { return count("select count(*) from reading where series_id=1") == 0; }));
  CHECK(count("select count(*) from series where series_id=1") == 0);
  CHECK(count("select count(*) from reading where series_id=2") == 3);
}

TEST_CASE("a folder whose service is stopped forgets, and the next start goes on from there", "[store]") {
  TwoDevices two;
  const auto& world = two.world;
  const auto by = [](std::string site, std::string device) {
    return proto::DevicesRemoved{"default", std::move(site), std::move(device), "", "", {}, {}};
  };
  CHECK_THROWS_AS(
      store::forget(world.options.path, by("site1", "d1"), two.world.clock, two.world.log, two.world.metrics),
      store::StoreFailure);  // in use
  two.store.reset();
  const auto [site, device, gone] = GENERATE(table<std::string, std::string, std::size_t>({
      {"site1", "d1", 1u},
      {"site1", "-", 2u},
      {"-", "-", 2u},
      {"site2", "-", 0u},
      {"site1", "d9", 0u},
  }));
  CAPTURE(site, device);
  const auto removed =
      store::forget(world.options.path, by(site, device), two.world.clock, two.world.log, two.world.metrics);
  CHECK(removed.devices.size() == gone);
  CHECK(removed.series.size() == gone);
  CHECK(world.reader().directory().devices.size() == 2 - gone);
  two.store.emplace(world.options, world.clock, two.world.log, two.world.metrics);
  CHECK(two.store->recovered().directory.devices.size() == 2 - gone);
  two.settle();
  CHECK(world.reader().directory().devices.size() == 2 - gone);
}

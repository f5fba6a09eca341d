#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "store/chunk_cache.hpp"
#include "store/day_retention.hpp"
#include "tests/store/reader_life.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

/// Every kind of answer about a series and a range, to the last bit.
std::string answer(const store::Reader& reader, std::uint32_t series, store::Range range, std::int64_t step) {
  const auto id = static_cast<proto::SeriesId>(series);
  std::string out;
  const auto add = [&](auto value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); };
  for (const auto& row : reader.rows(id, range)) {
    add(to_ms(row.ts));
    add(row.type);
    add(row.number);
    add(row.integer);
    out += row.text;
  }
  const auto add_buckets = [&](const std::vector<store::SummaryBucket>& buckets) {
    for (const auto& [start, s] : buckets) {
      add(to_ms(start));
      add(s.n);
      for (const double value : {s.mean, s.stddev, s.min, s.max, s.sum}) add(value);
    }
  };
  add_buckets(reader.summaries(id, range, Millis{step}));
  for (const auto& [start, value] : reader.aggregate(id, range, Millis{step}, store::Aggregate::last)) {
    add(to_ms(start));
    add(value);
  }
  add_buckets(reader.fleet(std::span(&id, 1), range, Millis{step}));
  return out;
}

std::string latest(const store::Reader& reader) {
  std::string out;
  for (const auto& [series, row] : reader.latest())
    out += std::to_string(to_number(series)) + ' ' + std::to_string(to_ms(row.ts)) + ' ' + std::to_string(row.number) +
           ' ' + std::to_string(row.integer) + row.text + '\n';
  return out;
}

/// A range and a step as dashboards ask: days, hours, the edges in between; the past, the present.
std::pair<store::Range, std::int64_t> question(std::int64_t now) {
  const auto step = *rc::gen::element<std::int64_t>(60'000, store::hour_ms, store::day_ms);
  const auto unit = *rc::gen::element<std::int64_t>(1, store::hour_ms, store::day_ms);
  const auto from = store::floor_divide(now - *rc::gen::inRange<std::int64_t>(0, 6) * store::day_ms, unit) * unit;
  const auto length = *rc::gen::inRange<std::int64_t>(1, 4) * *rc::gen::element(store::hour_ms, store::day_ms);
  return {{from_ms(from), from_ms(from + length)}, step};
}

/// The seal thread works beside the test: what was seen holds when the revision was the same before and after it, for
/// both readers.
template <class Holds>
void at_rest(const store::Reader& one, const store::Reader& other, store::Range range, std::uint32_t series,
             Holds&& holds) {
  const auto id = static_cast<proto::SeriesId>(series);
  for (;;) {
    const auto revision = one.revision(range, std::span(&id, 1));
    const bool held = holds(revision);
    if (other.revision(range, std::span(&id, 1)) != revision) continue;
    RC_ASSERT(held);
    return;
  }
}

}  // namespace

TEST_CASE("at every moment of a store's life a kept answer of the same revision is what would be answered now",
          "[store][property]") {
  CHECK(rc::check([] {
    ReaderLife life;
    store::ReaderOptions options;
    options.decoded =
        std::make_shared<store::ChunkCache>(*rc::gen::element<std::size_t>(4096, 1u << 20), life.world.metrics, "days");
    // Two readers that stay and share what they decode, as those of the query threads do.
    const store::Reader first(life.world.options.path, options);
    const store::Reader second(life.world.options.path, options);
    struct Kept {
      std::string revision, answer;
    };
    std::map<std::tuple<std::uint32_t, Timestamp, Timestamp, std::int64_t>, Kept> kept;
    Kept newest;
    const auto steps = *rc::gen::inRange(1, 25);
    for (int i = 0; i < steps; ++i) {
      life.step();
      const store::Reader plain(life.world.options.path);
      const auto& one = i % 2 == 0 ? first : second;
      const auto& other = i % 2 == 0 ? second : first;
      for (int asked = 0; asked < 4; ++asked) {
        const auto series = life.any_living();
        const auto [range, step] = question(life.now_ms());
        Kept now;
        at_rest(one, other, range, series, [&](const std::string& revision) {
          now = {revision, answer(plain, series, range, step)};
          return answer(one, series, range, step) == now.answer;
        });
        kept[{series, range.from, range.to, step}] = now;
      }
      for (const auto& [asked, was] : kept) {
        const auto& [series, from, to, step] = asked;
        at_rest(one, other, {from, to}, series, [&](const std::string& revision) {
          return revision != was.revision || answer(plain, series, {from, to}, step) == was.answer;
        });
      }
      const auto now = latest(plain);
      RC_ASSERT(latest(one) == now);
      if (other.latest_revision() == newest.revision) RC_ASSERT(newest.answer == now);
      newest = {one.latest_revision(), now};
    }
  }));
}

TEST_CASE("a closed day keeps its revision while others are written, and is decoded once", "[store]") {
  World world;
  auto store = std::make_unique<store::Store>(world.options, world.clock, world.log, world.metrics);
  const auto day = store::day_of(start_ms) * store::day_ms;
  const auto append = [&](std::int64_t ts, double value) {
    auto batch = batch_of({number(1, ts, value)}, to_ms(world.clock.now()));
    REQUIRE(store->append(batch));
  };
  auto names = batch_of({number(1, day + 1000, 1), number(1, day + 2000, 2)});
  names->add(proto::NewDevice{device_1, "default", "site1", "d"});
  names->add(proto::NewSeries{series_1, device_1, "m", ""});
  REQUIRE(store->append(names));
  world.clock.advance(Millis{26 * store::hour_ms});
  append(day + store::day_ms + 1000, 3);
  REQUIRE(seal(world, *store, [&] { return settled(world.options.path, to_ms(world.clock.now()), 90); }));

  store::ReaderOptions options;
  options.decoded = std::make_shared<store::ChunkCache>(1u << 20, world.metrics, "days");
  const store::Reader one(world.options.path, options);
  const store::Reader two(world.options.path, options);
  const store::Range closed{from_ms(day), from_ms(day + store::day_ms)};
  const store::Range open{closed.to, from_ms(day + 2 * store::day_ms)};
  const auto revision = one.revision(closed);
  const auto revision_of_open = one.revision(open);
  const auto decoded = [&] {
    return world.metrics.value(R"(telltale_query_cache_requests_total{cache="days",result="miss"})");
  };
  CHECK(one.rows(series_1, closed).size() == 2);
  CHECK(decoded() == 1);

  append(day + store::day_ms + 2000, 4);
  CHECK(one.revision(closed) == revision);
  CHECK(one.revision(open) != revision_of_open);
  REQUIRE(seal(world, *store));
  CHECK(two.revision(closed) == revision);
  CHECK(two.rows(series_1, closed).size() == 2);
  CHECK(two.aggregate(series_1, closed, Millis{60'000}, store::Aggregate::avg).size() == 1);
  CHECK(decoded() == 1);

  const auto revision_of_series = one.revision(open, std::span(&series_1, 1));
  REQUIRE(store->append(batch_of({number(2, day + store::day_ms + 3000, 1)}, to_ms(world.clock.now()))));
  CHECK(one.revision(open, std::span(&series_1, 1)) == revision_of_series);
  CHECK(one.revision(open) != revision_of_open);
  append(day + store::day_ms + 4000, 6);
  CHECK(one.revision(open, std::span(&series_1, 1)) != revision_of_series);
  CHECK(two.revision(open, std::span(&series_1, 1)) == one.revision(open, std::span(&series_1, 1)));

  append(day + 3000, 5);  // late
  CHECK(one.revision(closed) != revision);
  CHECK(one.rows(series_1, closed).size() == 3);
}

TEST_CASE("a day that went before its time and comes again with late readings has another revision", "[store]") {
  World world;
  auto store = std::make_unique<store::Store>(world.options, world.clock, world.log, world.metrics);
  const auto day = store::day_of(start_ms) * store::day_ms;
  auto names = batch_of({number(1, day + 1000, 1), number(1, day + 2000, 2)});
  names->add(proto::NewDevice{device_1, "default", "site1", "d"});
  names->add(proto::NewSeries{series_1, device_1, "m", ""});
  REQUIRE(store->append(names));
  world.clock.advance(Millis{26 * store::hour_ms});
  const auto closed = [&] { return settled(world.options.path, to_ms(world.clock.now()), 90); };
  REQUIRE(seal(world, *store, closed));
  const store::Reader reader(world.options.path);
  const store::Range range{from_ms(day), from_ms(day + store::day_ms)};
  const auto revision = reader.revision(range);
  CHECK(reader.rows(series_1, range).size() == 2);

  store.reset();
  {
    auto catalog = store::Catalog::open(world.options.path);
    store::DayClose close(world.options.path, catalog, world.log);
    store::DayRetention retention(world.options.path, catalog, close, store::RetentionPolicy({"raw", {}, 90, 0, 0}, {}),
                                  world.log);
    REQUIRE(retention.give_up_oldest(store::day_of(to_ms(world.clock.now())), 0));
  }
  store = std::make_unique<store::Store>(world.options, world.clock, world.log, world.metrics);
  REQUIRE(store->append(batch_of({number(1, day + 3000, 5)}, to_ms(world.clock.now()))));
  REQUIRE(seal(world, *store, closed));
  CHECK(reader.rows(series_1, range).size() == 1);
  CHECK(reader.revision(range) != revision);
}

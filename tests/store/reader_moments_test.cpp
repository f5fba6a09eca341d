#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/store/reader_life.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

/// The naive way: all numbers of a bucket in a list.
using Naive = std::map<std::int64_t, std::vector<double>>;

struct Question {
  store::Range range;
  std::int64_t step;
};

void gather(const ReaderLife& life, std::uint32_t series, const Question& q, Naive& out) {
  const auto put = [&](std::int64_t ts, const ReaderLife::Value& value) {
    if (value.type != proto::ValueType::text && std::isfinite(value.number))
      out[store::floor_divide(ts, q.step)].push_back(value.number);
  };
  const auto from = to_ms(q.range.from);
  const auto to = to_ms(q.range.to);
  // Of what has gone the whole hours are left, for steps of whole hours.
  if (const auto found = life.gone.find(series); found != life.gone.end() && q.step % store::hour_ms == 0)
    for (const auto& [ts, value] : found->second) {
      const auto hour = store::hour_of(ts) * store::hour_ms;
      if (hour >= from && hour + store::hour_ms <= to) put(ts, value);
    }
  if (const auto found = life.kept.find(series); found != life.kept.end())
    for (const auto& [ts, value] : found->second)
      if (ts >= from && ts < to) put(ts, value);
}

void check_near(double found, double expected, double tolerance) {
  if (!(std::abs(found - expected) <= tolerance)) RC_LOG() << found << " is not " << expected << '\n';
  RC_ASSERT(std::abs(found - expected) <= tolerance);
}

void check(const store::Summary& found, const std::vector<double>& values, bool some_gone) {
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  double size = 0;
  double largest = 0;
  for (const double x : values) {
    sum += x;
    size += std::abs(x);
    largest = std::max(largest, std::abs(x));
  }
  double m2 = 0;
  for (const double x : values) m2 += (x - sum / n) * (x - sum / n);
  RC_ASSERT(found.n == values.size());
  RC_ASSERT(found.min == *std::ranges::min_element(values));
  RC_ASSERT(found.max == *std::ranges::max_element(values));
  check_near(found.sum, sum, 1e-9 * size);
  check_near(found.mean, sum / n, 1e-9 * size / n);
  // Sums are all that is left of what has gone: a spread far below the mean is lost in rounding.
  const double lost = some_gone ? 1e-7 * largest : 1e-14 * largest;
  check_near(found.stddev, std::sqrt(m2 / n), 2e-6 * std::sqrt(m2 / n) + lost);
}

Question any_question(const ReaderLife& life) {
  const auto now = life.now_ms();
  const auto back =
      *rc::gen::weightedElement<std::int64_t>({{2, 1}, {2, 10}, {1, 30}, {2, 24 * 3}, {2, 24 * 8}, {1, 24 * 40}});
  const auto ragged = *rc::gen::element<std::int64_t>(0, 1, 700'000, -1);
  auto from = now - back * store::hour_ms;
  if (ragged != 1) from = store::hour_of(from) * store::hour_ms + ragged;
  const auto to = *rc::gen::element<std::int64_t>(now + 1, now - store::hour_ms, store::day_of(now) * store::day_ms,
                                                  to_ms(everything.to));
  const auto step = *rc::gen::element<std::int64_t>(500, 60'000, 7 * 60'000, store::hour_ms, 3 * store::hour_ms,
                                                    store::day_ms, 30 * store::day_ms);
  return {{from_ms(from), from_ms(to)}, step};
}

/// Each by itself, as charts ask: not all of them need all of what is stored.
void check_one_by_one(const store::Reader& reader, proto::SeriesId series, const Question& q, const Naive& expected) {
  const auto each = [&](store::Aggregate what, auto&& check) {
    const auto found = reader.aggregate(series, q.range, Millis{q.step}, what);
    RC_ASSERT(found.size() == expected.size());
    auto at = expected.begin();
    for (const auto& bucket : found) check(bucket.value, (at++)->second);
  };
  const auto sum = [](const auto& values) { return std::accumulate(values.begin(), values.end(), 0.0); };
  const auto rounding = [](const auto& values) {
    return 1e-9 *
           std::accumulate(values.begin(), values.end(), 0.0, [](double s, double x) { return s + std::abs(x); });
  };
  each(store::Aggregate::sum,
       [&](double value, const auto& values) { check_near(value, sum(values), rounding(values)); });
  each(store::Aggregate::avg, [&](double value, const auto& values) {
    const auto n = static_cast<double>(values.size());
    check_near(value, sum(values) / n, rounding(values) / n);
  });
  each(store::Aggregate::count,
       [](double value, const auto& values) { RC_ASSERT(value == static_cast<double>(values.size())); });
  each(store::Aggregate::min,
       [](double value, const auto& values) { RC_ASSERT(value == *std::ranges::min_element(values)); });
  each(store::Aggregate::max,
       [](double value, const auto& values) { RC_ASSERT(value == *std::ranges::max_element(values)); });
  each(store::Aggregate::last, [](double value, const auto& values) { RC_ASSERT(value == values.back()); });
}

void check_aggregates(const store::Reader& reader, const ReaderLife& life, const Question& q) {
  for (std::uint32_t series = 1; series < life.next_number; ++series) {
    Naive expected;
    gather(life, series, q, expected);
    const auto id = static_cast<proto::SeriesId>(series);
    const bool some_gone = life.gone.contains(series) && !life.gone.at(series).empty();
    const auto found = reader.summaries(id, q.range, Millis{q.step});
    RC_ASSERT(found.size() == expected.size());
    auto at = expected.begin();
    for (const auto& bucket : found) {
      RC_ASSERT(to_ms(bucket.start) == at->first * q.step);
      check(bucket.summary, at->second, some_gone);
      ++at;
    }
    check_one_by_one(reader, id, q, expected);
  }
}

void check_fleet(const store::Reader& reader, const ReaderLife& life, const Question& q) {
  std::vector<proto::SeriesId> few;
  for (std::uint32_t series = 2; series < life.next_number; series += 2) few.push_back(proto::SeriesId{series});
  for (const bool all : {true, false}) {
    Naive expected;
    bool some_gone = false;
    for (std::uint32_t series = 1; series < life.next_number; ++series) {
      if (!all && series % 2 == 1) continue;
      gather(life, series, q, expected);
      some_gone = some_gone || (life.gone.contains(series) && !life.gone.at(series).empty());
    }
    const auto found = all ? reader.fleet(q.range, Millis{q.step}) : reader.fleet(few, q.range, Millis{q.step});
    RC_ASSERT(found.size() == expected.size());
    auto at = expected.begin();
    for (const auto& bucket : found) {
      RC_ASSERT(to_ms(bucket.start) == at->first * q.step);
      check(bucket.summary, at->second, some_gone);
      ++at;
    }
    // All of it in one bucket: what is left of whole hours, and the readings.
    Naive whole;
    for (std::uint32_t series = 1; series < life.next_number; ++series)
      if (all || series % 2 == 0) gather(life, series, {q.range, 40'000 * store::day_ms}, whole);
    std::vector<double> values;
    for (const auto& [bucket, part] : whole) values.insert(values.end(), part.begin(), part.end());
    const auto overall = all ? reader.fleet(q.range) : reader.fleet(few, q.range);
    RC_ASSERT(overall.n == values.size());
    if (!values.empty()) check(overall, values, some_gone);
  }
}

/// Newest by event time of all that was ever taken.
void check_latest(const store::Reader& reader, const ReaderLife& life) {
  std::map<std::uint32_t, std::pair<std::int64_t, ReaderLife::Value>> expected;
  for (const auto* readings : {&life.gone, &life.kept})
    for (const auto& [series, of_series] : *readings)
      if (!of_series.empty()) expected[series] = *of_series.rbegin();
  const auto same = [&](proto::SeriesId id, const store::Row& row) {
    const auto& [ts, value] = expected.at(proto::to_number(id));
    RC_ASSERT(to_ms(row.ts) == ts);
    RC_ASSERT(row.type == value.type);
    RC_ASSERT(row.text == value.text);
    if (row.type != proto::ValueType::text)
      RC_ASSERT((row.type == proto::ValueType::integer ? static_cast<double>(row.integer) : row.number) ==
                value.number);
  };
  const auto all = reader.latest();
  RC_ASSERT(all.size() == expected.size());
  for (const auto& [series, row] : all) same(series, row);
  std::vector<proto::DeviceKey> keys;
  for (std::uint32_t number = 1; number < life.next_number; ++number) keys.push_back(proto::DeviceKey{number});
  RC_ASSERT(reader.latest_of(keys).size() == expected.size());
  RC_ASSERT(reader.latest_of(std::array{static_cast<proto::DeviceKey>(999)}).empty());
  for (const auto dead : life.removed) {
    RC_ASSERT_FALSE(reader.latest(proto::SeriesId{dead}).has_value());
    RC_ASSERT(reader.latest_of(std::array{proto::DeviceKey{dead}}).empty());
  }
  for (const auto& [series, value] : expected) {
    const auto id = static_cast<proto::SeriesId>(series);
    same(id, reader.latest(id).value());
    RC_ASSERT(reader.latest(std::array{id}).size() == 1U);
  }
}

void check_all(const store::Reader& reader, const ReaderLife& life) {
  const auto q = any_question(life);
  check_aggregates(reader, life, q);
  check_fleet(reader, life, q);
  check_latest(reader, life);
}

}  // namespace

TEST_CASE(
    "aggregates, fleets and latest equal a naive recompute in the log, sealed, closed, closed again and after "
    "retention",
    "[store][property][lesson-17]") {
  CHECK(rc::check([] {
    ReaderLife life;
    const auto old_hand = life.world.reader();  // asked all along
    store::ReaderOptions small;
    small.open_files = 2;
    small.log_bytes = 200;  // hardly anything of the log is kept
    const store::Reader forgetful(life.world.options.path, small);
    const auto steps = *rc::gen::inRange(2, 16);
    for (int i = 0; i < steps; ++i) {
      life.step();
      check_all(old_hand, life);
      check_all(forgetful, life);
      check_all(life.world.reader(), life);
    }
  }));
}

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>

#include "store/catalog.hpp"
#include "store/day.hpp"
#include "store/day_close.hpp"
#include "store/rollup.hpp"
#include "tests/store/store_life.hpp"
#include "tests/support/property.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

constexpr std::uint32_t series_count = 3;
constexpr std::int64_t raw_days = 4;

/// A reading as the model keeps it: the type and its one value.
using Value = std::tuple<proto::ValueType, double, std::int64_t, std::string>;
using Model = std::map<std::uint32_t, std::map<std::int64_t, Value>>;

struct Life : StoreLife {
  Model model;
  std::map<std::tuple<std::uint32_t, std::int64_t>, store::RollupRow> past_hours;  // of days whose readings have gone
  double next_value = 0;
  std::int64_t newest_ms = now_ms();  // the clock never was later

  Life() : StoreLife(series_count, raw_days) {}

  void advance(std::int64_t ms) {
    world.clock.advance(Millis{ms});
    newest_ms = std::max(newest_ms, now_ms());
  }
  /// As far as readings that come late still belong to days that are kept.
  void step_back() {
    const auto most = 15 * store::hour_ms - (newest_ms - now_ms());
    world.clock.step(-Millis{*rc::gen::inRange<std::int64_t>(0, most + 1)});
  }
  /// What outlived its retention by the latest time there was, has gone.
  [[nodiscard]] std::int64_t first_kept() const { return (store::day_of(newest_ms) - raw_days) * store::day_ms; }

  /// Times collide, come late by up to three days, and cross hours and days; types change.
  void feed() {
    auto batch = batch_of({}, to_ms(world.clock.now()));
    const auto count = *rc::gen::inRange(1, 25);
    for (int i = 0; i < count; ++i) {
      const auto series = any_living();
      const auto ts = to_ms(world.clock.now()) / 1000 * 1000 - *rc::gen::inRange<std::int64_t>(0, 4) -
                      *rc::gen::inRange<std::int64_t>(0, 5) * store::hour_ms -
                      *rc::gen::inRange<std::int64_t>(0, 4) * store::day_ms;
      next_value += 0.25;
      switch (*rc::gen::weightedElement<int>({{8, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 4}})) {
        case 0:
          batch->readings.push_back(number(series, ts, next_value));
          model[series][ts] = {proto::ValueType::number, next_value, 0, ""};
          break;
        case 1:
          batch->readings.push_back(integer(series, ts, INT64_MAX - static_cast<std::int64_t>(next_value)));
          model[series][ts] = {proto::ValueType::integer, 0, INT64_MAX - static_cast<std::int64_t>(next_value), ""};
          break;
        case 2:
          batch->readings.push_back(boolean(series, ts, true));
          model[series][ts] = {proto::ValueType::boolean, 1, 0, ""};
          break;
        case 3:
          add_text(*batch, series, ts, std::to_string(next_value));
          model[series][ts] = {proto::ValueType::text, 0, 0, std::to_string(next_value)};
          break;
        default:
          batch->readings.push_back(number(series, ts, INFINITY));
          model[series][ts] = {proto::ValueType::number, INFINITY, 0, ""};
      }
    }
    append(batch);
  }

  [[nodiscard]] store::RollupRow recomputed(std::uint32_t series, std::int64_t from, std::int64_t to) const {
    store::RollupRow row{from, static_cast<proto::SeriesId>(series), 0, 0, 0, 0, 0, 0};
    const auto found = model.find(series);
    if (found == model.end()) return row;
    for (auto at = found->second.lower_bound(from); at != found->second.end() && at->first < to; ++at) {
      const auto& [type, real, integer, text] = at->second;
      if (type == proto::ValueType::text || !std::isfinite(real)) continue;
      const double x = type == proto::ValueType::integer ? static_cast<double>(integer) : real;
      row.min = row.n == 0 ? x : std::min(row.min, x);
      row.max = row.n == 0 ? x : std::max(row.max, x);
      row.sum += x;
      row.sumsq += x * x;
      row.last = x;
      ++row.n;
    }
    return row;
  }

  /// As if it had never been there.
  void remove_some() {
    const auto dead = remove();
    model.erase(dead);
    std::erase_if(past_hours, [&](const auto& past) { return std::get<0>(past.first) == dead; });
  }

  void forget_what_outlived() {
    for (auto& [series, readings] : model) {
      for (auto at = readings.begin(); at != readings.end() && at->first < first_kept();) {
        const auto hour = store::hour_of(at->first) * store::hour_ms;
        if (!past_hours.contains({series, hour}))
          past_hours[{series, hour}] = recomputed(series, hour, hour + store::hour_ms);
        ++at;
      }
      readings.erase(readings.begin(), readings.lower_bound(first_kept()));
    }
  }

  void settle() {
    RC_ASSERT(seal(world, *store, [&] { return settled(world.options.path, to_ms(world.clock.now()), raw_days); }));
    forget_what_outlived();
    check_rollups();
  }

  void check_readings() const {
    const auto reader = world.reader();
    for (std::uint32_t series = 1; series < next_number; ++series) {
      std::map<std::int64_t, Value> found;
      for (const auto& row : reader.rows(static_cast<proto::SeriesId>(series), everything))
        RC_ASSERT(found
                      .emplace(to_ms(row.ts),
                               Value{row.type,
                                     row.type == proto::ValueType::number || row.type == proto::ValueType::boolean
                                         ? row.number
                                         : 0,
                                     row.integer, row.text})
                      .second);
      const auto expected = model.find(series);
      RC_ASSERT(found == (expected == model.end() ? std::map<std::int64_t, Value>{} : expected->second));
    }
  }

  void check_rollups() const {
    std::map<std::tuple<std::uint32_t, std::int64_t>, store::RollupRow> hours;
    std::map<std::tuple<std::uint32_t, std::int64_t>, store::RollupRow> days;
    const auto folder = world.options.path / "rollup";
    for (const auto& name : store::list_rollup_files(folder)) {
      auto& rows = name.step == store::RollupStep::hour ? hours : days;
      store::RollupFile::open_read_only(folder / to_string(name))
          .each(INT64_MIN / 2, INT64_MAX / 2, [&](const store::RollupRow& row) {
            if (removed.contains(proto::to_number(row.series))) return;  // see check_removed_for_good
            RC_ASSERT(rows.emplace(std::tuple{proto::to_number(row.series), row.t}, row).second);
          });
    }
    const auto over = store::day_of(now_ms() - 2 * store::hour_ms) * store::day_ms;
    // Days that were over before the clock stepped back have rollups, which follow late readings once they are again.
    if (now_ms() < newest_ms)
      for (auto* rows : {&hours, &days}) std::erase_if(*rows, [&](const auto& row) { return row.second.t >= over; });
    std::map<std::tuple<std::uint32_t, std::int64_t>, store::RollupRow> expected;
    for (const auto& [key, row] : past_hours)
      if (row.n > 0) expected.emplace(key, row);
    for (const auto& [series, readings] : model)
      for (const auto& [ts, value] : readings) {
        const auto hour = store::hour_of(ts) * store::hour_ms;
        const auto row = recomputed(series, hour, hour + store::hour_ms);
        if (ts < over && row.n > 0) expected.emplace(std::tuple{series, hour}, row);
      }
    RC_ASSERT(hours == expected);
    for (const auto& [key, row] : days) {
      const auto [series, t] = key;
      if (t >= first_kept()) RC_ASSERT(row == recomputed(series, t, t + store::day_ms));
    }
  }
};

}  // namespace

TEST_CASE(
    "what is read equals a model in the log, sealed, closed, closed again and after retention; rollups equal a "
    "recompute and stay when the readings have gone; removed series are nowhere at once, and in no file after a day; "
    "all this though the clock steps back",
    "[store][lesson-18][lesson-22]") {
  CHECK(holds([] {
    Life life;
    const auto steps = *rc::gen::inRange(3, 14);
    for (int i = 0; i < steps; ++i) {
      switch (*rc::gen::weightedElement<int>({{10, 0}, {6, 1}, {4, 2}, {2, 3}, {1, 4}, {3, 5}, {2, 6}})) {
        case 0:
          life.feed();
          break;
        case 1:
          life.settle();
          break;
        case 2:
          life.settle();
          life.advance(*rc::gen::inRange<std::int64_t>(1, 40) * store::hour_ms);
          life.settle();
          break;
        case 3:
          life.store.reset();
          life.open();
          break;
        case 5:
          life.remove_some();
          break;
        case 6:
          life.step_back();
          break;
        default:  // away for so long that days outlive their retention before they were closed
          life.settle();
          life.store.reset();
          life.advance(*rc::gen::inRange<std::int64_t>(1, 6) * store::day_ms);
          life.open();
          life.settle();
      }
      life.check_readings();
    }
    life.advance(life.newest_ms - life.now_ms());
    life.settle();
    life.check_readings();
    // Closing is what makes files immutable: no day that is over and settled keeps more than its closed file and late
    // pieces.
    auto catalog = store::Catalog::open_read_only(life.world.options.path);
    for (const auto& group : store::group_days(catalog.day_files(INT64_MIN, INT64_MAX)))
      RC_ASSERT(group.files.size() <= 2);
    // Within a day from their removal series leave all files.
    life.advance(27 * store::hour_ms);
    life.settle();
    life.check_readings();
    life.check_removed_for_good();
  }));
}

#pragma once

#include <rapidcheck.h>

#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/day.hpp"
#include "tests/store/store_life.hpp"

namespace telltale::test {

/// A store in simulated time and what it should say. Readings of all types come late, collide and cross days.
struct ReaderLife : StoreLife {
  static constexpr std::uint32_t series_count = 4;
  static constexpr std::int64_t raw_days = 4;

  struct Value {
    proto::ValueType type;
    double number;  // as analytics sees it
    std::string text;
  };
  using Readings = std::map<std::int64_t, Value>;

  std::map<std::uint32_t, Readings> kept, gone;  // by series; gone: outlived, only rollups know them
  double next = 0;

  ReaderLife() : StoreLife(series_count, raw_days) {}

  void feed() {
    auto batch = batch_of({}, now_ms());
    const auto count = *rc::gen::inRange(1, 30);
    for (int i = 0; i < count; ++i) {
      const auto series = any_living();
      const auto ts = now_ms() / 1000 * 1000 - *rc::gen::inRange<std::int64_t>(0, 40) * 500 -
                      *rc::gen::inRange<std::int64_t>(0, 4) * store::hour_ms -
                      *rc::gen::weightedElement<std::int64_t>({{6, 0}, {1, 1}, {1, 2}, {1, 3}}) * store::day_ms;
      next += 0.25;
      auto& value = kept[series][ts];
      switch (*rc::gen::weightedElement<int>({{8, 0}, {4, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}})) {
        case 0:
          value = {proto::ValueType::number, std::fmod(next * 7, 23.0) - 5, ""};
          break;
        case 1:  // the mean is far larger than the spread
          value = {proto::ValueType::number, 1e9 + std::fmod(next, 3.0), ""};
          break;
        case 2:
          value = {proto::ValueType::integer, static_cast<double>((INT64_C(1) << 53) + i * 2), ""};
          break;
        case 3:
          value = {proto::ValueType::boolean, 1, ""};
          break;
        case 4:
          value = {proto::ValueType::text, 0, std::to_string(next)};
          break;
        default:
          value = {proto::ValueType::number, INFINITY, ""};
      }
      if (value.type == proto::ValueType::text) {
        add_text(*batch, series, ts, value.text);
      } else if (value.type == proto::ValueType::integer) {
        batch->readings.push_back(integer(series, ts, static_cast<std::int64_t>(value.number)));
      } else {
        batch->readings.push_back(number(series, ts, value.number));
        batch->readings.back().type = value.type;
      }
    }
    append(batch);
  }

  void remove_some() {
    const auto dead = remove();
    kept.erase(dead);
    gone.erase(dead);
  }

  /// Everything sealed, all days that are over closed, all that outlived its retention gone.
  void settle() {
    RC_ASSERT(seal(world, *store, [&] { return settled(world.options.path, now_ms(), raw_days); }));
    for (auto& [series, readings] : kept) {
      const auto end = readings.lower_bound(first_kept_day() * store::day_ms);
      gone[series].insert(readings.begin(), end);
      readings.erase(readings.begin(), end);
    }
  }
  [[nodiscard]] std::int64_t first_kept_day() const { return store::day_of(now_ms()) - raw_days; }

  /// One thing that happens to a store.
  void step() {
    switch (*rc::gen::weightedElement<int>({{10, 0}, {3, 1}, {3, 2}, {2, 3}, {2, 4}, {3, 5}})) {
      case 0:
        return feed();
      case 1:
        RC_ASSERT(store->rotate().has_value());
        return store->checkpointed(last);
      case 2:
        return settle();
      case 3:
        store.reset();
        return open();
      case 4:
        return remove_some();
      default:
        settle();
        world.clock.advance(Millis{*rc::gen::inRange<std::int64_t>(1, 40) * store::hour_ms});
        return settle();
    }
  }
};

}  // namespace telltale::test

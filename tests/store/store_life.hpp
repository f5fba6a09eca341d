#pragma once

#include <rapidcheck.h>

#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "store/rollup.hpp"
#include "store/verify.hpp"
#include "tests/store/settling.hpp"

namespace telltale::test {

/// A store in simulated time that a property test opens, feeds and leaves. There are `places` devices with one series
/// each; one that is removed comes back under its old name and new numbers.
struct StoreLife {
  World world;
  std::optional<store::Store> store;
  proto::LogPosition last;
  std::vector<std::uint32_t> living;  // by place: the number of its device and series
  std::set<std::uint32_t> removed;
  std::uint32_t next_number = 1;

  StoreLife(std::uint32_t places, std::int64_t raw_days) : living(places) {
    world.options.raw_retention_days = raw_days;
    open();
    auto names = batch_of({});
    for (std::uint32_t place = 0; place < places; ++place) name(place, *names);
    append(names);
  }
  void name(std::size_t place, proto::Batch& batch) {
    const auto key = static_cast<proto::DeviceKey>(next_number);
    batch.add(proto::NewDevice{key, "default", "site1", "d" + std::to_string(place)});
    batch.add(proto::NewSeries{static_cast<proto::SeriesId>(next_number), key, "m", "Cel"});
    living[place] = next_number++;
  }
  [[nodiscard]] std::uint32_t any_living() const { return *rc::gen::elementOf(living); }
  /// Removes the device of some place, after a last reading of it. Returns its dead number.
  std::uint32_t remove() {
    const auto place = *rc::gen::inRange<std::size_t>(0, living.size());
    const auto dead = living[place];
    auto batch = batch_of({number(dead, now_ms(), 7)}, now_ms());
    batch->add(proto::DevicesRemoved{"default",
                                     "site1",
                                     "d" + std::to_string(place),
                                     "ana",
                                     "",
                                     {static_cast<proto::DeviceKey>(dead)},
                                     {static_cast<proto::SeriesId>(dead)}});
    removed.insert(dead);
    name(place, *batch);
    append(batch);
    return dead;
  }
  /// Nothing of what was removed is in any file: a day has passed.
  void check_removed_for_good() {
    auto catalog = store::Catalog::open_read_only(world.options.path);
    RC_ASSERT(catalog.pending_removals(from_ms(INT64_MAX)).empty());
    for (const auto number : removed) {
      const auto id = static_cast<proto::SeriesId>(number);
      for (const auto& file : catalog.day_files(INT64_MIN, INT64_MAX)) {
        const auto path = world.options.path / "day" / file.name;
        RC_ASSERT_FALSE(
            (file.closed ? store::DayFile::open_closed(path) : store::DayFile::open_read_only(path)).mentions(id));
      }
      for (const auto& name : store::list_rollup_files(world.options.path / "rollup"))
        RC_ASSERT(store::RollupFile::open_read_only(world.options.path / "rollup" / to_string(name))
                      .rows(id, to_ms(everything.from), to_ms(everything.to))
                      .empty());
    }
    RC_ASSERT(store::verify(world.options.path, [](const store::Problem& p) {
                RC_LOG() << to_string(p) << '\n';
              }).problems == 0U);
  }
  void open() { store.emplace(world.options, world.clock, world.log, world.metrics); }
  void append(std::shared_ptr<proto::Batch> batch) {
    const auto position = store->append(std::move(batch));
    if (!position) throw std::runtime_error("append failed");
    last = *position;
  }
  [[nodiscard]] std::int64_t now_ms() const { return to_ms(world.clock.now()); }
};

}  // namespace telltale::test

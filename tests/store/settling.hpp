#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "store/catalog.hpp"
#include "store/day.hpp"
#include "store/day_close.hpp"
#include "tests/store/fixture.hpp"

namespace telltale::test {

/// Everything is sealed, all days that are over by the clock are closed, all that outlived its retention has gone.
[[nodiscard]] inline bool settled(const std::filesystem::path& folder, std::int64_t now_ms, std::int64_t raw_days) {
  int segments = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "log")) segments += entry.is_regular_file();
  if (segments > 1) return false;
  auto catalog = store::Catalog::open_read_only(folder);
  const auto over = store::day_of(now_ms - 2 * store::hour_ms);
  for (const auto& group : store::group_days(catalog.day_files(INT64_MIN, INT64_MAX)))
    if (group.day < store::day_of(now_ms) - raw_days || (group.day < over && group.closed() == nullptr)) return false;
  return true;
}

/// Ends the segment and waits until it is in day files and unlinked, and `done` holds. False when it took too long.
[[nodiscard]] inline bool seal(
    const World& world, store::Store& store, const std::function<bool()>& done = [] { return true; }) {
  if (!store.rotate()) return false;
  const auto position = store.append(batch_of({}, to_ms(world.clock.now())));
  if (!position) return false;
  return eventually([&] {
    store.checkpointed(*position);  // wakes the seal thread
    return world.files_in("log") == 1 && done();
  });
}

/// A store in simulated time that a property test opens, feeds and leaves, with series 1 to `series_count` named.
struct StoreLife {
  World world;
  std::optional<store::Store> store;
  proto::LogPosition last;

  StoreLife(std::uint32_t series_count, std::int64_t raw_days) {
    world.options.raw_retention_days = raw_days;
    open();
    auto names = batch_of({});
    add_names(*names, series_count);
    append(names);
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

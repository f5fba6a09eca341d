#pragma once

#include <algorithm>
#include <functional>

#include "store/catalog.hpp"
#include "store/day.hpp"
#include "store/day_close.hpp"
#include "store/day_file.hpp"
#include "tests/store/fixture.hpp"

namespace telltale::test {

/// What was removed an hour ago or earlier is in no file any more, but for days that are not closed yet.
[[nodiscard]] inline bool removed_is_out(const std::filesystem::path& folder, store::Catalog& catalog,
                                         std::int64_t now_ms) {
  const auto mentioned_in_open = [&](proto::SeriesId id) {
    for (const auto& group : store::group_days(catalog.day_files(INT64_MIN, INT64_MAX)))
      if (group.closed() == nullptr && store::DayFile::open_read_only(folder / "day" / group.open()->name).mentions(id))
        return true;
    return false;
  };
  for (const auto& removal : catalog.pending_removals(from_ms(now_ms - store::hour_ms)))
    if (std::ranges::none_of(removal.series, mentioned_in_open)) return false;
  return true;
}

/// Everything is sealed, all days that are over by the clock are closed, all that outlived its retention has gone,
/// and all that was removed as far as days are closed.
[[nodiscard]] inline bool settled(const std::filesystem::path& folder, std::int64_t now_ms, std::int64_t raw_days) {
  int segments = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "log")) segments += entry.is_regular_file();
  if (segments > 1) return false;
  auto catalog = store::Catalog::open_read_only(folder);
  const auto over = store::day_of(now_ms - 2 * store::hour_ms);
  for (const auto& group : store::group_days(catalog.day_files(INT64_MIN, INT64_MAX)))
    if (group.day < store::day_of(now_ms) - raw_days || (group.day < over && group.closed() == nullptr)) return false;
  return removed_is_out(folder, catalog, now_ms);
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

}  // namespace telltale::test

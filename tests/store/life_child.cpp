// A store that is to be killed: opens the folder and appends batches `from` ... `to`-1 while the clock moves on with
// them, so that segments are sealed, days closed, closed again and dropped. Says each batch's number once it is
// durable.

#include <unistd.h>

#include <string>

#include "store/catalog.hpp"
#include "store/day_close.hpp"
#include "tests/store/life_data.hpp"

using namespace telltale;
using namespace telltale::test;

namespace {

/// All sealed, closed and dropped that has to be at the clock's time.
bool settled(const std::filesystem::path& folder, std::int64_t now_ms) {
  int segments = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "log")) segments += entry.is_regular_file();
  if (segments > 1) return false;
  auto catalog = store::Catalog::open_read_only(folder);
  const auto over = store::day_of(now_ms - 2 * store::hour_ms);
  for (const auto& group : store::group_days(catalog.day_files(INT64_MIN, INT64_MAX)))
    if (group.day < store::day_of(now_ms) - life_raw_days || (group.day < over && group.closed() == nullptr))
      return false;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int from = std::stoi(argv[2]);
  const int to = std::stoi(argv[3]);
  RecordingLogger log;
  PlainMetrics metrics;
  SimulatedClock clock(from_ms(life_clock_ms(from)));
  const auto options = life_options(argv[1]);
  store::Store store(options, clock, log, metrics);
  for (int i = from; i < to; ++i) {
    if (i > from) clock.advance(Millis{life_batch_ms});
    const auto position = store.append(life_batch(i));
    if (!position) return 3;
    const auto line = std::to_string(i) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return 4;
    if (i % life_batches_per_segment != life_batches_per_segment - 1) continue;
    if (!store.rotate()) return 3;
    const auto next = store.append(batch_of({}, life_clock_ms(i)));
    if (!next) return 3;
    store.checkpointed(*next);
    // Every segment sees its days through: otherwise all of them would be closed at the end only.
    if (!eventually([&] {
          store.checkpointed(*next);
          return settled(options.path, to_ms(clock.now()));
        }))
      return 5;
  }
  return 0;
}

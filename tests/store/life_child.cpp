// A store that is to be killed: opens the folder and appends batches `from` ... `to`-1 while the clock moves on with
// them, so that segments are sealed, days closed, closed again and dropped. Says each batch's number once it is
// durable.

#include <unistd.h>

#include <string>

#include "tests/store/life_data.hpp"
#include "tests/store/settling.hpp"

using namespace telltale;
using namespace telltale::test;

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
          return settled(options.path, to_ms(clock.now()), life_raw_days);
        }))
      return 5;
  }
  return 0;
}

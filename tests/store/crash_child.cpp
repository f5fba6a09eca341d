// A service that is to be killed at a fail point: opens the folder, appends `count` batches from number `from`,
// rotating and checkpointing, and ends when everything finished is sealed and unlinked. Says the number of each batch
// once it is durable.

#include <unistd.h>

#include <cstdio>
#include <string>

#include "tests/store/crash_data.hpp"

using namespace telltale;
using namespace telltale::test;

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  RecordingLogger log;
  PlainMetrics metrics;
  SimulatedClock clock;
  auto options = crash_options(argv[1]);
  const int from = std::stoi(argv[2]);
  const int count = std::stoi(argv[3]);
  store::Store store(options, clock, log, metrics);
  for (int i = from; i < from + count; ++i) {
    const auto position = store.append(crash_batch(i));
    if (!position) return 3;
    const auto line = std::to_string(i) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return 4;
    if (i % batches_per_segment == batches_per_segment - 1) {
      if (!store.rotate()) return 3;
      store.checkpointed(*position);
    }
  }
  const auto segments = [&] {
    int n = 0;
    for (const auto& entry : std::filesystem::directory_iterator(options.path / "log")) n += entry.is_regular_file();
    return n;
  };
  return eventually([&] { return segments() <= 2; }) ? 0 : 5;
}

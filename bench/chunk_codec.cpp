// Size and speed of the chunk codec on telemetry: random walks (70 % two decimals, 10 % one, 10 % three, 10 %
// constant), every 10 s with 20 ms of jitter. Times are this process's processor time.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "bench/telemetry.hpp"
#include "store/chunk_codec.hpp"

namespace {

using telltale::proto::TsSource;
using telltale::store::ChunkPoints;

constexpr std::size_t readings = 1'440'000;

/// One chunk of so many points for each series.
std::vector<ChunkPoints> chunks_of(std::size_t points) {
  std::vector<ChunkPoints> chunks(readings / points);
  telltale::bench::TelemetryShape shape;
  shape.series = static_cast<std::uint32_t>(chunks.size());
  telltale::bench::Telemetry telemetry(shape);
  for (std::size_t i = 0; i < chunks.size() * points; ++i) {
    const auto sample = telemetry.next();
    auto& chunk = chunks[sample.series];
    chunk.ts.push_back(sample.ts_ms);
    chunk.source.push_back(TsSource::device);
    chunk.numbers.push_back(sample.value);
  }
  return chunks;
}

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void measure(std::size_t points, int rounds) {
  const auto chunks = chunks_of(points);
  std::vector<std::string> encoded(chunks.size());
  const auto total = static_cast<double>(chunks.size() * points);
  double encode = 1e9, decode = 1e9, bytes = 0, sum = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto start = processor_seconds();
    for (std::size_t i = 0; i < chunks.size(); ++i) telltale::store::encode_chunk(chunks[i], encoded[i]);
    const auto encoded_at = processor_seconds();
    ChunkPoints back;
    for (const auto& chunk : encoded) {
      if (!telltale::store::decode_chunk(chunk, back)) std::abort();
      sum += back.numbers.back();
    }
    encode = std::min(encode, encoded_at - start);
    decode = std::min(decode, processor_seconds() - encoded_at);
  }
  for (const auto& chunk : encoded) bytes += static_cast<double>(chunk.size());
  std::printf("%8zu %12.2f %14.1f %14.1f\n", points, bytes / total, total / encode / 1e6, total / decode / 1e6);
  if (sum == 0) std::puts("");  // the decoded values are used
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("chunk_codec: bytes a reading and readings a second of the chunk codec");
  int rounds = 5;
  app.add_option("--rounds", rounds, "measure this often, report the best")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::printf("%8s %12s %14s %14s\n", "points", "B/reading", "encode M/s", "decode M/s");
  for (const auto points : {40u, 360u, 4096u}) measure(points, rounds);
}

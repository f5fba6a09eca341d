#include "store/chunk_codec.hpp"

#include <algorithm>
#include <bit>

#include "store/crc32c.hpp"
#include "tests/fuzz/targets.hpp"

namespace telltale::fuzz {

namespace {

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
  return std::ranges::equal(a, b, {}, bits, bits);
}

bool ascending(const store::ChunkPoints& points) {
  for (std::size_t i = 1; i < points.ts.size(); ++i)
    if (points.ts[i] < points.ts[i - 1]) return false;
  return true;
}

void run(std::string_view bytes) {
  // With its checksum, behind which nothing would be reached.
  std::string chunk(bytes);
  const std::uint32_t sum = store::crc32c(bytes);
  for (int i = 0; i < 4; ++i) chunk += static_cast<char>(sum >> (8 * i));
  store::ChunkPoints points;
  if (!store::decode_chunk(chunk, points)) return;
  promise(points.size() <= store::most_points_per_chunk, "a chunk is within its bounds");
  if (points.size() == 0 || !ascending(points)) return;  // nothing writes those
  store::ChunkPoints again;
  promise(store::decode_chunk(store::encode_chunk(points), again), "what was decoded can be encoded");
  promise(again.ts == points.ts && again.integers == points.integers && same_bits(again.numbers, points.numbers),
          "encoding loses nothing");
}

}  // namespace

Target chunk() { return {"chunk", &run}; }

}  // namespace telltale::fuzz

#include <rapidcheck.h>

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "store/chunk_codec.hpp"
#include "store/crc32c.hpp"
#include "tests/store/chunk_csv.hpp"

using namespace telltale;
using namespace telltale::proto;
using namespace telltale::test;
using store::ChunkPoints;

namespace {

constexpr std::int64_t start_ms = 1'767'225'600'000;

enum class Shape { walk, spikes, any_bits, whole, mixed_decimals };
enum class Pace { regular, jitter, gaps, any };

std::int64_t next_time(Pace pace, std::int64_t i, std::int64_t before) {
  switch (pace) {
    case Pace::regular:
      return start_ms + i * 10'000;
    case Pace::jitter:
      return start_ms + i * 10'000 + *rc::gen::inRange(-20, 21);
    case Pace::gaps:
      return before + (*rc::gen::inRange(0, 50) == 0 ? 3'600'000 : *rc::gen::inRange(900, 1100));
    case Pace::any:
      return *rc::gen::arbitrary<std::int64_t>();
  }
  return 0;
}

double next_number(Shape shape, double before) {
  switch (shape) {
    case Shape::walk:
      return std::round(before * 100 + *rc::gen::inRange(-8, 9)) / 100;
    case Shape::spikes:
      return *rc::gen::inRange(0, 40) == 0 ? -127 : *rc::gen::inRange(2000, 2100) / 100.0;
    case Shape::any_bits:
      return std::bit_cast<double>(*rc::gen::arbitrary<std::uint64_t>());
    case Shape::whole:
      return *rc::gen::inRange(-3, 3) * 1e15;
    case Shape::mixed_decimals:
      return static_cast<double>(*rc::gen::arbitrary<std::int32_t>()) / std::pow(10.0, *rc::gen::inRange(0, 8));
  }
  return 0;
}

ChunkPoints random_points(ValueType type) {
  ChunkPoints points;
  points.type = type;
  const auto count = *rc::gen::inRange(1, 400);
  const auto shape =
      *rc::gen::element(Shape::walk, Shape::spikes, Shape::any_bits, Shape::whole, Shape::mixed_decimals);
  const auto pace = *rc::gen::element(Pace::regular, Pace::jitter, Pace::gaps, Pace::any);
  const bool one_source = *rc::gen::arbitrary<bool>();
  for (int i = 0; i < count; ++i) {
    points.ts.push_back(next_time(pace, i, i == 0 ? start_ms : points.ts.back()));
    points.source.push_back(static_cast<TsSource>(one_source ? count % 4 : *rc::gen::inRange(0, 4)));
    switch (type) {
      case ValueType::number:
        points.numbers.push_back(next_number(shape, i == 0 ? 20 : points.numbers.back()));
        break;
      case ValueType::boolean:
        points.numbers.push_back(*rc::gen::inRange(0, 2));
        break;
      case ValueType::integer:
        points.integers.push_back(shape == Shape::walk ? (1ll << 60) + *rc::gen::inRange(0, 99)
                                                       : *rc::gen::arbitrary<std::int64_t>());
        break;
      case ValueType::text:
        add_text(points, shape == Shape::walk ? std::string(*rc::gen::inRange<std::size_t>(0, 5), 'x')
                                              : *rc::gen::arbitrary<std::string>());
        break;
    }
  }
  return points;
}

/// A device that reports every 10 s, more or less, a temperature that wanders.
ChunkPoints sensor_like(std::size_t n) {
  std::mt19937 random(3);
  ChunkPoints points;
  std::int64_t value = 2150;
  for (std::size_t i = 0; i < n; ++i) {
    points.ts.push_back(start_ms + static_cast<std::int64_t>(i) * 10'000 + static_cast<std::int64_t>(random() % 41) -
                        20);
    points.source.push_back(TsSource::device);
    value += static_cast<std::int64_t>(random() % 17) - 8;
    points.numbers.push_back(static_cast<double>(value) / 100);
  }
  return points;
}

std::string with_sum(std::string bytes) {
  const auto sum = store::crc32c(bytes);
  bytes.append(sizeof sum, '\0');
  std::memcpy(bytes.data() + bytes.size() - sizeof sum, &sum, sizeof sum);
  return bytes;
}

bool sound(const ChunkPoints& points) {
  const auto n = points.size();
  if (n == 0 || n > store::most_points_per_chunk || points.source.size() != n) return false;
  for (const auto& text : points.texts)
    if (std::size_t{text.offset} + text.length > points.arena.size()) return false;
  switch (points.type) {
    case ValueType::number:
    case ValueType::boolean:
      return points.numbers.size() == n;
    case ValueType::integer:
      return points.integers.size() == n;
    case ValueType::text:
      return points.texts.size() == n;
  }
  return false;
}

}  // namespace

TEST_CASE("any chunk survives encoding to the last bit", "[store][property]") {
  const auto type = GENERATE(ValueType::number, ValueType::integer, ValueType::boolean, ValueType::text);
  CAPTURE(static_cast<int>(type));
  CHECK(rc::check([type] {
    const auto points = random_points(type);
    std::string bytes = "left over from an earlier chunk";
    store::encode_chunk(points, bytes);
    ChunkPoints back;
    RC_ASSERT(store::decode_chunk(bytes, back));
    RC_ASSERT(same(points, back));
    RC_ASSERT(store::encode_chunk(back) == bytes);
  }));
}

TEST_CASE("a chunk decoded over another one leaves nothing of it", "[store]") {
  ChunkPoints text;
  text.type = ValueType::text;
  text.ts = {1, 2};
  text.source.assign(2, TsSource::backlog);
  add_text(text, "on");
  add_text(text, "off");
  const auto numbers = sensor_like(500);
  ChunkPoints back;
  REQUIRE(store::decode_chunk(store::encode_chunk(numbers), back));
  REQUIRE(store::decode_chunk(store::encode_chunk(text), back));
  CHECK(same(back, text));
  REQUIRE(store::decode_chunk(store::encode_chunk(numbers), back));
  CHECK(same(back, numbers));
}

TEST_CASE("a flipped bit anywhere in a chunk is noticed", "[store]") {
  const auto good = store::encode_chunk(sensor_like(300));
  ChunkPoints back;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(store::decode_chunk(bytes, back));
  }
  for (std::size_t cut = 0; cut < good.size(); ++cut) CHECK_FALSE(store::decode_chunk(good.substr(0, cut), back));
}

TEST_CASE("no bytes crash the chunk decoder, even with a right checksum, and what it accepts is sound",
          "[store][property]") {
  std::vector<std::string> seeds;
  for (const auto type : {ValueType::number, ValueType::integer, ValueType::boolean, ValueType::text})
    rc::check([&] { seeds.push_back(store::encode_chunk(random_points(type))); });
  for (const auto& entry : std::filesystem::directory_iterator(TELLTALE_GOLDEN))
    if (entry.path().extension() == ".chunk") seeds.push_back(read_bytes(entry.path()));
  std::mt19937 random(17);
  ChunkPoints back;
  std::size_t accepted = 0;
  for (int round = 0; round < 40'000; ++round) {
    auto bytes = seeds[random() % seeds.size()];
    bytes.resize(bytes.size() - 4);
    if (round % 4 == 0) bytes.resize(random() % (bytes.size() + 1));
    if (round % 5 == 0) std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    if (round % 5 == 0 && !bytes.empty()) bytes[0] = static_cast<char>(1 + random() % 2);
    // The first bytes say how long and of what kind the rest is.
    for (int flips = 0; flips < 3 && !bytes.empty(); ++flips)
      bytes[random() % (flips == 0 ? std::min<std::size_t>(16, bytes.size()) : bytes.size())] =
          static_cast<char>(random());
    if (!store::decode_chunk(with_sum(bytes), back)) continue;
    ++accepted;
    if (!sound(back)) FAIL("round " << round);
    if (store::ChunkPoints again; !store::decode_chunk(store::encode_chunk(back), again) || !same(back, again))
      FAIL("round " << round);
  }
  CHECK(accepted > 100);
}

TEST_CASE("few bytes cannot ask for much memory", "[store]") {
  const auto more = store::most_points_per_chunk + 1;
  std::string bytes(1, '\x02');
  bytes += '\0';
  for (auto rest = more; rest > 0; rest >>= 7) bytes += static_cast<char>((rest & 0x7F) | (rest >> 7 > 0 ? 0x80 : 0));
  bytes.append(100'000, '\0');
  ChunkPoints back;
  CHECK_FALSE(store::decode_chunk(with_sum(bytes), back));
  CHECK(back.ts.capacity() < more);
}

TEST_CASE("as many readings as a chunk may have survive encoding", "[store]") {
  ChunkPoints points;
  points.type = ValueType::boolean;
  points.ts.resize(store::most_points_per_chunk, 7);
  points.source.resize(store::most_points_per_chunk, TsSource::receive);
  points.numbers.resize(store::most_points_per_chunk, 1);
  ChunkPoints back;
  REQUIRE(store::decode_chunk(store::encode_chunk(points), back));
  CHECK(same(points, back));
}

TEST_CASE("a reading of a sensor takes about one and a half bytes, in a small chunk two", "[store]") {
  const auto [points, most] = GENERATE(table<std::size_t, double>({{40, 2.0}, {360, 1.5}, {4096, 1.45}}));
  CAPTURE(points);
  CHECK(static_cast<double>(store::encode_chunk(sensor_like(points)).size()) < most * static_cast<double>(points));
}

TEST_CASE("gaps and spikes cost little more than themselves", "[store]") {
  auto points = sensor_like(1024);
  const auto smooth = store::encode_chunk(points).size();
  for (std::size_t i = 100; i < points.size(); ++i) points.ts[i] += 60'000;
  for (std::size_t i = 700; i < points.size(); ++i) points.ts[i] += 3'600'000;
  points.numbers[300] = -127;
  points.numbers[500] = 85;
  CHECK(store::encode_chunk(points).size() < smooth + 80);
}

TEST_CASE("one value that is no decimal makes a chunk larger, not wrong", "[store]") {
  const auto odd = GENERATE(-0.0, 1.0 / 3, std::numeric_limits<double>::infinity(), 5e-324, 1e300,
                            std::bit_cast<double>(0xFFF0000000000001ull), 9007199254740994.0);
  const double unit = GENERATE(1.0, 100.0);
  CAPTURE(odd, unit);
  auto points = sensor_like(300);
  for (auto& v : points.numbers) v = std::round(v * 100) / unit;
  points.numbers[200] = odd;
  ChunkPoints back;
  REQUIRE(store::decode_chunk(store::encode_chunk(points), back));
  CHECK(same(points, back));
}

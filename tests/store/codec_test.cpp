#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "store/batch_codec.hpp"
#include "store/chunk_codec.hpp"
#include "store/crc32c.hpp"
#include "tests/store/fixture.hpp"

using namespace telltale;
using namespace telltale::proto;
using namespace telltale::test;
using store::ChunkPoints;

namespace {

bool same(const Reading& a, const Batch& in_a, const Reading& b, const Batch& in_b) {
  if (a.ts != b.ts || a.series != b.series || a.type != b.type || a.source != b.source) return false;
  if (a.type == ValueType::text) return in_a.text_of(a) == in_b.text_of(b);
  return a.integer == b.integer;  // the same eight bytes
}

bool same(const Batch& a, const Batch& b) {
  if (a.position.sequence != b.position.sequence || a.id != b.id || a.log_time != b.log_time) return false;
  if (a.readings.size() != b.readings.size() || a.events != b.events || a.packets != b.packets) return false;
  for (std::size_t i = 0; i < a.readings.size(); ++i)
    if (!same(a.readings[i], a, b.readings[i], b)) return false;
  return true;
}

Batch one_of_everything() {
  Batch batch;
  batch.position.sequence = 7;
  batch.id = 0xFEEDFACECAFEBEEF;
  batch.log_time = from_ms(start_ms);
  batch.add(NewDevice{device_1, "default", "site1", "esp32-7"});
  batch.add(NewSeries{series_1, device_1, "temperature", "Cel"});
  batch.add(SeriesUnit{series_1, "K"});
  batch.add(DeviceTags{device_1, {{"floor", "2"}, {"room", "b"}}});
  batch.readings.push_back(number(1, start_ms, -0.0));
  batch.add(DeviceStatus{device_1, DeviceState::sleeping, true, "s1", 300, from_ms(start_ms)});
  batch.add(Heard{device_1});
  batch.add(RetainedValue{series_1, from_ms(start_ms), 21.5});
  batch.readings.push_back(number(1, INT64_MIN, std::nan("")));
  batch.readings.push_back(integer(4'294'967'295, INT64_MAX, INT64_MIN));
  batch.readings.push_back(boolean(2, 0, true));
  add_text(batch, 3, start_ms, std::string("a\0b", 3));
  batch.add(Link{LinkState::stopped});
  batch.add(SessionEpoch{3, true});
  batch.add(RedeliveryTable{{{3, 17, 99}, {3, 18, 100}}});
  batch.add(OperatorAction{OperatorVerb::silence, "default", "a-1", "eva", "known", from_ms(start_ms)});
  RuleSet rules;
  rules.rules.emplace_back().name = "too-hot";
  batch.add(RuleSetChange{rules});
  batch.add(ClockStep{from_ms(1), from_ms(2)});
  batch.add(DeadLetter{DeadLetterReason::bad_json, "a/b", std::string(1000, 'x'), 1000, "byte 0", device_1});
  batch.add(DeadLetter{DeadLetterReason::device_limit, "a/b", "{", 70'000, "", DeviceKey::none});
  batch.add(ServiceCondition{"disk-low", true, "1 MB left"});
  batch.add(SilenceOrder{
      SilenceVerb::end, "acme", "s", {"*", "a", "b", "c", "d", "info"}, from_ms(1), from_ms(2), "eva", "done"});
  batch.add(DevicesRemoved{"default", "site1", "-", "eva", "sold", {DeviceKey{1}, DeviceKey{9}}, {SeriesId{7}}});
  batch.add(
      ModelChange{{"acme", "site1", "pump-1", "flow", "odd", "zscore", 1, {{"mean", {21.5}}, {"hours", {1, 2}}}}});
  batch.packets = {{3, 65535, 1}, {2, 1, UINT64_MAX}};
  return batch;
}

Batch random_batch() {
  Batch batch;
  batch.position.sequence = *rc::gen::inRange<std::uint64_t>(1, 1ull << 40);
  batch.id = *rc::gen::arbitrary<std::uint64_t>();
  batch.log_time = from_ms(*rc::gen::arbitrary<std::int64_t>());
  const auto count = *rc::gen::inRange(0, 60);
  for (int i = 0; i < count; ++i) {
    const auto series = *rc::gen::arbitrary<std::uint32_t>();
    const auto ts = *rc::gen::oneOf(rc::gen::inRange(start_ms, start_ms + 100), rc::gen::arbitrary<std::int64_t>());
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        batch.readings.push_back(number(series, ts, *rc::gen::arbitrary<double>(), TsSource::backlog));
        break;
      case 1:
        batch.readings.push_back(integer(series, ts, *rc::gen::arbitrary<std::int64_t>()));
        break;
      case 2:
        batch.readings.push_back(boolean(series, ts, *rc::gen::arbitrary<bool>()));
        break;
      case 3:
        add_text(batch, series, ts, *rc::gen::arbitrary<std::string>());
        break;
      default:
        batch.add(Heard{static_cast<DeviceKey>(series)});
        break;
    }
  }
  return batch;
}

}  // namespace

TEST_CASE("the checksum is CRC-32C, by instruction and by table", "[store]") {
  // RFC 3720, B.4.
  const std::string zeros(32, '\0');
  std::string rising;
  for (char c = 0; c < 32; ++c) rising += c;
  const auto [bytes, sum] = GENERATE_COPY(table<std::string, std::uint32_t>(
      {{"", 0}, {"123456789", 0xE3069283}, {zeros, 0x8A9136AA}, {rising, 0x46DD794E}}));
  CAPTURE(bytes.size());
  CHECK(store::crc32c(bytes) == sum);
  CHECK(store::crc32c_portable(bytes) == sum);
  CHECK(store::crc32c(bytes + "more") == store::crc32c("more", store::crc32c(bytes)));
}

TEST_CASE("a batch with every kind of event survives encoding", "[store]") {
  const auto batch = one_of_everything();
  std::string bytes;
  store::encode_batch(batch, bytes);
  Batch back;
  REQUIRE(store::decode_batch(bytes, back));
  CHECK(same(batch, back));
  store::BatchHead head;
  REQUIRE(store::decode_head(bytes, head));
  CHECK(head.sequence == 7);
  CHECK(head.readings == 5);
  CHECK(head.t_min == from_ms(INT64_MIN));
  CHECK(head.t_max == from_ms(INT64_MAX));
  CHECK(head.removes);
}

TEST_CASE("only a batch that removes something says so in its first byte, and no other may", "[store]") {
  auto batch = one_of_everything();
  std::string bytes;
  store::encode_batch(batch, bytes);
  Batch back;
  CHECK(bytes[0] == 2);
  bytes[0] = 1;
  CHECK_FALSE(store::decode_batch(bytes, back));
  std::erase_if(batch.events, [](const auto& e) { return std::holds_alternative<DevicesRemoved>(e.event); });
  bytes.clear();
  store::encode_batch(batch, bytes);
  CHECK(bytes[0] == 1);
  CHECK(store::decode_batch(bytes, back));
  store::BatchHead head;
  REQUIRE(store::decode_head(bytes, head));
  CHECK_FALSE(head.removes);
}

TEST_CASE("any batch survives encoding", "[store][property]") {
  CHECK(rc::check([] {
    const auto batch = random_batch();
    std::string bytes;
    store::encode_batch(batch, bytes);
    Batch back;
    RC_ASSERT(store::decode_batch(bytes, back));
    RC_ASSERT(same(batch, back));
  }));
}

TEST_CASE("no bytes crash the batch decoder, and what it accepts is sound", "[store][property]") {
  std::string good;
  store::encode_batch(one_of_everything(), good);
  std::mt19937 random(17);
  Batch back;
  for (std::size_t cut = 0; cut < good.size(); ++cut) CHECK_FALSE(store::decode_batch(good.substr(0, cut), back));
  CHECK_FALSE(store::decode_batch(good + '\0', back));
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = good;
    for (int flips = 0; flips < 3; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (!store::decode_batch(bytes, back)) continue;
    for (const auto& r : back.readings)
      if (r.type == ValueType::text) CHECK(r.text.offset + r.text.length <= back.text.size());
    for (const auto& placed : back.events) CHECK(placed.before_reading <= back.readings.size());
  }
}

TEST_CASE("a header sums what is finite, and says nothing otherwise", "[store]") {
  ChunkPoints points;
  points.ts = {1, 2, 3};
  points.source.assign(3, TsSource::device);
  points.numbers = {1, 2, 6};
  const auto header = store::summarize(points);
  REQUIRE(header.values);
  CHECK(header.t_max == 3);
  CHECK(header.values->sum == 9);
  CHECK(header.values->sumsq == 41);
  CHECK(header.values->last == 6);
  points.numbers[1] = std::numeric_limits<double>::infinity();
  CHECK_FALSE(store::summarize(points).values);
}

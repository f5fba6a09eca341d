#include <algorithm>
#include <cmath>

#include "proto/decoder.hpp"
#include "tests/fuzz/targets.hpp"

namespace telltale::fuzz {

namespace {

constexpr Timestamp received = from_ms(1'763'700'000'000);

proto::Mapping mapping(std::string name, std::string topic) {
  proto::Mapping made;
  made.name = std::move(name);
  made.topic = std::move(topic);
  return made;
}

proto::DecoderOptions options() {
  proto::DecoderOptions made;
  made.max_metrics = 20;
  made.max_rows = 20;
  made.numeric_metrics = {"n_*"};
  auto any = mapping("any", "any/{device}/{rest...}");
  any.set = {{"site", "home"}};
  any.time = proto::Mapping::Time{"/Time", "Europe/Prague"};
  any.metrics_auto = true;
  made.mappings.push_back(any);
  auto plain = mapping("plain", "plain/{metric}/{device}");
  plain.set = {{"site", "home"}};
  plain.codec = proto::Mapping::Codec::plain;
  made.mappings.push_back(plain);
  return made;
}

void run(std::string_view bytes) {
  static proto::Decoder decoder{options()};
  static proto::Decoded decoded;
  const auto end = std::min(bytes.find('\n'), bytes.size());
  const auto topic = bytes.substr(0, end);
  std::string payload(bytes.substr(std::min(end + 1, bytes.size())));
  const auto size = payload.size();
  payload += '#';
  const auto done = decoder.decode(topic, payload.data(), size, received, decoded);
  promise(payload[size] == '#', "the byte behind a payload is put back");
  if (!done) {
    promise(!done.error().detail.empty(), "a refusal says why");
    return;
  }
  for (const auto& sample : decoded.samples) {
    promise(!sample.metric.empty(), "a sample has a metric");
    promise(sample.type != proto::ValueType::number || std::isfinite(sample.number), "a number is finite");
  }
}

}  // namespace

Target payload() { return {"payload", &run}; }

}  // namespace telltale::fuzz

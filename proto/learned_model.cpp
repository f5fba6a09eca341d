#include "proto/learned_model.hpp"

namespace telltale::proto {

void encode(const LearnedModel& m, ByteWriter& out) {
  for (const auto* s : {&m.tenant, &m.site, &m.device, &m.metric, &m.rule, &m.type}) out.str(*s);
  out.varint(m.version);
  out.varint(m.numbers.size());
  for (const auto& [name, values] : m.numbers) {
    out.str(name);
    out.varint(values.size());
    for (const double v : values) out.f64(v);
  }
}

bool decode(ByteReader& in, LearnedModel& m) {
  m = LearnedModel{};
  for (auto* s : {&m.tenant, &m.site, &m.device, &m.metric, &m.rule, &m.type}) *s = in.str();
  const auto version = in.varint();
  if (version > UINT32_MAX) return false;
  m.version = static_cast<std::uint32_t>(version);
  const auto names = in.varint();
  if (names > in.remaining()) return false;
  for (std::uint64_t i = 0; i < names && in.ok(); ++i) {
    auto& [name, values] = m.numbers.emplace_back();
    name = in.str();
    const auto n = in.varint();
    if (n > in.remaining() / sizeof(double)) return false;
    for (std::uint64_t k = 0; k < n; ++k) values.push_back(in.f64());
  }
  return in.ok();
}

}  // namespace telltale::proto

#include "proto/rule.hpp"

#include <type_traits>
#include <utility>

#include "proto/alert.hpp"

namespace telltale::proto {

namespace {

constexpr std::uint8_t rule_set_version = 4;  // 1 had no `except`, 2 neither `escalate` nor maintenance, 3 no zones

void put(ByteWriter& out, const std::optional<double>& v) {
  out.boolean(v.has_value());
  if (v) out.f64(*v);
}

std::optional<double> get_optional(ByteReader& in) {
  if (!in.boolean()) return std::nullopt;
  return in.f64();
}

bool get_severity(ByteReader& in, Severity& out) {
  const auto v = in.u8();
  if (v > 2) return false;
  out = static_cast<Severity>(v);
  return true;
}

void put_windows(ByteWriter& out, const std::vector<Millis>& windows) {
  out.varint(windows.size());
  for (const auto w : windows) out.zigzag(w.count());
}

bool get_windows(ByteReader& in, std::vector<Millis>& windows) {
  const auto n = in.varint();
  if (n > in.remaining()) return false;
  windows.clear();
  for (std::uint64_t i = 0; i < n; ++i) windows.emplace_back(in.zigzag());
  return in.ok();
}

// What a check is made of, once for writing and once for reading.
template <class C, class Io>
void fields(C& c, Io&& io) {
  using T = std::remove_const_t<C>;
  if constexpr (std::is_same_v<T, ThresholdCheck>) {
    io(c.above), io(c.below), io(c.clear);
  } else if constexpr (std::is_same_v<T, ZScoreCheck>) {
    io(c.limit), io(c.clear), io(c.span), io(c.floor), io(c.warmup);
  } else if constexpr (std::is_same_v<T, UnusualCheck>) {
    io(c.limit), io(c.clear);
  } else if constexpr (std::is_same_v<T, RateCheck>) {
    io(c.limit), io(c.clear), io(c.per), io(c.over), io(c.direction);
  } else if constexpr (std::is_same_v<T, FlatlineCheck>) {
    io(c.span), io(c.tolerance);
  } else if constexpr (std::is_same_v<T, MissingCheck>) {
    io(c.span);
  } else {
    static_assert(std::is_same_v<T, FrozenCheck>);
    io(c.limit), io(c.clear), io(c.learn), io(c.floor);
  }
}

struct Put {
  ByteWriter& out;
  void operator()(double v) { out.f64(v); }
  void operator()(std::uint32_t v) { out.u32(v); }
  void operator()(Millis v) { out.zigzag(v.count()); }
  void operator()(RateDirection v) { out.u8(static_cast<std::uint8_t>(v)); }
  void operator()(const std::optional<double>& v) { put(out, v); }
};

struct Get {
  ByteReader& in;
  bool good = true;
  void operator()(double& v) { v = in.f64(); }
  void operator()(std::uint32_t& v) { v = in.u32(); }
  void operator()(Millis& v) { v = Millis{in.zigzag()}; }
  void operator()(RateDirection& v) {
    const auto byte = in.u8();
    good = good && byte <= static_cast<std::uint8_t>(RateDirection::down);
    v = static_cast<RateDirection>(byte);
  }
  void operator()(std::optional<double>& v) { v = get_optional(in); }
};

void encode(const Check& check, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(check.index()));
  std::visit([&](const auto& c) { fields(c, Put{out}); }, check);
}

template <std::size_t... I>
bool emplace(Check& check, std::size_t index, std::index_sequence<I...>) {
  return ((index == I && (check.emplace<I>(), true)) || ...);
}

bool decode(ByteReader& in, Check& check) {
  if (!emplace(check, in.u8(), std::make_index_sequence<std::variant_size_v<Check>>{})) return false;
  Get get{in};
  std::visit([&](auto& c) { fields(c, get); }, check);
  return get.good && in.ok();
}

void encode(const Rule& r, ByteWriter& out) {
  for (const auto* s : {&r.name, &r.tenant, &r.site, &r.device, &r.metric, &r.message, &r.runbook}) out.str(*s);
  out.varint(r.tags.size());
  for (const auto& [k, v] : r.tags) {
    out.str(k);
    out.str(v);
  }
  out.varint(r.except.size());
  for (const auto& pattern : r.except) out.str(pattern);
  encode(r.check, out);
  out.u8(static_cast<std::uint8_t>(r.persistence.index()));
  if (const auto* d = std::get_if<Millis>(&r.persistence)) {
    out.zigzag(d->count());
  } else if (const auto* nm = std::get_if<NofM>(&r.persistence)) {
    out.u32(nm->n);
    out.u32(nm->m);
  }
  out.zigzag(r.cooldown.count());
  out.u8(static_cast<std::uint8_t>(r.severity));
  out.varint(r.escalate.size());
  for (const auto& e : r.escalate) {
    out.zigzag(e.after.count());
    out.u8(static_cast<std::uint8_t>(e.severity));
  }
}

bool decode_escalations(ByteReader& in, std::vector<Escalation>& out) {
  const auto n = in.varint();
  if (n > in.remaining()) return false;
  for (std::uint64_t i = 0; i < n; ++i) {
    Escalation e;
    e.after = Millis{in.zigzag()};
    if (!get_severity(in, e.severity)) return false;
    out.push_back(e);
  }
  return in.ok();
}

bool decode(ByteReader& in, Rule& r, std::uint8_t version) {
  for (auto* s : {&r.name, &r.tenant, &r.site, &r.device, &r.metric, &r.message, &r.runbook}) *s = in.str();
  const auto tags = in.varint();
  if (tags > in.remaining()) return false;
  for (std::uint64_t i = 0; i < tags; ++i) {
    std::string k(in.str());
    r.tags.emplace_back(std::move(k), in.str());
  }
  const auto exceptions = version >= 2 ? in.varint() : 0;
  if (exceptions > in.remaining()) return false;
  for (std::uint64_t i = 0; i < exceptions; ++i) r.except.emplace_back(in.str());
  if (!decode(in, r.check)) return false;
  switch (in.u8()) {
    case 0:
      r.persistence = std::monostate{};
      break;
    case 1:
      r.persistence = Millis{in.zigzag()};
      break;
    case 2: {
      NofM nm{};
      nm.n = in.u32();
      nm.m = in.u32();
      r.persistence = nm;
      break;
    }
    default:
      return false;
  }
  r.cooldown = Millis{in.zigzag()};
  return get_severity(in, r.severity) && (version < 3 || decode_escalations(in, r.escalate)) && in.ok();
}

}  // namespace

void encode(const RuleSet& rules, ByteWriter& out) {
  out.u8(rule_set_version);
  out.varint(rules.rules.size());
  for (const auto& r : rules.rules) encode(r, out);
  out.varint(rules.heartbeats.size());
  for (const auto& h : rules.heartbeats) {
    for (const auto* s : {&h.tenant, &h.site, &h.device}) out.str(*s);
    out.zigzag(h.heartbeat_s);
  }
  out.zigzag(rules.default_heartbeat_s);
  out.zigzag(rules.live_max_age.count());
  out.zigzag(rules.allowed_lateness.count());
  put_windows(out, rules.windows);
  put_windows(out, rules.rollup_windows);
  out.u8(static_cast<std::uint8_t>(rules.offline_severity));
  out.u8(static_cast<std::uint8_t>(rules.site_silent_severity));
  out.varint(rules.maintenance.size());
  for (const auto& window : rules.maintenance) encode(window, out);
  out.varint(rules.zones.size());
  for (const auto& zone : rules.zones) {
    out.str(zone.tenant);
    out.str(zone.site);
    encode(zone.zone, out);
  }
}

bool decode(ByteReader& in, RuleSet& rules) {
  rules = RuleSet{};
  const auto version = in.u8();
  if (version < 1 || version > rule_set_version) return false;
  const auto n = in.varint();
  if (n > in.remaining()) return false;
  for (std::uint64_t i = 0; i < n; ++i) {
    Rule r;
    if (!decode(in, r, version)) return false;
    rules.rules.push_back(std::move(r));
  }
  const auto beats = in.varint();
  if (beats > in.remaining()) return false;
  for (std::uint64_t i = 0; i < beats; ++i) {
    HeartbeatSetting h;
    for (auto* s : {&h.tenant, &h.site, &h.device}) *s = in.str();
    h.heartbeat_s = in.zigzag();
    rules.heartbeats.push_back(std::move(h));
  }
  rules.default_heartbeat_s = in.zigzag();
  rules.live_max_age = Millis{in.zigzag()};
  rules.allowed_lateness = Millis{in.zigzag()};
  if (!get_windows(in, rules.windows) || !get_windows(in, rules.rollup_windows) ||
      !get_severity(in, rules.offline_severity) || !get_severity(in, rules.site_silent_severity))
    return false;
  const auto windows = version >= 3 ? in.varint() : 0;
  if (windows > in.remaining()) return false;
  for (std::uint64_t i = 0; i < windows; ++i)
    if (!decode(in, rules.maintenance.emplace_back())) return false;
  const auto zones = version >= 4 ? in.varint() : 0;
  if (zones > in.remaining()) return false;
  for (std::uint64_t i = 0; i < zones; ++i) {
    auto& zone = rules.zones.emplace_back();
    zone.tenant = in.str();
    zone.site = in.str();
    if (!decode(in, zone.zone)) return false;
  }
  return in.ok();
}

bool matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string window_name(Millis window) {
  const auto s = window.count() / 1000;
  if (s % 86400 == 0) return std::to_string(s / 86400) + "d";
  if (s % 3600 == 0) return std::to_string(s / 3600) + "h";
  if (s % 60 == 0) return std::to_string(s / 60) + "m";
  return std::to_string(s) + "s";
}

}  // namespace telltale::proto

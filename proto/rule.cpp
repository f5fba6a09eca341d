#include "proto/rule.hpp"

#include "proto/alert.hpp"

namespace telltale::proto {

namespace {

constexpr std::uint8_t rule_set_version = 2;  // 1 had no `except`

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

void encode(const Rule& r, ByteWriter& out) {
  for (const auto* s : {&r.name, &r.tenant, &r.site, &r.device, &r.metric, &r.message, &r.runbook}) out.str(*s);
  out.varint(r.tags.size());
  for (const auto& [k, v] : r.tags) {
    out.str(k);
    out.str(v);
  }
  out.varint(r.except.size());
  for (const auto& pattern : r.except) out.str(pattern);
  out.u8(static_cast<std::uint8_t>(r.check.index()));
  if (const auto* t = std::get_if<ThresholdCheck>(&r.check)) {
    put(out, t->above);
    put(out, t->below);
    put(out, t->clear);
  } else if (const auto* z = std::get_if<ZScoreCheck>(&r.check)) {
    out.f64(z->limit);
    put(out, z->clear);
    out.u32(z->span);
    out.f64(z->floor);
    out.u32(z->warmup);
  } else if (const auto* u = std::get_if<UnusualCheck>(&r.check)) {
    out.f64(u->limit);
    out.f64(u->clear);
  }
  out.u8(static_cast<std::uint8_t>(r.persistence.index()));
  if (const auto* d = std::get_if<Millis>(&r.persistence)) {
    out.zigzag(d->count());
  } else if (const auto* nm = std::get_if<NofM>(&r.persistence)) {
    out.u32(nm->n);
    out.u32(nm->m);
  }
  out.zigzag(r.cooldown.count());
  out.u8(static_cast<std::uint8_t>(r.severity));
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
  switch (in.u8()) {
    case 0: {
      ThresholdCheck t;
      t.above = get_optional(in);
      t.below = get_optional(in);
      t.clear = get_optional(in);
      r.check = t;
      break;
    }
    case 1: {
      ZScoreCheck z;
      z.limit = in.f64();
      z.clear = get_optional(in);
      z.span = in.u32();
      z.floor = in.f64();
      z.warmup = in.u32();
      r.check = z;
      break;
    }
    case 2: {
      UnusualCheck u;
      u.limit = in.f64();
      u.clear = in.f64();
      r.check = u;
      break;
    }
    default:
      return false;
  }
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
  return get_severity(in, r.severity) && in.ok();
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
  return get_windows(in, rules.windows) && get_windows(in, rules.rollup_windows) &&
         get_severity(in, rules.offline_severity) && get_severity(in, rules.site_silent_severity) && in.ok();
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

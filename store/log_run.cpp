#include "store/log_run.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

namespace telltale::store {

using namespace proto;

namespace {

/// Places of the readings, by series and then by arrival: least significant digit first, digits that are the same
/// everywhere left out.
std::vector<std::uint32_t> by_series(const std::vector<Reading>& readings) {
  std::vector<std::uint32_t> order(readings.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto earlier = [](const Reading& a, const Reading& b) { return a.series < b.series; };
  if (std::is_sorted(readings.begin(), readings.end(), earlier)) return order;
  constexpr unsigned digit_bits = 8;
  std::vector<std::uint32_t> next(readings.size());
  for (unsigned shift = 0; shift < 32; shift += digit_bits) {
    const auto digit = [&](std::uint32_t i) { return (to_number(readings[i].series) >> shift) & 0xFFu; };
    std::array<std::uint32_t, 257> starts{};
    for (std::uint32_t i = 0; i < readings.size(); ++i) ++starts[digit(i) + 1];
    if (std::ranges::find(starts, readings.size()) != starts.end()) continue;
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    for (const auto i : order) next[starts[digit(i)]++] = i;
    order.swap(next);
  }
  return order;
}

std::uint64_t bits_of(const Reading& r) noexcept {
  std::uint64_t bits = 0;
  static_assert(sizeof r.number == sizeof bits && sizeof r.text == sizeof bits);
  std::memcpy(&bits, &r.number, sizeof bits);
  return bits;
}

std::uint64_t bits_of(TextRef text) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &text, sizeof bits);
  return bits;
}

std::uint8_t kind_of(const Reading& r) noexcept {
  return static_cast<std::uint8_t>(static_cast<unsigned>(r.type) | (static_cast<unsigned>(r.source) << 2));
}

ValueType type_of(std::uint8_t kind) noexcept { return static_cast<ValueType>(kind & 3); }

}  // namespace

LogRun::LogRun(const Batch& batch, std::int64_t t_min, std::int64_t t_max)
    : t_min_(t_min), t_max_(t_max), arena_(batch.text) {
  const auto n = batch.readings.size();
  offsets_.reserve(n);
  values_.reserve(n);
  kinds_.reserve(n);
  for (const auto i : by_series(batch.readings)) {
    const auto& r = batch.readings[i];
    const auto series = to_number(r.series);
    if (series_.empty() || series_.back() != series) {
      series_.push_back(series);
      starts_.push_back(static_cast<std::uint32_t>(offsets_.size()));
    }
    offsets_.push_back(static_cast<std::uint32_t>(to_ms(r.ts) - t_min_));
    values_.push_back(bits_of(r));
    kinds_.push_back(kind_of(r));
  }
  starts_.push_back(static_cast<std::uint32_t>(offsets_.size()));
}

LogRun::LogRun(const LogRun& earlier, const LogRun& later)
    : t_min_(std::min(earlier.t_min_, later.t_min_)), t_max_(std::max(earlier.t_max_, later.t_max_)) {
  const auto n = earlier.size() + later.size();
  offsets_.reserve(n);
  values_.reserve(n);
  kinds_.reserve(n);
  arena_.reserve(earlier.arena_.size() + later.arena_.size());
  std::size_t a = 0, b = 0;
  while (a < earlier.series_.size() || b < later.series_.size()) {
    const bool from_a =
        b == later.series_.size() || (a < earlier.series_.size() && earlier.series_[a] <= later.series_[b]);
    const bool from_b =
        a == earlier.series_.size() || (b < later.series_.size() && later.series_[b] <= earlier.series_[a]);
    series_.push_back(from_a ? earlier.series_[a] : later.series_[b]);
    starts_.push_back(static_cast<std::uint32_t>(offsets_.size()));
    if (from_a) take(earlier, a++);
    if (from_b) take(later, b++);
  }
  starts_.push_back(static_cast<std::uint32_t>(offsets_.size()));
}

void LogRun::take(const LogRun& from, std::size_t i) {
  const auto shift = static_cast<std::uint32_t>(from.t_min_ - t_min_);
  for (auto at = from.starts_[i]; at < from.starts_[i + 1]; ++at) {
    offsets_.push_back(from.offsets_[at] + shift);
    kinds_.push_back(from.kinds_[at]);
    auto bits = from.values_[at];
    if (type_of(from.kinds_[at]) == ValueType::text) {
      TextRef text{};
      std::memcpy(&text, &bits, sizeof text);
      const auto moved = static_cast<std::uint32_t>(arena_.size());
      arena_.append(from.arena_, text.offset, text.length);
      bits = bits_of(TextRef{moved, text.length});
    }
    values_.push_back(bits);
  }
}

void LogRun::read(SeriesId series, std::int64_t from, std::int64_t to, Points& out) const {
  const auto found = std::ranges::lower_bound(series_, to_number(series));
  if (found == series_.end() || *found != to_number(series)) return;
  const auto i = static_cast<std::size_t>(found - series_.begin());
  for (auto at = starts_[i]; at < starts_[i + 1]; ++at) {
    const auto ts = t_min_ + static_cast<std::int64_t>(offsets_[at]);
    if (ts < from || ts >= to) continue;
    Reading r{};
    r.ts = from_ms(ts);
    std::memcpy(&r.number, &values_[at], sizeof r.number);
    r.series = series;
    r.type = type_of(kinds_[at]);
    r.source = static_cast<TsSource>(kinds_[at] >> 2);
    out.add(r, r.type == ValueType::text ? std::string_view(arena_).substr(r.text.offset, r.text.length)
                                         : std::string_view{});
  }
}

std::size_t LogRun::bytes() const noexcept { return sizeof *this + series_.size() * 8 + size() * 13 + arena_.size(); }

}  // namespace telltale::store

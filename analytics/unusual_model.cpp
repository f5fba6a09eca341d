#include "analytics/unusual_model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace telltale::analytics {

namespace {

constexpr double level_weight = 2.0 / 4001;   // the level looks back some 4000 readings
constexpr double together_weight = 2.0 / 13;  // the mean distance some 12
constexpr double days = 12;                   // an hour of the day some 12 days
constexpr double days_to_trust = 2;           // seen so often, an hour counts as much as the level
constexpr double level_share = 0.1;           // least spread, in standard deviations of the level
constexpr double most = 20;                   // spreads; what lies further counts and teaches as much
constexpr double scale = 1.2;
constexpr double peak_decay = 0.9999;  // a reading
constexpr double peak_power = -0.3;
constexpr double block_power = 0.8;
constexpr std::int32_t block_minutes = 48 * 60;
constexpr std::uint16_t block_readings = 12;  // at least
constexpr std::uint16_t blocks_remembered = 20;
constexpr std::int64_t hour_ms = 3'600'000;
constexpr double hour_s = 3'600;
constexpr double day_s = 86'400;
constexpr double interval_weight = 0.01;
constexpr std::int64_t latest_ms = std::int64_t{1} << 52;
constexpr double largest = 1e18;  // its square is a float

void count(std::uint16_t& n) {
  if (n < std::numeric_limits<std::uint16_t>::max()) ++n;
}

void put(proto::ByteWriter& out, float v) { out.u32(std::bit_cast<std::uint32_t>(v)); }
bool get(proto::ByteReader& in, float& v) {
  v = std::bit_cast<float>(in.u32());
  return std::isfinite(v);
}

/// The plain mean until the n-th reading weighs less than `least`.
double weight_of(double n, double least) { return n * least < 1 ? 1 / n : least; }

}  // namespace

void UnusualModel::Moments::learn(double x, double weight) {
  const double d = x - mean;
  variance = static_cast<float>((1 - weight) * (variance + weight * d * d));
  mean = static_cast<float>(mean + weight * d);
}

/// The more a series peaks anyway, the less one more peak says.
void UnusualModel::Peaks::learn(double z, bool now) {
  highest = static_cast<float>(peak_decay * highest);
  if (z > highest) {
    highest = static_cast<float>(z);
  } else if (!now) {
    return;
  }
  factor = static_cast<float>(highest > 4 ? std::pow(highest / 4.0, peak_power) : 1);
}

bool UnusualModel::Expectation::can_reach(double u) const noexcept { return u <= most * per_spread; }

double UnusualModel::level_sd() const { return std::sqrt(static_cast<double>(level_.variance)); }

double UnusualModel::least_spread() const { return 1e-6 * std::abs(static_cast<double>(level_.mean)) + 1e-9; }

/// The hour of the day, mixed with the level as long as the hour is little known.
UnusualModel::Expectation UnusualModel::expectation(const Hour& hour) const {
  const double trust = hour.entered / (hour.entered + days_to_trust);
  const double apart = static_cast<double>(hour.value.mean) - level_.mean;
  const double variance = trust * hour.value.variance + (1 - trust) * (level_.variance + trust * apart * apart);
  return {.expected = level_.mean + trust * apart,
          .spread = std::sqrt(variance) + level_share * level_sd() + least_spread(),
          .per_spread = scale * peaks_.factor / divisor_};
}

std::optional<UnusualModel::Expectation> UnusualModel::at_hour(std::size_t local_hour) const {
  const Hour& hour = hours_.at(local_hour);
  if (readings_ < warmup || hour.readings == 0) return std::nullopt;
  return expectation(hour);
}

UnusualModel::Score UnusualModel::observe(Timestamp ts, double x, Millis local) {
  x = std::clamp(x, -largest, largest);
  const std::int64_t ms = to_ms(ts);
  if (readings_ == 0) {
    block_minute_ = minute_of(ms);
  } else if (const double gap = static_cast<double>(ms - last_ms_) * 1e-3; gap > 0 && gap < day_s) {
    interval_s_ += static_cast<float>(weight_of(readings_ + 1.0, interval_weight) * (gap - interval_s_));
  }
  last_ms_ = ms;
  if (in_block_ >= block_readings && minute_of(ms) - block_minute_ > block_minutes) close_block(ts);
  const bool warm = readings_ >= warmup;

  const std::int64_t hour_start_ms = hour_number_ * hour_ms;
  const std::int64_t local_ms = ms + local.count();
  const bool entered = readings_ == 0 || local_ms < hour_start_ms || local_ms >= hour_start_ms + hour_ms;
  if (entered)
    hour_number_ = static_cast<std::int32_t>((local_ms - ((local_ms % hour_ms) + hour_ms) % hour_ms) / hour_ms);
  Hour& hour = hours_[static_cast<std::size_t>((hour_number_ % 24 + 24) % 24)];
  Score score{expectation(hour)};
  const double residual = x - score.expected;
  const double signed_z = warm ? std::clamp(residual / score.spread, -most, most) : 0;
  const double z = std::abs(signed_z);

  // The mean distance of the last dozen, compared with what it usually is.
  distance_ += static_cast<float>(together_weight * (signed_z - distance_));
  const double usual_distance =
      std::sqrt(together_.variance + static_cast<double>(together_.mean) * together_.mean) + 0.05;
  const bool together_warm = readings_ >= 2 * warmup;
  const double together = together_warm ? std::min(std::abs(static_cast<double>(distance_)) / usual_distance, most) : 0;

  const double own = scale * z * peaks_.factor;
  const double joint = scale * together * together_peaks_.factor;
  const double raw = std::max(own, joint);
  score.sustained = joint > own;
  score.plain = scale * std::max(z, together);

  const bool now = readings_ % 64 == 0;  // decay shows slowly
  peaks_.learn(z, now);
  together_peaks_.learn(together, now);
  if (warm) together_.learn(distance_, weight_of(readings_ - warmup + 1.0, level_weight));
  if (entered) count(hour.entered);
  count(hour.readings);
  const double reach = most * score.spread;
  hour.value.learn(
      warm ? std::clamp(x, score.expected - reach, score.expected + reach) : x,
      weight_of(hour.readings, std::min(1.0, std::max(1e-3, static_cast<double>(interval_s_)) / hour_s) / days));
  if (readings_ < std::numeric_limits<std::uint32_t>::max()) ++readings_;
  const double level_reach = most * (level_sd() + least_spread());
  level_.learn(warm ? std::clamp(x, level_.mean - level_reach, level_.mean + level_reach) : x,
               weight_of(readings_, level_weight));

  if (warm) {
    count(in_block_);
    block_max_ = std::max(block_max_, static_cast<float>(raw));
  }
  score.u = raw / divisor_;
  score.reported = gate_.pass(ts, score.u);
  if (score.reported > 0) score.times = raw / (3 * std::exp(static_cast<double>(block_mean_)));
  return score;
}

void UnusualModel::encode(proto::ByteWriter& out) const {
  out.varint(readings_);
  if (readings_ == 0) return;
  std::uint32_t known = 0;
  for (std::size_t h = 0; h < hours_.size(); ++h)
    if (hours_[h].readings > 0) known |= 1U << h;
  out.u32(known);
  for (const Hour& hour : hours_) {
    if (hour.readings == 0) continue;
    put(out, hour.value.mean);
    put(out, hour.value.variance);
    out.u16(hour.readings);
    out.u16(hour.entered);
  }
  for (const float v :
       {level_.mean, level_.variance, together_.mean, together_.variance, distance_, interval_s_, peaks_.highest,
        peaks_.factor, together_peaks_.highest, together_peaks_.factor, block_max_, block_mean_, divisor_})
    put(out, v);
  for (const std::uint16_t n : {blocks_, in_block_}) out.u16(n);
  for (const std::int64_t t : {last_ms_, std::int64_t{hour_number_}, std::int64_t{block_minute_}}) out.zigzag(t);
  gate_.encode(out);
}

bool UnusualModel::decode(proto::ByteReader& in) {
  *this = UnusualModel{};
  readings_ =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(in.varint(), std::numeric_limits<std::uint32_t>::max()));
  if (readings_ == 0) return in.ok();
  const std::uint32_t known = in.u32();
  bool finite = known >> hours_.size() == 0;
  for (std::size_t h = 0; h < hours_.size(); ++h) {
    if ((known >> h & 1U) == 0) continue;
    Hour& hour = hours_[h];
    for (float* v : {&hour.value.mean, &hour.value.variance}) finite = get(in, *v) && finite;
    hour.readings = in.u16();
    hour.entered = in.u16();
    finite = finite && hour.readings > 0 && hour.value.variance >= 0;
  }
  for (float* v :
       {&level_.mean, &level_.variance, &together_.mean, &together_.variance, &distance_, &interval_s_, &peaks_.highest,
        &peaks_.factor, &together_peaks_.highest, &together_peaks_.factor, &block_max_, &block_mean_, &divisor_})
    finite = get(in, *v) && finite;
  for (std::uint16_t* n : {&blocks_, &in_block_}) *n = in.u16();
  last_ms_ = std::clamp(in.zigzag(), -latest_ms, latest_ms);
  for (std::int32_t* t : {&hour_number_, &block_minute_})
    *t = static_cast<std::int32_t>(std::clamp(in.zigzag(), -latest_minute, latest_minute));
  return gate_.decode(in) && finite && level_.variance >= 0 && together_.variance >= 0 && divisor_ > 0;
}

/// Maxima of blocks tell how high this series goes when nothing is wrong; a block may lift the mean by one at most.
void UnusualModel::close_block(Timestamp ts) {
  count(blocks_);
  const double height = std::min(std::log(std::max(static_cast<double>(block_max_), 0.3) / 3), block_mean_ + 1.0);
  const std::uint16_t share =
      std::min<std::uint16_t>(static_cast<std::uint16_t>(std::min(blocks_ + 1, 0xFFFF)), blocks_remembered);
  block_mean_ += static_cast<float>((height - block_mean_) / share);
  divisor_ = static_cast<float>(std::exp(block_power * block_mean_));
  block_max_ = 0;
  in_block_ = 0;
  block_minute_ = minute_of(to_ms(ts));
}

}  // namespace telltale::analytics

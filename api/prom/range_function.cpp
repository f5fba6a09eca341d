#include "api/prom/range_function.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace telltale::api::prom {

namespace {

constexpr std::array<std::pair<std::string_view, RangeFunction>, 10> functions = {{
    {"avg_over_time", RangeFunction::avg_over_time},
    {"min_over_time", RangeFunction::min_over_time},
    {"max_over_time", RangeFunction::max_over_time},
    {"sum_over_time", RangeFunction::sum_over_time},
    {"count_over_time", RangeFunction::count_over_time},
    {"last_over_time", RangeFunction::last_over_time},
    {"stddev_over_time", RangeFunction::stddev_over_time},
    {"rate", RangeFunction::rate},
    {"increase", RangeFunction::increase},
    {"delta", RangeFunction::delta},
}};

/// A sum with the part that its double cannot hold.
class CompensatedSum {
 public:
  void add(double value) {
    const double sum = sum_ + value;
    rest_ += std::abs(sum_) >= std::abs(value) ? (sum_ - sum) + value : (value - sum) + sum_;
    sum_ = sum;
  }
  [[nodiscard]] double total() const { return std::isinf(sum_) ? sum_ : sum_ + rest_; }
  [[nodiscard]] double rounded() const { return sum_; }

 private:
  double sum_ = 0, rest_ = 0;
};

double sum(std::span<const Sample> samples) {
  CompensatedSum total;
  for (const auto& sample : samples) total.add(sample.value);
  return total.total();
}

/// Step by step, so that no sum overflows.
double mean(std::span<const Sample> samples) {
  CompensatedSum mean;
  double count = 0;
  for (const auto& sample : samples) {
    ++count;
    mean.add(sample.value / count - mean.rounded() / count);
  }
  return mean.total();
}

double stddev(std::span<const Sample> samples) {
  CompensatedSum mean;
  CompensatedSum squares;
  double count = 0;
  for (const auto& sample : samples) {
    ++count;
    const double delta = sample.value - mean.total();
    mean.add(delta / count);
    squares.add(delta * (sample.value - mean.total()));
  }
  return std::sqrt(squares.total() / count);
}

double seconds(Millis time) { return static_cast<double>(time.count()) / 1000; }

enum class Kind : std::uint8_t { counter, gauge };

/// The difference over the whole window.
std::optional<double> extrapolated(std::span<const Sample> samples, Window window, Kind kind) {
  if (samples.size() < 2) return std::nullopt;
  const auto& first = samples.front();
  const auto& last = samples.back();
  double difference = last.value - first.value;
  if (kind == Kind::counter) {
    for (std::size_t i = 1; i < samples.size(); ++i)
      if (samples[i].value < samples[i - 1].value) difference += samples[i - 1].value;
  }
  const double sampled = seconds(last.ts - first.ts);
  const double distance = sampled / static_cast<double>(samples.size() - 1);
  double to_start = seconds(first.ts - window.from);
  const double to_end = seconds(window.to - last.ts);
  if (kind == Kind::counter && difference > 0 && first.value >= 0)
    to_start = std::min(to_start, sampled * (first.value / difference));
  const auto reach = [distance](double gap) { return gap < distance * 1.1 ? gap : distance / 2; };
  return difference * ((sampled + reach(to_start) + reach(to_end)) / sampled);
}

}  // namespace

std::optional<RangeFunction> range_function(std::string_view name) {
  for (const auto& [known, function] : functions)
    if (known == name) return function;
  return std::nullopt;
}

std::string_view range_function_names() {
  static const auto names = [] {
    std::string text;
    for (const auto& [name, function] : functions) text.append(text.empty() ? "" : " ").append(name);
    return text;
  }();
  return names;
}

std::optional<double> value_over(RangeFunction what, std::span<const Sample> samples, Window window) {
  switch (what) {
    case RangeFunction::avg_over_time:
      return mean(samples);
    case RangeFunction::min_over_time:
      return std::ranges::min(samples, {}, &Sample::value).value;
    case RangeFunction::max_over_time:
      return std::ranges::max(samples, {}, &Sample::value).value;
    case RangeFunction::sum_over_time:
      return sum(samples);
    case RangeFunction::count_over_time:
      return static_cast<double>(samples.size());
    case RangeFunction::last_over_time:
      return samples.back().value;
    case RangeFunction::stddev_over_time:
      return stddev(samples);
    case RangeFunction::increase:
      return extrapolated(samples, window, Kind::counter);
    case RangeFunction::delta:
      return extrapolated(samples, window, Kind::gauge);
    case RangeFunction::rate:
      break;
  }
  const auto increase = extrapolated(samples, window, Kind::counter);
  return increase ? std::optional(*increase / seconds(window.to - window.from)) : std::nullopt;
}

}  // namespace telltale::api::prom

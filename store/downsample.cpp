#include "store/downsample.hpp"

#include <algorithm>
#include <cmath>

namespace telltale::store {

namespace {

/// Largest triangle three buckets: S. Steinarsson, "Downsampling Time Series for Visual Representation", University of
/// Iceland 2013, section 4.2. First and last stay; the others are cut into buckets of equal count, and of each the
/// sample stays that makes the largest triangle with the one kept before and the mean of the next bucket.
std::vector<Sample> lttb(const std::vector<Sample>& samples, std::size_t points) {
  std::vector<Sample> out{samples.front()};
  out.reserve(points);
  if (points > 2) {
    const double every = static_cast<double>(samples.size() - 2) / static_cast<double>(points - 2);
    const auto edge = [&](std::size_t bucket) {
      return std::min(samples.size() - 1, static_cast<std::size_t>(static_cast<double>(bucket) * every) + 1);
    };
    const auto origin = to_ms(samples.front().ts);  // small numbers keep their digits
    const auto x = [&](const Sample& s) { return static_cast<double>(to_ms(s.ts) - origin); };
    auto kept = samples.front();
    for (std::size_t bucket = 0; bucket + 2 < points; ++bucket) {
      const auto begin = edge(bucket);
      const auto end = edge(bucket + 1);
      const auto next_end = bucket + 3 == points ? samples.size() : edge(bucket + 2);
      double mean_x = 0;
      double mean_y = 0;
      for (auto i = end; i < next_end; ++i) {
        mean_x += x(samples[i]);
        mean_y += samples[i].value;
      }
      mean_x /= static_cast<double>(next_end - end);
      mean_y /= static_cast<double>(next_end - end);
      auto best = begin;
      double largest = -1;
      for (auto i = begin; i < end; ++i) {
        const double area = std::abs((x(kept) - mean_x) * (samples[i].value - kept.value) -
                                     (x(kept) - x(samples[i])) * (mean_y - kept.value));
        if (area > largest) {
          largest = area;
          best = i;
        }
      }
      kept = samples[best];
      out.push_back(kept);
    }
  }
  out.push_back(samples.back());
  return out;
}

/// The least and the largest of each of points / 2 stretches of equal time.
std::vector<Sample> min_max(const std::vector<Sample>& samples, std::size_t points) {
  const auto pixels = static_cast<std::int64_t>(points / 2);
  const auto origin = to_ms(samples.front().ts);
  const auto width = static_cast<double>(to_ms(samples.back().ts) - origin + 1) / static_cast<double>(pixels);
  const auto pixel_of = [&](const Sample& s) {
    return static_cast<std::int64_t>(static_cast<double>(to_ms(s.ts) - origin) / width);
  };
  std::vector<Sample> out;
  out.reserve(points);
  for (std::size_t begin = 0; begin < samples.size();) {
    const auto pixel = pixel_of(samples[begin]);
    auto least = begin;
    auto largest = begin;
    auto end = begin;
    for (; end < samples.size() && pixel_of(samples[end]) == pixel; ++end) {
      if (samples[end].value < samples[least].value) least = end;
      if (samples[end].value > samples[largest].value) largest = end;
    }
    out.push_back(samples[std::min(least, largest)]);
    if (least != largest) out.push_back(samples[std::max(least, largest)]);
    begin = end;
  }
  return out;
}

}  // namespace

std::vector<Sample> downsample(const std::vector<Sample>& samples, std::size_t points, Downsampling how) {
  if (points < 2) return {};
  if (samples.size() <= points) return samples;
  return how == Downsampling::lttb ? lttb(samples, points) : min_max(samples, points);
}

}  // namespace telltale::store

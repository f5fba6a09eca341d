#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "store/downsample.hpp"

using namespace telltale;
using store::Downsampling;
using store::Sample;

namespace {

std::vector<Sample> line(std::initializer_list<double> values) {
  std::vector<Sample> out;
  for (const double v : values) out.push_back({from_ms(static_cast<std::int64_t>(out.size()) * 1000), v});
  return out;
}

std::vector<Sample> any_samples() {
  std::vector<Sample> out;
  std::int64_t ts = 1'763'700'000'000;
  const auto count = *rc::gen::inRange(0, 400);
  for (int i = 0; i < count; ++i) {
    ts += *rc::gen::weightedElement<std::int64_t>({{20, 1000}, {2, 1}, {1, 3'600'000}});
    out.push_back({from_ms(ts), static_cast<double>(*rc::gen::inRange(-1000, 1000)) / 8});
  }
  return out;
}

/// Steinarsson's loop as his thesis gives it, in the form of his reference program, to compare with.
std::vector<Sample> reference_lttb(const std::vector<Sample>& data, std::size_t threshold) {
  std::vector<Sample> sampled;
  const double every = static_cast<double>(data.size() - 2) / static_cast<double>(threshold - 2);
  const auto at = [&](double bucket) { return static_cast<std::size_t>(std::floor(bucket * every)) + 1; };
  const auto x = [&](std::size_t i) { return static_cast<double>(to_ms(data[i].ts) - to_ms(data[0].ts)); };
  std::size_t a = 0;
  sampled.push_back(data[a]);
  for (std::size_t i = 0; i + 2 < threshold; ++i) {
    double avg_x = 0;
    double avg_y = 0;
    const auto avg_start = at(static_cast<double>(i + 1));
    const auto avg_end = std::min(at(static_cast<double>(i + 2)), data.size());
    for (auto j = avg_start; j < avg_end; ++j) {
      avg_x += x(j);
      avg_y += data[j].value;
    }
    avg_x /= static_cast<double>(avg_end - avg_start);
    avg_y /= static_cast<double>(avg_end - avg_start);
    double max_area = -1;
    std::size_t next_a = 0;
    for (auto j = at(static_cast<double>(i)); j < avg_start; ++j) {
      const double area =
          std::abs((x(a) - avg_x) * (data[j].value - data[a].value) - (x(a) - x(j)) * (avg_y - data[a].value)) * 0.5;
      if (area > max_area) {
        max_area = area;
        next_a = j;
      }
    }
    sampled.push_back(data[next_a]);
    a = next_a;
  }
  sampled.push_back(data.back());
  return sampled;
}

}  // namespace

TEST_CASE("largest triangle three buckets keeps the spike and both ends", "[store]") {
  const auto samples = line({0, 0, 0, 9, 0, 0, 0, 0, 0, 1});
  const auto kept = store::downsample(samples, 4, Downsampling::lttb);
  CHECK(kept.size() == 4);
  CHECK(kept.front() == samples.front());
  CHECK(kept.back() == samples.back());
  CHECK(std::ranges::find(kept, samples[3]) != kept.end());
}

TEST_CASE("min-max keeps the least and the largest of each pixel, in order", "[store]") {
  const auto samples = line({1, 5, 2, 2, -3, 4, 4, 4, 4, 4});
  CHECK(store::downsample(samples, 4, Downsampling::min_max) ==
        std::vector{samples[1], samples[4], samples[5]});  // the second pixel is flat
}

TEST_CASE("few samples stay as they are; fewer than two points are no picture", "[store]") {
  const auto samples = line({1, 2, 3});
  for (const auto how : {Downsampling::lttb, Downsampling::min_max}) {
    CHECK(store::downsample(samples, 3, how) == samples);
    CHECK(store::downsample(samples, 100, how) == samples);
    CHECK(store::downsample(samples, 1, how).empty());
    CHECK(store::downsample({}, 10, how).empty());
    CHECK(store::downsample(samples, 2, how).size() == 2);
  }
}

TEST_CASE("downsampling gives ascending samples of the input, no more than asked, and keeps the extremes",
          "[store][property]") {
  CHECK(rc::check([] {
    const auto samples = any_samples();
    const auto points = *rc::gen::inRange<std::size_t>(2, 60);
    for (const auto how : {Downsampling::lttb, Downsampling::min_max}) {
      const auto kept = store::downsample(samples, points, how);
      RC_ASSERT(kept.size() <= points || kept.size() == samples.size());
      RC_ASSERT(std::ranges::is_sorted(kept, {}, &Sample::ts));
      RC_ASSERT(std::ranges::adjacent_find(kept, {}, &Sample::ts) == kept.end());
      for (const auto& sample : kept) {
        const auto found = std::ranges::lower_bound(samples, sample.ts, {}, &Sample::ts);
        RC_ASSERT(found != samples.end());
        RC_ASSERT(*found == sample);
      }
      if (samples.empty()) continue;
      if (how == Downsampling::min_max) {
        RC_ASSERT(std::ranges::min(kept, {}, &Sample::value).value ==
                  std::ranges::min(samples, {}, &Sample::value).value);
        RC_ASSERT(std::ranges::max(kept, {}, &Sample::value).value ==
                  std::ranges::max(samples, {}, &Sample::value).value);
      } else if (samples.size() > points && points > 2) {
        RC_ASSERT(kept.size() == points);
        RC_ASSERT(kept == reference_lttb(samples, points));
      }
    }
  }));
}

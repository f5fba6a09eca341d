#include "store/moments.hpp"

#include <algorithm>
#include <cmath>

namespace telltale::store {

void Moments::add(double x) noexcept {
  min_ = n_ == 0 ? x : std::min(min_, x);
  max_ = n_ == 0 ? x : std::max(max_, x);
  ++n_;
  const double delta = x - mean_;
  mean_ += delta / static_cast<double>(n_);
  m2_ += delta * (x - mean_);
  sum_ += x;
  last_ = x;
}

void Moments::add(const Moments& later) noexcept {
  if (later.n_ == 0) return;
  if (n_ == 0) {
    *this = later;
    return;
  }
  const auto a = static_cast<double>(n_);
  const auto b = static_cast<double>(later.n_);
  const double delta = later.mean_ - mean_;
  m2_ += later.m2_ + delta * delta * (a * b / (a + b));
  m2_error_ += later.m2_error_;
  mean_ += delta * (b / (a + b));
  n_ += later.n_;
  sum_ += later.sum_;
  min_ = std::min(min_, later.min_);
  max_ = std::max(max_, later.max_);
  last_ = later.last_;
}

Moments Moments::of(std::uint64_t n, double min, double max, double sum, double sumsq, double last) noexcept {
  // A few dozen units in the last place: what adding up some thousand squares costs.
  constexpr double rounding = 1e-14;
  Moments out;
  out.n_ = n;
  if (n == 0) return out;
  out.mean_ = sum / static_cast<double>(n);
  out.sum_ = sum;
  out.min_ = min;
  out.max_ = max;
  out.last_ = last;
  if (min == max) return out;
  out.m2_ = std::max(0.0, sumsq - sum * out.mean_);
  out.m2_error_ = sumsq * rounding;
  return out;
}

double Moments::stddev() const noexcept { return n_ == 0 ? 0 : std::sqrt(m2_ / static_cast<double>(n_)); }

bool Moments::stddev_is_sound() const noexcept {
  constexpr double tolerance = 1e-6;
  return m2_error_ == 0 || m2_error_ <= tolerance * m2_;  // false for what is no number
}

double Moments::value(Aggregate what) const noexcept {
  switch (what) {
    case Aggregate::avg:
      return sum_ / static_cast<double>(n_);
    case Aggregate::min:
      return min_;
    case Aggregate::max:
      return max_;
    case Aggregate::sum:
      return sum_;
    case Aggregate::count:
      return static_cast<double>(n_);
    case Aggregate::last:
      return last_;
    case Aggregate::stddev:
      return stddev();
  }
  return 0;
}

Summary Moments::summary() const noexcept {
  if (n_ == 0) return {};
  return {n_, value(Aggregate::avg), stddev(), min_, max_, sum_};
}

}  // namespace telltale::store

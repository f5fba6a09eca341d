#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace telltale::proto {

/// A number that only grows. Relaxed atomics: cheap enough for the hot path.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double v) noexcept { value_.store(v, std::memory_order_relaxed); }
  void add(double v) noexcept { value_.fetch_add(v, std::memory_order_relaxed); }
  [[nodiscard]] double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// Counts per upper bound (the bounds are given at creation, ascending) plus sum and count.
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) noexcept = 0;
};

using Labels = std::vector<std::pair<std::string, std::string>>;

/// How rooms get their counters without knowing the registry. The same name and labels give the same object;
/// objects live as long as the registry. Names and labels: contracts 9.
/// Threads: safe from any thread; look objects up once, not per message.
class Metrics {
 public:
  virtual ~Metrics() = default;
  virtual Counter& counter(std::string_view name, std::string_view help, Labels labels = {}) = 0;
  virtual Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {}) = 0;
  virtual Histogram& histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                               Labels labels = {}) = 0;
  /// What is updated while it is held is seen together: a scrape shows all of it or nothing. A scrape holds it for as
  /// long as reading all values takes (well below a millisecond), so take it once per batch, not per message.
  [[nodiscard]] virtual std::unique_lock<std::mutex> together() = 0;
};

}  // namespace telltale::proto

#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "proto/log.hpp"
#include "proto/metrics.hpp"

namespace telltale::test {

/// Keeps what was logged. Safe from any thread.
class RecordingLogger final : public proto::Logger {
 public:
  void write(proto::LogLevel level, std::string_view component, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back({level, std::string(component), std::string(message)});
  }
  struct Line {
    proto::LogLevel level;
    std::string component, message;
  };
  [[nodiscard]] std::vector<Line> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  [[nodiscard]] std::size_t count_containing(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    std::size_t n = 0;
    for (const auto& line : lines_) n += line.message.find(part) != std::string::npos ? 1U : 0U;
    return n;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Line> lines_;
};

/// Counters without a registry. Safe from any thread.
class PlainMetrics final : public proto::Metrics {
 public:
  proto::Counter& counter(std::string_view name, std::string_view, proto::Labels labels = {}) override {
    const std::lock_guard lock(mutex_);
    return counters_[key(name, labels)];
  }
  proto::Gauge& gauge(std::string_view name, std::string_view, proto::Labels labels = {}) override {
    const std::lock_guard lock(mutex_);
    return gauges_[key(name, labels)];
  }
  proto::Histogram& histogram(std::string_view name, std::string_view, std::span<const double>,
                              proto::Labels labels = {}) override {
    const std::lock_guard lock(mutex_);
    return histograms_[key(name, labels)];
  }
  [[nodiscard]] std::unique_lock<std::mutex> together() override { return std::unique_lock(moment_); }
  /// name{label="value"} as Prometheus writes it.
  [[nodiscard]] std::uint64_t value(const std::string& series) {
    const std::lock_guard lock(mutex_);
    return counters_[series].value();
  }

 private:
  struct Sum final : proto::Histogram {
    void observe(double) noexcept override {}
  };
  static std::string key(std::string_view name, const proto::Labels& labels) {
    std::string k(name);
    if (labels.empty()) return k;
    k += '{';
    for (const auto& [n, v] : labels) k += (k.back() == '{' ? "" : ",") + n + "=\"" + v + "\"";
    return k + '}';
  }
  std::mutex mutex_;
  std::mutex moment_;
  std::map<std::string, proto::Counter> counters_;
  std::map<std::string, proto::Gauge> gauges_;
  std::map<std::string, Sum> histograms_;
};

}  // namespace telltale::test

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "proto/metrics.hpp"

namespace telltale::api {

/// Every counter of the process, and how Prometheus reads them (text format 0.0.4, contracts 9).
/// Threads: safe from any thread; scrapes and updates do not wait for each other, but for those made together().
/// Errors:  an invalid name, one name used with two types, or one histogram (name and labels) with two sets of
///          bounds throws std::logic_error.
/// Cost:    looking a metric up takes a lock and a search: do it once. An update is one relaxed atomic operation.
class Registry final : public proto::Metrics {
 public:
  Registry();
  ~Registry() override;

  proto::Counter& counter(std::string_view name, std::string_view help, proto::Labels labels = {}) override;
  proto::Gauge& gauge(std::string_view name, std::string_view help, proto::Labels labels = {}) override;
  proto::Histogram& histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                              proto::Labels labels = {}) override;
  [[nodiscard]] std::unique_lock<std::mutex> together() override;

  /// Called at the beginning of every scrape, on the scraping thread: sets gauges whose value is known elsewhere.
  void before_scrape(std::function<void()> refresh);

  /// All families, sorted by name, and the process_* family.
  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::api

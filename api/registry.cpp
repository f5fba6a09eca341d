#include "api/registry.hpp"

#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "api/process_metrics.hpp"

namespace telltale::api {

namespace {

class BucketHistogram final : public proto::Histogram {
 public:
  explicit BucketHistogram(std::span<const double> bounds)
      : bounds_(bounds.begin(), bounds.end()), counts_(bounds.size() + 1) {}

  void observe(double value) noexcept override {
    if (std::isnan(value)) return;  // would make the sum useless for ever
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }

  [[nodiscard]] const std::vector<double>& bounds() const noexcept { return bounds_; }

  /// The count is that of the buckets, so that a scrape beside observe() is consistent in itself.
  [[nodiscard]] prometheus::ClientMetric::Histogram snapshot() const {
    prometheus::ClientMetric::Histogram out;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      out.sample_count += counts_[i].load(std::memory_order_relaxed);
      if (i < bounds_.size()) out.bucket.push_back({out.sample_count, bounds_[i]});
    }
    out.sample_sum = sum_.load(std::memory_order_relaxed);
    return out;
  }

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;
  std::atomic<double> sum_{0};
};

struct Family {
  std::string help;
  prometheus::MetricType type;
  // std::map keeps the address of what it holds.
  std::map<proto::Labels, proto::Counter> counters;
  std::map<proto::Labels, proto::Gauge> gauges;
  std::map<proto::Labels, BucketHistogram> histograms;
};

/// The serializer escapes label values, but writes help texts as they are.
std::string one_line(std::string_view help) {
  std::string out;
  for (const char c : help) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

prometheus::ClientMetric labelled(const proto::Labels& labels) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

prometheus::MetricFamily collect(const std::string& name, const Family& family) {
  prometheus::MetricFamily out{name, family.help, family.type, {}};
  for (const auto& [labels, counter] : family.counters) {
    out.metric.push_back(labelled(labels));
    out.metric.back().counter.value = static_cast<double>(counter.value());
  }
  for (const auto& [labels, gauge] : family.gauges) {
    out.metric.push_back(labelled(labels));
    out.metric.back().gauge.value = gauge.value();
  }
  for (const auto& [labels, histogram] : family.histograms) {
    out.metric.push_back(labelled(labels));
    out.metric.back().histogram = histogram.snapshot();
  }
  return out;
}

}  // namespace

struct Registry::Impl {
  std::mutex mutex;
  std::mutex moment;  // who holds it looks nothing up
  std::map<std::string, Family, std::less<>> families;
  std::vector<std::function<void()>> refreshers;

  Family& family(std::string_view name, std::string_view help, prometheus::MetricType type,
                 const proto::Labels& labels) {
    auto found = families.find(name);
    if (found == families.end()) {
      if (!prometheus::CheckMetricName(std::string(name))) {
        throw std::logic_error("not a metric name: " + std::string(name));
      }
      found = families.emplace(name, Family{one_line(help), type, {}, {}, {}}).first;
    }
    if (found->second.type != type) throw std::logic_error("one metric, two types: " + std::string(name));
    for (const auto& label : labels) {
      if (!prometheus::CheckLabelName(label.first)) throw std::logic_error("not a label name: " + label.first);
    }
    return found->second;
  }
};

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;

proto::Counter& Registry::counter(std::string_view name, std::string_view help, proto::Labels labels) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->family(name, help, prometheus::MetricType::Counter, labels).counters[std::move(labels)];
}

proto::Gauge& Registry::gauge(std::string_view name, std::string_view help, proto::Labels labels) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->family(name, help, prometheus::MetricType::Gauge, labels).gauges[std::move(labels)];
}

proto::Histogram& Registry::histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                                      proto::Labels labels) {
  if (!std::is_sorted(bounds.begin(), bounds.end(), std::less_equal<>())) {
    throw std::logic_error("histogram bounds must ascend: " + std::string(name));
  }
  const std::lock_guard lock(impl_->mutex);
  auto& histograms = impl_->family(name, help, prometheus::MetricType::Histogram, labels).histograms;
  auto& histogram = histograms.try_emplace(std::move(labels), bounds).first->second;
  if (!std::ranges::equal(histogram.bounds(), bounds)) {
    throw std::logic_error("one histogram, two sets of bounds: " + std::string(name));
  }
  return histogram;
}

std::unique_lock<std::mutex> Registry::together() { return std::unique_lock(impl_->moment); }

void Registry::before_scrape(std::function<void()> refresh) {
  const std::lock_guard lock(impl_->mutex);
  impl_->refreshers.push_back(std::move(refresh));
}

std::string Registry::text() const {
  std::vector<std::function<void()>> refreshers;
  {
    const std::lock_guard lock(impl_->mutex);
    refreshers = impl_->refreshers;
  }
  for (const auto& refresh : refreshers) refresh();  // without the lock: they use the registry

  std::vector<prometheus::MetricFamily> families;
  append_process_families(families);
  {
    const std::scoped_lock lock(impl_->mutex, impl_->moment);
    for (const auto& [name, family] : impl_->families) families.push_back(collect(name, family));
  }
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace telltale::api

#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "proto/metrics.hpp"

namespace telltale::store {

/// Immutable values by key; those that were not used for longest go first. Says how often it knew an answer:
/// telltale_query_cache_requests_total{cache,result} and telltale_query_cache_bytes{cache}.
/// Threads: any. Cost: O(1) under a lock. Bound: `most_bytes` of keys, values (as told) and their places; a value of
/// more than an eighth of that is not kept.
template <class Value>
class ByteCache {
 public:
  ByteCache(std::size_t most_bytes, proto::Metrics& metrics, const std::string& name)
      : most_bytes_(most_bytes),
        hits_(requests(metrics, name, "hit")),
        misses_(requests(metrics, name, "miss")),
        bytes_gauge_(
            metrics.gauge("telltale_query_cache_bytes", "Memory of what queries may use again.", {{"cache", name}})) {}

  /// Null when it is not there, or is of no `use(value)` any more.
  template <class Use>
  [[nodiscard]] std::shared_ptr<const Value> find(const std::string& key, Use&& use) {
    auto value = look(key);
    if (value && !use(*value)) value = nullptr;
    (value ? hits_ : misses_).add();
    return value;
  }
  [[nodiscard]] std::shared_ptr<const Value> find(const std::string& key) {
    return find(key, [](const Value&) { return true; });
  }

  /// Takes the place of what was there.
  void keep(const std::string& key, std::shared_ptr<const Value> value, std::size_t bytes) {
    bytes += key.size() + place_bytes;
    const std::lock_guard lock(mutex_);
    if (const auto old = by_key_.find(key); old != by_key_.end()) forget(old->second);
    if (bytes <= most_bytes_ / 8) {
      entries_.push_front({key, std::move(value), bytes});
      by_key_.emplace(entries_.front().key, entries_.begin());
      bytes_ += bytes;
      while (bytes_ > most_bytes_) forget(std::prev(entries_.end()));
    }
    bytes_gauge_.set(static_cast<double>(bytes_));
  }

 private:
  static constexpr std::size_t place_bytes = 200;  // list and table nodes, allocation, rounded up
  struct Entry {
    std::string key;
    std::shared_ptr<const Value> value;
    std::size_t bytes;
  };
  using Place = typename std::list<Entry>::iterator;

  static proto::Counter& requests(proto::Metrics& metrics, const std::string& name, const char* result) {
    return metrics.counter("telltale_query_cache_requests_total", "What queries asked of a cache.",
                           {{"cache", name}, {"result", result}});
  }
  std::shared_ptr<const Value> look(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }
  void forget(Place place) {
    bytes_ -= place->bytes;
    by_key_.erase(place->key);
    entries_.erase(place);
  }

  const std::size_t most_bytes_;
  proto::Counter& hits_;
  proto::Counter& misses_;
  proto::Gauge& bytes_gauge_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // the last used first
  std::unordered_map<std::string_view, Place> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace telltale::store

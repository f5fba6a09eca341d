#pragma once

#include "api/prom/evaluator.hpp"

namespace telltale::test {

/// Series in memory. Time is counted in seconds from 0.
class MemorySource : public api::prom::SampleSource {
 public:
  using Seconds = std::vector<std::pair<double, double>>;  // time, value
  MemorySource& add(std::vector<std::pair<std::string, std::string>> labels, const Seconds& samples);

  std::vector<api::prom::SourceSeries> series(std::span<const api::prom::Matcher> matchers) override;
  Result<std::vector<api::prom::Sample>, api::prom::QueryError> samples(std::size_t handle,
                                                                        api::prom::Window window) override;

 private:
  std::vector<api::prom::StoredSeries> all_;
};

[[nodiscard]] inline Timestamp at_second(double seconds) {
  return Timestamp{Millis{static_cast<std::int64_t>(seconds * 1000)}};
}

/// The result as text, a line for each series: "{a="b"} 0:1.5 2:7", by step; a range vector by second; or the error.
[[nodiscard]] std::string ask(MemorySource& source, std::string_view query, const api::prom::Steps& steps,
                              const api::prom::EvaluationLimits& limits = {});

}  // namespace telltale::test

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "api/prom/expression.hpp"
#include "api/prom/labels.hpp"

namespace telltale::api::prom {

/// A series that a source has; `handle` is the source's own name for it.
struct SourceSeries {
  Labels labels;
  std::size_t handle;
};

/// Where samples come from.
class SampleSource {
 public:
  virtual ~SampleSource() = default;
  /// All whose labels fulfil every matcher, ascending by labels.
  [[nodiscard]] virtual std::vector<SourceSeries> series(std::span<const Matcher> matchers) = 0;
  /// Ascending by time, both ends included. Errors: execution, when they are more than may be read.
  [[nodiscard]] virtual Result<std::vector<Sample>, QueryError> samples(std::size_t handle, Window window) = 0;
};

/// The moments at which a query is asked: start, start + step, …
struct Steps {
  Timestamp start;
  Millis step{1};
  std::size_t count = 1;
  [[nodiscard]] Timestamp at(std::size_t i) const { return start + step * static_cast<Millis::rep>(i); }
};

struct Point {
  std::uint32_t step;
  double value;
};

/// Values of one series at the steps where it has one, ascending.
struct Series {
  Labels labels;
  std::vector<Point> points;
};
using InstantVector = std::vector<Series>;

/// Samples of one series as they were stored.
struct StoredSeries {
  Labels labels;
  std::vector<Sample> samples;
};
using RangeVector = std::vector<StoredSeries>;

using Value = std::variant<double, InstantVector, RangeVector>;  // a double = the same at every step

struct EvaluationLimits {
  std::uint64_t points = 2'000'000;    // that one query makes, its intermediate results included
  std::uint64_t visits = 500'000'000;  // of samples by range functions: seconds of work
  Millis lookback{5 * 60 * 1000};      // how old the newest sample may be
};

/// Works out a query at each step as Prometheus 2.42 does: an instant selector is the newest sample that is not older
/// than the lookback; a range holds both its ends; labels as in
/// https://prometheus.io/docs/prometheus/2.42/querying/operators/. A range vector is that of the first step. topk at a
/// single step is in order of value, everything else in order of labels.
/// Errors: execution, when series cannot be told apart or a limit is reached; those of the source.
/// Cost:   each sample is read once; a range function looks at each of its window's samples at each step.
///         Memory: the samples of one series at a time, and the result.
[[nodiscard]] Result<Value, QueryError> evaluate(const Expression& expression, const Steps& steps, SampleSource& source,
                                                 const EvaluationLimits& limits = {});

}  // namespace telltale::api::prom

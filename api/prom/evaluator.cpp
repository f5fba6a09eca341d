#include "api/prom/evaluator.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "api/prom/aggregate.hpp"

namespace telltale::api::prom {

namespace {

using Vector = Result<InstantVector, QueryError>;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

std::string text_of(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels.all()) text += (text.empty() ? "{" : ", ") + name + "=\"" + value + '"';
  return text.empty() ? "{}" : text + '}';
}

auto same_labels(const Labels& labels) {
  return cannot_execute("vector cannot contain metrics with the same labelset: " + text_of(labels));
}

/// Refuses two series that cannot be told apart.
template <class AnySeries>
Result<void, QueryError> all_differ(const std::vector<AnySeries>& vector) {
  std::vector<const Labels*> seen;
  for (const auto& series : vector) seen.push_back(&series.labels);
  std::ranges::sort(seen, {}, [](const Labels* labels) -> const Labels& { return *labels; });
  const auto twice = std::ranges::adjacent_find(seen, [](const auto* a, const auto* b) { return *a == *b; });
  if (twice != seen.end()) return same_labels(**twice);
  return {};
}

Vector distinct(InstantVector vector) {
  if (const auto differ = all_differ(vector); !differ) return fail(differ.error());
  return vector;
}

/// Makes one of the series that have become the same, as long as no two of them have a value at the same step.
Vector merged(InstantVector vector) {
  InstantVector result;
  std::map<Labels, std::size_t> places;
  for (auto& series : vector) {
    const auto [place, is_new] = places.emplace(series.labels, result.size());
    if (is_new) {
      result.push_back(std::move(series));
      continue;
    }
    auto& points = result[place->second].points;
    const auto middle = static_cast<std::ptrdiff_t>(points.size());
    points.insert(points.end(), series.points.begin(), series.points.end());
    std::ranges::inplace_merge(points, points.begin() + middle, {}, &Point::step);
    const auto twice = std::ranges::adjacent_find(points, {}, &Point::step);
    if (twice != points.end()) return same_labels(series.labels);
  }
  return result;
}

class Evaluation {
 public:
  Evaluation(const Steps& steps, SampleSource& source, const EvaluationLimits& limits)
      : steps_(steps), source_(source), limits_(limits) {}

  Vector vector(const Expression& expression) {
    return std::visit(Overloaded{
                          [](const NumberLiteral&) -> Vector { return InstantVector{}; },  // the rules of types: never
                          [this](const Selector& node) { return select(node); },
                          [this](const RangeCall& node) { return call(node); },
                          [this](const Aggregation& node) -> Vector {
                            auto of = vector(*node.operand);
                            return of ? aggregate(node, *std::move(of), steps_) : std::move(of);
                          },
                          [this](const ScalarBinary& node) { return with_scalar(node); },
                          [this](const Negation& node) { return negated(node); },
                      },
                      expression.node);
  }

  Result<RangeVector, QueryError> stored(const Selector& selector) {
    const auto found = source_.series(selector.matchers);
    if (const auto differ = all_differ(found); !differ) return fail(differ.error());
    RangeVector result;
    const auto window = window_at(0, selector);
    for (const auto& series : found) {
      auto samples = source_.samples(series.handle, window);
      if (!samples) return fail(std::move(samples.error()));
      if (const auto fits = count(samples->size()); !fits) return fail(fits.error());
      if (!samples->empty()) result.push_back({series.labels, *std::move(samples)});
    }
    return result;
  }

 private:
  /// What a selector looks at from one step.
  [[nodiscard]] Window window_at(std::size_t step, const Selector& selector) const {
    const auto to = steps_.at(step) - selector.offset;
    return {to - selector.range.value_or(limits_.lookback), to};
  }

  Result<void, QueryError> count(std::size_t points) {
    made_ += points;
    if (made_ <= limits_.points) return {};
    return cannot_execute("the query makes more than " + std::to_string(limits_.points) +
                          " points: take a longer step, a shorter range or fewer series");
  }

  Result<void, QueryError> visit(std::size_t samples) {
    visited_ += samples;
    if (visited_ <= limits_.visits) return {};
    return cannot_execute("the query looks at samples more than " + std::to_string(limits_.visits) +
                          " times: take a longer step, or a shorter range in []");
  }

  /// One value at each step where `value` finds one in the samples of the selector's window.
  template <class ValueOf>
  Vector each_window(const Selector& selector, ValueOf value) {
    const auto found = source_.series(selector.matchers);
    if (const auto differ = all_differ(found); !differ) return fail(differ.error());
    const Window reach{window_at(0, selector).from, window_at(steps_.count - 1, selector).to};
    InstantVector result;
    for (const auto& series : found) {
      const auto samples = source_.samples(series.handle, reach);
      if (!samples) return fail(samples.error());
      Series made{series.labels, {}};
      std::size_t first = 0;
      std::size_t behind = 0;
      for (std::size_t step = 0; step < steps_.count && !samples->empty(); ++step) {
        const auto window = window_at(step, selector);
        while (behind < samples->size() && (*samples)[behind].ts <= window.to) ++behind;
        while (first < behind && (*samples)[first].ts < window.from) ++first;
        if (first == behind) continue;
        if (selector.range)
          if (const auto fits = visit(behind - first); !fits) return fail(fits.error());
        if (const auto v = value(std::span(*samples).subspan(first, behind - first), window))
          made.points.push_back({static_cast<std::uint32_t>(step), *v});
      }
      if (const auto fits = count(made.points.size()); !fits) return fail(fits.error());
      if (!made.points.empty()) result.push_back(std::move(made));
    }
    return result;
  }

  Vector select(const Selector& selector) {
    return each_window(selector,
                       [](std::span<const Sample> samples, Window) { return std::optional(samples.back().value); });
  }

  Vector call(const RangeCall& node) {
    auto result = each_window(node.over, [&node](std::span<const Sample> samples, Window window) {
      return value_over(node.function, samples, window);
    });
    // The newest value of a window is still a value of that metric.
    if (!result || node.function == RangeFunction::last_over_time) return result;
    drop_names(*result);
    return distinct(*std::move(result));
  }

  Vector with_scalar(const ScalarBinary& node) {
    auto of = vector(*node.vector);
    if (!of) return of;
    const bool left = node.side == ScalarBinary::ScalarSide::left;
    const bool filters = is_comparison(node.what) && node.comparing == Comparing::filters;
    for (auto& series : *of) {
      for (auto& point : series.points) {
        const double value =
            left ? apply(node.what, node.scalar, point.value) : apply(node.what, point.value, node.scalar);
        if (!filters) {
          point.value = value;
        } else if (value == 0) {
          point.step = dropped;
        }
      }
      std::erase_if(series.points, [](const Point& point) { return point.step == dropped; });
    }
    std::erase_if(*of, [](const Series& series) { return series.points.empty(); });
    if (filters) return of;
    drop_names(*of);
    return merged(*std::move(of));
  }

  Vector negated(const Negation& node) {
    auto of = vector(*node.vector);
    if (!of) return of;
    for (auto& series : *of)
      for (auto& point : series.points) point.value = -point.value;
    drop_names(*of);
    return distinct(*std::move(of));
  }

  static void drop_names(InstantVector& vector) {
    for (auto& series : vector) series.labels = series.labels.without_name();
  }

  static constexpr std::uint32_t dropped = std::numeric_limits<std::uint32_t>::max();

  const Steps& steps_;
  SampleSource& source_;
  const EvaluationLimits& limits_;
  std::uint64_t made_ = 0;
  std::uint64_t visited_ = 0;
};

}  // namespace

Result<Value, QueryError> evaluate(const Expression& expression, const Steps& steps, SampleSource& source,
                                   const EvaluationLimits& limits) {
  if (const auto* number = std::get_if<NumberLiteral>(&expression.node)) return number->value;
  Evaluation evaluation(steps, source, limits);
  if (expression.type == ExpressionType::range_vector) {
    auto stored = evaluation.stored(std::get<Selector>(expression.node));
    if (!stored) return fail(std::move(stored.error()));
    return *std::move(stored);
  }
  auto vector = evaluation.vector(expression);
  if (!vector) return fail(std::move(vector.error()));
  return *std::move(vector);
}

}  // namespace telltale::api::prom

#include "api/prom/aggregate.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "api/prom/number_literal.hpp"

namespace telltale::api::prom {

namespace {

struct Group {
  Labels labels;
  std::vector<std::size_t> members;
};

/// In order of first appearance.
std::vector<Group> groups_of(const Aggregation& how, const InstantVector& of) {
  std::vector<Group> groups;
  std::map<Labels, std::size_t> places;
  for (std::size_t i = 0; i < of.size(); ++i) {
    auto labels = how.grouping == Grouping::by ? of[i].labels.only(how.labels) : of[i].labels.without(how.labels);
    const auto [place, is_new] = places.emplace(labels, groups.size());
    if (is_new) groups.push_back({std::move(labels), {}});
    groups[place->second].members.push_back(i);
  }
  return groups;
}

/// One group at one step.
struct Accumulator {
  double value = 0;
  std::uint64_t count = 0;

  void add(Aggregator what, double next) {
    ++count;
    switch (what) {
      case Aggregator::sum:
        value += next;
        break;
      case Aggregator::avg:
        add_to_mean(next);
        break;
      case Aggregator::min:
        if (count == 1 || next < value || std::isnan(value)) value = next;
        break;
      case Aggregator::max:
        if (count == 1 || next > value || std::isnan(value)) value = next;
        break;
      case Aggregator::count:
      case Aggregator::topk:
        value = static_cast<double>(count);
        break;
    }
  }

 private:
  /// Both sides divided by the count, so that nothing overflows; an infinite mean stays unless infinities meet.
  void add_to_mean(double next) {
    const auto n = static_cast<double>(count);
    if (std::isinf(value)) {
      if (std::isinf(next) && (value > 0) == (next > 0)) return;
      if (std::isfinite(next)) return;
    }
    value += next / n - value / n;
  }
};

InstantVector reduced(Aggregator what, const std::vector<Group>& groups, const InstantVector& of, const Steps& steps) {
  InstantVector result;
  std::vector<Accumulator> at_step;
  for (const auto& group : groups) {
    at_step.assign(steps.count, {});
    for (const auto member : group.members)
      for (const auto& point : of[member].points) at_step[point.step].add(what, point.value);
    Series made{group.labels, {}};
    for (std::size_t step = 0; step < at_step.size(); ++step)
      if (at_step[step].count > 0) made.points.push_back({static_cast<std::uint32_t>(step), at_step[step].value});
    if (!made.points.empty()) result.push_back(std::move(made));
  }
  return result;
}

struct Candidate {
  double value;
  std::size_t series;
};

bool ahead(const Candidate& a, const Candidate& b) {
  if (std::isnan(a.value) || std::isnan(b.value)) return !std::isnan(a.value);
  return a.value > b.value;
}

InstantVector largest(std::size_t k, const std::vector<Group>& groups, const InstantVector& of, const Steps& steps) {
  InstantVector result;
  std::vector<std::vector<Candidate>> at_step;
  for (const auto& group : groups) {
    at_step.assign(steps.count, {});
    for (const auto member : group.members)
      for (const auto& point : of[member].points) at_step[point.step].push_back({point.value, member});
    std::map<std::size_t, std::size_t> places;  // of a member in the result
    for (std::size_t step = 0; step < at_step.size(); ++step) {
      auto& candidates = at_step[step];
      std::ranges::stable_sort(candidates, ahead);
      candidates.resize(std::min(candidates.size(), k));
      for (const auto& [value, series] : candidates) {
        const auto [place, is_new] = places.emplace(series, result.size());
        if (is_new) result.push_back({of[series].labels, {}});
        result[place->second].points.push_back({static_cast<std::uint32_t>(step), value});
      }
    }
  }
  return result;
}

}  // namespace

Result<InstantVector, QueryError> aggregate(const Aggregation& how, InstantVector of, const Steps& steps) {
  if (how.what != Aggregator::topk) return reduced(how.what, groups_of(how, of), of, steps);
  const double k = how.parameter.value_or(0);
  if (!(std::abs(k) < 0x1p63)) return cannot_execute("Scalar value " + sample_text(k) + " overflows int64");
  if (k < 1) return InstantVector{};
  return largest(static_cast<std::size_t>(k), groups_of(how, of), of, steps);
}

}  // namespace telltale::api::prom

#include "tests/api/prom/memory_source.hpp"

#include <algorithm>

#include "api/prom/number_literal.hpp"
#include "api/prom/parser.hpp"

namespace telltale::test {

using namespace api::prom;

MemorySource& MemorySource::add(std::vector<std::pair<std::string, std::string>> labels, const Seconds& samples) {
  StoredSeries made{Labels(std::move(labels)), {}};
  for (const auto& [second, value] : samples) made.samples.push_back({at_second(second), value});
  all_.push_back(std::move(made));
  return *this;
}

std::vector<SourceSeries> MemorySource::series(std::span<const Matcher> matchers) {
  std::vector<SourceSeries> found;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (std::ranges::all_of(matchers, [&](const Matcher& m) { return m.matches(all_[i].labels); }))
      found.push_back({all_[i].labels, i});
  }
  std::ranges::sort(found, {}, &SourceSeries::labels);
  return found;
}

Result<std::vector<Sample>, QueryError> MemorySource::samples(std::size_t handle, Window window) {
  auto samples = all_[handle].samples;
  std::erase_if(samples, [window](const Sample& s) { return s.ts < window.from || s.ts > window.to; });
  return samples;
}

namespace {

std::string line_of(const Labels& labels) {
  std::string text = "{";
  for (const auto& [name, value] : labels.all()) text += (text.size() > 1 ? "," : "") + name + "=" + value;
  return text + "}";
}

}  // namespace

std::string ask(MemorySource& source, std::string_view query, const Steps& steps, const EvaluationLimits& limits) {
  const auto parsed = parse(query);
  if (!parsed) return parsed.error().text;
  const auto value = evaluate(*parsed, steps, source, limits);
  if (!value) return value.error().text;
  if (const auto* number = std::get_if<double>(&*value)) return sample_text(*number);
  std::string text;
  if (const auto* vector = std::get_if<InstantVector>(&*value)) {
    for (const auto& series : *vector) {
      text += line_of(series.labels);
      for (const auto& [step, v] : series.points) text += " " + std::to_string(step) + ":" + sample_text(v);
      text += "\n";
    }
  } else {
    for (const auto& series : std::get<RangeVector>(*value)) {
      text += line_of(series.labels);
      for (const auto& [ts, v] : series.samples)
        text += " " + sample_text(static_cast<double>(to_ms(ts)) / 1000) + ":" + sample_text(v);
      text += "\n";
    }
  }
  return text;
}

}  // namespace telltale::test

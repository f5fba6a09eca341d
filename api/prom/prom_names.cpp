#include <charconv>
#include <limits>
#include <map>
#include <set>

#include "api/prom/answer_text.hpp"
#include "api/prom/parser.hpp"
#include "api/prom/prom_question.hpp"

namespace telltale::api::prom {

namespace {

/// Label sets that any match[] selects, or all there are without one. start and end are read, but series are named
/// whenever they have readings.
Result<std::set<Labels>, QueryError> selected(const PromQuestion& question) {
  for (const auto* name : {"start", "end"})
    if (const auto time = question.form.time(name); !time) return fail(time.error());
  std::set<Labels> found;
  const auto add = [&](std::span<const Matcher> matchers) {
    for (auto& one : question.source.series(matchers)) found.insert(std::move(one.labels));
  };
  const auto selectors = question.form.all("match[]");
  for (const auto text : selectors) {
    const auto selector = parse_series_selector(text);
    if (!selector) return bad_data("invalid parameter \"match[]\": " + selector.error().text);
    add(selector->matchers);
  }
  if (selectors.empty()) add({});
  return found;
}

template <class Texts>
std::string array_of(const Texts& texts) {
  std::string array = "[";
  for (const auto& text : texts) append_json_string(next_item(array), text);
  return array += ']';
}

}  // namespace

Data labels(const PromQuestion& question) {
  const auto found = selected(question);
  if (!found) return fail(found.error());
  std::set<std::string_view> names;
  for (const auto& one : *found)
    for (const auto& [name, value] : one.all()) names.insert(name);
  return array_of(names);
}

Data label_values(const PromQuestion& question) {
  const auto& name = question.request.parameter("name");
  if (!valid_label_name(name)) return bad_data("invalid label name: \"" + name + "\"");
  const auto found = selected(question);
  if (!found) return fail(found.error());
  std::set<std::string_view> values;
  for (const auto& one : *found)
    if (const auto value = one.get(name); !value.empty()) values.insert(value);
  return array_of(values);
}

Data series(const PromQuestion& question) {
  if (question.form.all("match[]").empty()) return bad_data("no match[] parameter provided");
  const auto found = selected(question);
  if (!found) return fail(found.error());
  std::string array = "[";
  for (const auto& one : *found) next_item(array) += labels_text(one);
  return array += ']';
}

Data metadata(const PromQuestion& question) {
  auto limit = std::numeric_limits<std::size_t>::max();
  if (const auto text = question.form.first("limit"); text && !text->empty()) {
    const auto* const last = text->data() + text->size();
    const auto [end, error] = std::from_chars(text->data(), last, limit);
    if (error != std::errc{} || end != last) return bad_data("limit must be a number");
  }
  const auto wanted = question.form.first("metric").value_or("");
  std::map<std::string, std::set<std::string>, std::less<>> units;  // by metric
  for (const auto& one : question.source.series({})) {
    const auto name = one.labels.get(name_label);
    if (wanted.empty() || name == wanted) units[std::string(name)].emplace(one.labels.get("unit"));
  }
  std::string data;
  {
    JsonObject out(data);
    for (const auto& [metric, of_metric] : units) {
      if (limit-- == 0) break;
      out.member(metric) += '[';
      for (const auto& unit : of_metric)
        JsonObject(next_item(data)).text("type", "unknown").text("help", "").text("unit", unit);
      data += ']';
    }
  }
  return data;
}

Data build_information(const PromQuestion& /*question*/) {
  // Grafana asks the version to learn which endpoints and parameters there are: those of Prometheus 2.42.
  std::string data;
  JsonObject(data)
      .text("version", "2.42.0")
      .text("revision", "")
      .text("branch", "")
      .text("buildUser", "")
      .text("buildDate", "")
      .text("goVersion", "");
  return data;
}

}  // namespace telltale::api::prom
